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
        return core::Error{core::Errc::unsupported, "the mail log is not a regular file"};
    }
    for (const Followed& known : files_) {
        const auto known_status = status_of(known.file);
        if (known_status && same_file(*known_status, *status)) {
            return {};
        }
    }
    if (std::holds_alternative<WithoutFile>(state_)) {
        state_.emplace<SearchingBoot>(static_cast<std::uint64_t>(status->st_size), boot_began, now,
                                      lines_.local_time());
    }
    files_.push_back(Followed{std::move(file), comes});
    return {};
}

void LogTail::begin_counting(Count count, const std::optional<LogPosition>& counted,
                             core::WallTime boot_began, core::WallTime now) {
    lines_.begin_counting(std::move(count));
    const bool can_search = !std::holds_alternative<Reading>(state_);
    if (can_search && counted && counted->source == DeliveryMetrics::Source::file) {
        wanted_ = counted;
        return;
    }
    lines_.count_after(counted ? counted->stamp : boot_began - stamp_slack, now);
}

core::Result<LogTail::Step> LogTail::prepare(core::WallTime now) {
    if (auto* search = std::get_if<SearchingBoot>(&state_)) {
        auto step = search_boot(*search);
        if (!step || *step) {
            return step;
        }
    }
    auto* search = std::get_if<SearchingPosition>(&state_);
    return search != nullptr ? search_position(*search, now) : Step();
}

core::Result<LogTail::Step> LogTail::search_boot(SearchingBoot& search) {
    const auto step = search.step(files_.front().file.get());
    if (!step) {
        return step.error();
    }
    if (!step->offset) {
        return Step(Slice{.at_end = false, .fetching = step->fetching, .stamp = {}});
    }
    files_.front().offset = *step->offset;
    state_ = SearchingPosition();
    return Step();
}

/// The newest file first: the copy of a log has the position, too, and so has the log if it was not
/// truncated.
LogTail::Step LogTail::search_position(SearchingPosition& search, core::WallTime now) {
    std::size_t i = wanted_ ? files_.size() : 0;
    bool found = false;
    while (i > 0 && !found) {
        const auto read = read_fingerprint(search.reader, files_[--i].file.get(), wanted_->offset);
        if (read.fetching) {
            return Slice{.at_end = false, .fetching = true, .stamp = {}};
        }
        found = read.fingerprint == wanted_->fingerprint;
    }
    if (found) {
        files_[i].count_from = wanted_->offset;
        std::for_each(files_.begin(), files_.begin() + static_cast<std::ptrdiff_t>(i),
                      [](Followed& older) { older.count_from = UINT64_MAX; });
    } else if (wanted_) {
        lines_.count_after(wanted_->stamp, now);
    }
    wanted_.reset();
    state_ = Reading();
    return std::nullopt;
}

core::Result<LogTail::Slice> LogTail::read_slice(std::size_t max_bytes, core::WallTime boot_began,
                                                 core::WallTime now) {
    const auto prepared = prepare(now);
    if (!prepared) {
        return prepared.error();
    }
    if (*prepared) {
        return **prepared;
    }
    Slice slice;
    bool more = !files_.empty();
    while (more) {
        const auto read = read_piece(max_bytes - slice.bytes, slice, boot_began, now);
        if (!read) {
            return read.error();
        }
        more = *read;
    }
    if (slice.bytes > 0) {
        slice.stamp = lines_.last_stamp(now);
        stamp_ = slice.stamp ? slice.stamp : stamp_;
    }
    return slice;
}

/// False: the slice ends here.
core::Result<bool> LogTail::read_piece(std::size_t max_bytes, Slice& slice,
                                       core::WallTime boot_began, core::WallTime now) {
    if (auto checked = restart_if_truncated(); !checked) {
        return checked.error();
    }
    // Asked before the read that finds the end: what the old file gets after the new one has begun
    // is not awaited.
    const auto rotated = next_file_has_begun();
    if (!rotated) {
        return rotated.error();
    }
    std::array<char, buffer_size> buffer;
    Followed& front = files_.front();
    std::uint64_t wanted = std::min(buffer.size(), max_bytes);
    if (front.part() == LogLines::Part::counted_before) {
        wanted = std::min(wanted, front.count_from - front.offset);
    }
    if (wanted == 0) {
        slice.at_end = false;
        return false;
    }
    const auto got =
        front.reader.read(front.file.get(), std::span(buffer).first(wanted), front.offset);
    if (!got) {
        return got.error();
    }
    if (got->bytes > 0) {
        take({buffer.data(), got->bytes}, boot_began, now);
        slice.bytes += got->bytes;
        return true;
    }
    slice.fetching = got->fetching;
    slice.at_end = !got->fetching;
    const bool next = slice.at_end && *rotated;
    if (next) {
        next_file(boot_began, now);
    }
    return next;
}

void LogTail::take(std::string_view bytes, core::WallTime boot_began, core::WallTime now) {
    Followed& front = files_.front();
    lines_.feed(bytes, front.part(), boot_began, now);
    if (const auto newline = bytes.rfind('\n'); newline != std::string_view::npos) {
        front.line_end = front.offset + newline + 1;
    }
    front.offset += bytes.size();
}

std::optional<LogPosition> LogTail::position() const {
    if (!is_counting() || lines_.awaits_later_line() || !stamp_) {
        return std::nullopt;
    }
    const Followed& front = files_.front();
    if (front.line_end == 0 || front.line_end < front.count_from) {
        return std::nullopt;
    }
    DiskReader reader(0);
    const auto read = read_fingerprint(reader, front.file.get(), front.line_end);
    if (!read.fingerprint) {
        return std::nullopt;  // truncated or evicted just now; the next slice has a position again
    }
    return LogPosition{
        .offset = front.line_end, .fingerprint = *read.fingerprint, .cursor = {}, .stamp = *stamp_};
}

core::Result<void> LogTail::restart_if_truncated() {
    Followed& front = files_.front();
    const auto status = status_of(front.file);
    if (!status) {
        return status.error();
    }
    if (static_cast<std::uint64_t>(status->st_size) < front.offset) {
        front.offset = front.line_end = front.count_from = 0;
        lines_.forget_unfinished();
        ++truncations_;
    }
    return {};
}

core::Result<bool> LogTail::next_file_has_begun() const {
    if (files_.size() < 2) {
        return false;
    }
    // The second file has been rotated, too: it has begun, even if it stayed empty.
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
    lines_.finish(files_.front().part(), boot_began, now);
    files_.pop_front();
    // While the counter awaits a later line, no line that was read is later.
    const bool is_rotation = files_.front().comes == Comes::by_rotation;
    if (is_rotation || !is_counting() || lines_.awaits_later_line()) {
        return;
    }
    if (const auto last = lines_.last_stamp(now); last || stamp_) {
        lines_.count_after(last ? *last : *stamp_, now);
    }
}

}  // namespace agent
