// SPDX-License-Identifier: Apache-2.0
#include "agent/server/log_tail.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>
#include <utility>

namespace agent {
namespace {

constexpr std::size_t buffer_size = 64 * 1024;

core::Result<struct stat> status_of(const FileDescriptor& file) {
    struct stat status {};
    if (::fstat(file.get(), &status) != 0) {
        return core::system_error(errno, "fstat", "the mail log");
    }
    return status;
}

bool same_file(const struct stat& one, const struct stat& other) {
    return one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

}  // namespace

core::Result<void> LogTail::follow(FileDescriptor file, core::WallTime boot_began, core::WallTime now) {
    const auto status = status_of(file);
    if (!status) {
        return status.error();
    }
    if (!S_ISREG(status->st_mode)) {
        return core::Error{core::Errc::unsupported, "the mail log that was handed over is not a regular file"};
    }
    for (const FileDescriptor& known : files_) {
        const auto known_status = status_of(known);
        if (known_status && same_file(*known_status, *status)) {
            return {};
        }
    }
    if (first_) {
        search_.emplace(static_cast<std::uint64_t>(status->st_size), boot_began, now, local_time_);
        first_ = false;
    }
    files_.push_back(std::move(file));
    return {};
}

core::Result<LogTail::Slice> LogTail::read_slice(std::size_t max_bytes, core::WallTime boot_began, core::WallTime now) {
    if (search_) {
        const auto step = search_->step(files_.front().get());
        if (!step) {
            return step.error();
        }
        if (!step->offset) {
            return Slice{.bytes = 0, .at_end = false, .fetching = step->fetching};
        }
        offset_ = *step->offset;
        search_.reset();
    }
    Slice slice;
    std::array<char, buffer_size> buffer;
    while (!files_.empty()) {
        if (auto checked = begin_again_if_truncated(); !checked) {
            return checked.error();
        }
        // Asked before the read that finds the end: what the old file got after the new one began is not awaited.
        const auto rotated = next_file_has_begun();
        if (!rotated) {
            return rotated.error();
        }
        const std::size_t wanted = std::min(buffer.size(), max_bytes - slice.bytes);
        if (wanted == 0) {
            slice.at_end = false;
            return slice;
        }
        const auto got = reader_.read(files_.front().get(), std::span(buffer).first(wanted), offset_);
        if (!got) {
            return got.error();
        }
        if (got->fetching) {
            slice.at_end = false;
            slice.fetching = true;
            return slice;
        }
        if (got->bytes > 0) {
            lines_.feed({buffer.data(), got->bytes},
                        [&](std::string_view line) { history_.feed(line, boot_began, now); });
            offset_ += got->bytes;
            slice.bytes += got->bytes;
        } else if (*rotated) {
            next_file(boot_began, now);
        } else {
            return slice;
        }
    }
    return slice;
}

core::Result<void> LogTail::begin_again_if_truncated() {
    const auto status = status_of(files_.front());
    if (!status) {
        return status.error();
    }
    if (static_cast<std::uint64_t>(status->st_size) < offset_) {
        offset_ = 0;
        lines_.reset();
        ++truncations_;
    }
    return {};
}

core::Result<bool> LogTail::next_file_has_begun() const {
    if (files_.size() < 2) {
        return false;
    }
    // A file that waits behind another has been followed by it in turn: it has begun, even if it stayed empty.
    if (files_.size() > 2) {
        return true;
    }
    const auto status = status_of(files_[1]);
    if (!status) {
        return status.error();
    }
    return status->st_size > 0;
}

void LogTail::next_file(core::WallTime boot_began, core::WallTime now) {
    lines_.finish([&](std::string_view line) { history_.feed(line, boot_began, now); });
    files_.pop_front();
    offset_ = 0;
    reader_ = DiskReader(read_ahead);
}

}  // namespace agent
