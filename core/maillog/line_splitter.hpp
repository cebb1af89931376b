// SPDX-License-Identifier: Apache-2.0
// Splits bytes into lines. Holds at most one line of bounded length.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace core {

class LineSplitter {
   public:
    /// rsyslog's own default limit for a message; the lines that matter here are far shorter.
    static constexpr std::size_t max_line = 8 * 1024;

    /// The line is without its newline; the view ends with the call.
    using OnLine = std::function<void(std::string_view line)>;

    /// Delivers every line that `bytes` complete, and keeps the beginning of the next. A line
    /// longer than max_line is delivered once, cut to that, as soon as it is known to be longer.
    /// NUL bytes, of which a file that was truncated under its writer has a whole run before the
    /// next line, are left out.
    void feed(std::string_view bytes, const OnLine& on_line);

    /// The line gets no more bytes: delivers what there is of it, if anything.
    void finish(const OnLine& on_line);

    /// Forgets the unfinished line.
    void reset() noexcept;

    [[nodiscard]] std::uint64_t lines_cut() const noexcept { return lines_cut_; }

   private:
    void append(std::string_view piece, const OnLine& on_line);

    std::string line_;
    bool dropping_ = false;  ///< the rest of a line that was delivered cut
    std::uint64_t lines_cut_ = 0;
};

}  // namespace core
