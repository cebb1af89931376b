// SPDX-License-Identifier: Apache-2.0
#include "core/line_splitter.hpp"

#include <algorithm>

namespace core {

void LineSplitter::feed(std::string_view bytes, const OnLine& on_line) {
    while (!bytes.empty()) {
        const auto newline = bytes.find('\n');
        append(bytes.substr(0, newline), on_line);
        if (newline == std::string_view::npos) {
            return;
        }
        bytes.remove_prefix(newline + 1);
        finish(on_line);
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
