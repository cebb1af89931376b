// SPDX-License-Identifier: Apache-2.0
// How far the mail log has been counted, kept in a small file for a server that is started again:
// what was counted is not counted twice, and what was logged while no agent ran is counted then.
//
// The file lies on the tmpfs of this boot and is opened by the supervisor; the server writes one
// record of fixed size over the one before. A place in a log is known by the bytes that stand
// before it, not by the file's name or inode: so a log that was rotated meanwhile, by a new name or
// by a copy, is found again. Known limit: a new log that repeats the old one's lines byte for byte
// up to that place is taken for the old one.
#pragma once

#include "agent/base/file_descriptor.hpp"
#include "agent/metrics/delivery_metrics.hpp"
#include "core/base/result.hpp"
#include "core/base/time.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace agent {

struct LogPosition {
    DeliveryMetrics::Source source = DeliveryMetrics::Source::file;
    std::uint64_t offset = 0;  ///< file: behind the last line that was read
    std::uint64_t fingerprint =
        0;  ///< file: of the last fingerprint_bytes before offset, or as many as there are
    std::string cursor;      ///< journal: sd_journal_get_cursor(3) of the last entry that was read
    core::WallTime stamp{};  ///< of the last line that was read

    bool operator==(const LogPosition&) const = default;
};

inline constexpr std::size_t fingerprint_bytes = 256;
inline constexpr std::size_t max_cursor = 384;

/// FNV-1a, 64 bits.
[[nodiscard]] std::uint64_t fingerprint_of(std::string_view bytes);

class LogPositionFile {
   public:
    /// One that is not open keeps nothing.
    explicit LogPositionFile(FileDescriptor file = {}) : file_(std::move(file)) {}

    /// What was written last; absent in a new file. Errors: malformed (damaged, or of another
    /// version), io_error.
    [[nodiscard]] core::Result<std::optional<LogPosition>> read() const;

    /// Error: what the write failed with. A cursor longer than max_cursor is refused.
    [[nodiscard]] core::Result<void> write(const LogPosition& position) const;

   private:
    FileDescriptor file_;
};

}  // namespace agent
