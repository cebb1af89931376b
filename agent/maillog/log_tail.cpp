// SPDX-License-Identifier: Apache-2.0
#include "agent/maillog/log_tail.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <span>
#include <utility>

namespace agent {
namespace {

constexpr std::size_t buffer_size = 64 * 1024;

/// Stamps may be of whole seconds.
constexpr std::chrono::seconds stamp_slack{1};

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

core::Result<void> LogTail::follow(FileDescriptor file, core::WallTime boot_began,
                                   core::WallTime now, Comes comes) {
    const auto status = status_of(file);
    if (!status) {
        return status.error();
    }
    if (!S_ISREG(status->st_mode)) {
        return core::Error{core::Errc::unsupported,
                           "the mail log that was handed over is not a regular file"};
    }
    for (const Followed& known : files_) {
        const auto known_status = status_of(known.file);
        if (known_status && same_file(*known_status, *status)) {
            return {};
        }
    }
    if (first_) {
        search_.emplace(static_cast<std::uint64_t>(status->st_size), boot_began, now, local_time_);
        first_ = false;
    }
    files_.push_back(Followed{std::move(file), comes});
    return {};
}

void LogTail::begin_counting(Count count, const std::optional<LogPosition>& counted,
                             core::WallTime boot_began, core::WallTime now) {
    count_ = std::move(count);
    const bool nothing_read = first_ || search_;
    if (counted && counted->source == DeliveryMetrics::Source::file && nothing_read) {
        place_ = counted;
    } else {
        barrier_.set(counted ? counted->stamp : boot_began - stamp_slack, now);
    }
}

/// A slice to return at once, while what comes before the reading is not done.
core::Result<std::optional<LogTail::Slice>> LogTail::prepare(core::WallTime now) {
    if (search_) {
        const auto step = search_->step(files_.front().file.get());
        if (!step) {
            return step.error();
        }
        if (!step->offset) {
            return std::optional(Slice{.bytes = 0, .at_end = false, .fetching = step->fetching});
        }
        offset_ = *step->offset;
        search_.reset();
    }
    if (place_ && !files_.empty()) {
        const Found found = find_place(*place_);
        if (found == Found::fetching) {
            return std::optional(Slice{.bytes = 0, .at_end = false, .fetching = true});
        }
        if (found == Found::no) {
            barrier_.set(place_->stamp, now);
        }
        place_.reset();
    }
    return std::optional<Slice>();
}

/// The newest file first: the copy of a log has the place, too, and so has the log if it was not
/// cut.
LogTail::Found LogTail::find_place(const LogPosition& place) {
    for (std::size_t i = files_.size(); i-- > 0;) {
        const Found found = is_in(place, files_[i]);
        if (found == Found::no) {
            continue;
        }
        if (found == Found::yes) {
            files_[i].count_from = place.offset;
            std::for_each(files_.begin(), files_.begin() + static_cast<std::ptrdiff_t>(i),
                          [](Followed& older) { older.count_from = UINT64_MAX; });
        }
        return found;
    }
    return Found::no;
}

LogTail::Found LogTail::is_in(const LogPosition& place, const Followed& followed) {
    const std::uint64_t begin =
        place.offset - std::min<std::uint64_t>(place.offset, fingerprint_bytes);
    std::array<char, fingerprint_bytes> bytes{};
    const auto wanted = static_cast<std::size_t>(place.offset - begin);
    std::size_t have = 0;
    while (have < wanted) {  // what lies on two pages may come in two pieces
        const auto got = place_reader_.read(
            followed.file.get(), std::span(bytes).first(wanted).subspan(have), begin + have);
        if (got && got->fetching) {
            return Found::fetching;
        }
        if (!got || got->bytes == 0) {
            return Found::no;
        }
        have += got->bytes;
    }
    return fingerprint_of({bytes.data(), wanted}) == place.fingerprint ? Found::yes : Found::no;
}

core::Result<LogTail::Slice> LogTail::read_slice(std::size_t max_bytes, core::WallTime boot_began,
                                                 core::WallTime now) {
    if (auto prepared = prepare(now); !prepared) {
        return prepared.error();
    } else if (*prepared) {
        return **prepared;
    }
    Slice slice;
    std::array<char, buffer_size> buffer;
    while (!files_.empty()) {
        if (auto checked = begin_again_if_truncated(); !checked) {
            return checked.error();
        }
        // Asked before the read that finds the end: what the old file got after the new one began
        // is not awaited.
        const auto rotated = next_file_has_begun();
        if (!rotated) {
            return rotated.error();
        }
        std::size_t wanted = std::min(buffer.size(), max_bytes - slice.bytes);
        if (wanted == 0) {
            slice.at_end = false;
            break;
        }
        const Followed& front = files_.front();
        if (offset_ < front.count_from) {
            wanted = static_cast<std::size_t>(
                std::min<std::uint64_t>(wanted, front.count_from - offset_));
        }
        const auto got = reader_.read(front.file.get(), std::span(buffer).first(wanted), offset_);
        if (!got) {
            return got.error();
        }
        if (got->fetching) {
            slice.at_end = false;
            slice.fetching = true;
            break;
        }
        if (got->bytes > 0) {
            take({buffer.data(), got->bytes}, boot_began, now);
            slice.bytes += got->bytes;
        } else if (*rotated) {
            next_file(boot_began, now);
        } else {
            break;
        }
    }
    if (slice.bytes > 0) {
        slice.stamp = last_stamp(now);
        stamp_ = slice.stamp ? slice.stamp : stamp_;
    }
    return slice;
}

void LogTail::take(std::string_view bytes, core::WallTime boot_began, core::WallTime now) {
    const bool counted = count_ && offset_ >= files_.front().count_from;
    lines_.feed(bytes, [&](std::string_view line) { on_line(line, counted, boot_began, now); });
    if (const auto newline = bytes.rfind('\n'); newline != std::string_view::npos) {
        line_end_ = offset_ + newline + 1;
    }
    offset_ += bytes.size();
}

void LogTail::on_line(std::string_view line, bool counted, core::WallTime boot_began,
                      core::WallTime now) {
    line_begin_size_ = std::min(line.size(), line_begin_.size());
    std::copy_n(line.begin(), line_begin_size_, line_begin_.begin());
    history_.feed(line, boot_began, now);
    const bool cut = std::exchange(all_lines_cut_, lines_.lines_cut()) != lines_.lines_cut();
    if (counted && barrier_.passes(line, now, local_time_)) {
        lines_cut_ += cut ? 1 : 0;
        count_(line);
    }
}

std::optional<core::WallTime> LogTail::last_stamp(core::WallTime now) const {
    std::string_view line(line_begin_.data(), line_begin_size_);
    return core::take_log_time(line, now, local_time_);
}

std::optional<LogPosition> LogTail::position() const {
    if (!count_ || barrier_.is_closed() || !stamp_ || line_end_ == 0 ||
        line_end_ < files_.front().count_from) {
        return std::nullopt;
    }
    LogPosition position{.offset = line_end_, .cursor = {}, .stamp = *stamp_};
    const std::uint64_t begin = line_end_ - std::min<std::uint64_t>(line_end_, fingerprint_bytes);
    std::array<char, fingerprint_bytes> bytes{};
    const auto wanted = static_cast<std::size_t>(line_end_ - begin);
    const auto got =
        DiskReader(0).read(files_.front().file.get(), std::span(bytes).first(wanted), begin);
    if (!got || got->bytes != wanted) {
        return std::nullopt;  // it was truncated or taken out of memory just now: the next batch
                              // tells
    }
    position.fingerprint = fingerprint_of({bytes.data(), wanted});
    return position;
}

core::Result<void> LogTail::begin_again_if_truncated() {
    const auto status = status_of(files_.front().file);
    if (!status) {
        return status.error();
    }
    if (static_cast<std::uint64_t>(status->st_size) < offset_) {
        offset_ = line_end_ = files_.front().count_from = 0;
        lines_.reset();
        ++truncations_;
    }
    return {};
}

core::Result<bool> LogTail::next_file_has_begun() const {
    if (files_.size() < 2) {
        return false;
    }
    // A file that waits behind another has been followed by it in turn: it has begun, even if it
    // stayed empty.
    if (files_.size() > 2) {
        return true;
    }
    const auto status = status_of(files_[1].file);
    if (!status) {
        return status.error();
    }
    return status->st_size > 0;
}

void LogTail::next_file(core::WallTime boot_began, core::WallTime now) {
    const bool counted = count_ && offset_ >= files_.front().count_from;
    lines_.finish([&](std::string_view line) { on_line(line, counted, boot_began, now); });
    files_.pop_front();
    // One that is closed stays as it is: nothing that was read is later.
    if (files_.front().comes == Comes::as_another_log && count_ && !barrier_.is_closed()) {
        const auto last = last_stamp(now);
        if (last || stamp_) {
            barrier_.set(last ? *last : *stamp_, now);
        }
    }
    offset_ = line_end_ = 0;
    reader_ = DiskReader(read_ahead);
}

}  // namespace agent
