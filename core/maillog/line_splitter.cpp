// SPDX-License-Identifier: Apache-2.0
#include "core/maillog/line_splitter.hpp"

#include <algorithm>

namespace core {

void LineSplitter::feed(std::string_view bytes, const OnLine& on_line) {
    const bool has_nul = bytes.find('\0') != std::string_view::npos;
    while (!bytes.empty()) {
        const auto newline = bytes.find('\n');
        const std::string_view piece = bytes.substr(0, newline);
        const bool whole = newline != std::string_view::npos && line_.empty() && !dropping_;
        if (whole && !has_nul && piece.size() <= max_line) {
            // Nearly every line: it is delivered where it lies.
            if (!piece.empty()) {
                on_line(piece);
            }
        } else {
            append(piece, on_line);
            if (newline == std::string_view::npos) {
                return;
            }
            finish(on_line);
        }
        bytes.remove_prefix(newline + 1);
    }
}

void LineSplitter::append(std::string_view piece, const OnLine& on_line) {
    while (!piece.empty() && !dropping_) {
        const std::string_view text = piece.substr(0, piece.find('\0'));
        const std::size_t room = max_line - line_.size();
        line_.append(text.substr(0, room));
        if (text.size() > room) {
            ++lines_cut_;
            on_line(line_);
            line_.clear();
            dropping_ = true;
            return;
        }
        piece.remove_prefix(text.size());
        piece.remove_prefix(std::min(piece.find_first_not_of('\0'), piece.size()));
    }
}

void LineSplitter::finish(const OnLine& on_line) {
    if (!line_.empty() && !dropping_) {
        on_line(line_);
    }
    reset();
}

void LineSplitter::reset() noexcept {
    line_.clear();
    dropping_ = false;
}

}  // namespace core
