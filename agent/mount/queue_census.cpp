// SPDX-License-Identifier: Apache-2.0
#include "agent/mount/queue_census.hpp"

#include "agent/base/clock.hpp"
#include "agent/base/directory.hpp"
#include "agent/mount/mount_directory.hpp"
#include "core/model/queue_layout.hpp"
#include "core/queue/queue_id.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace agent {
namespace {

core::MailQueue queue_at(std::size_t index) {
    return core::all_mail_queues()[index];
}

/// Postfix's own rule (src/global/mail_scan_dir.c): a name of one character is a directory, a
/// longer one a message.
bool is_hash_directory(std::string_view name) {
    return name.size() == 1;
}

/// Queues of files that are still being written: there the modification time is the arrival. Of a
/// deferred message it is the next attempt.
bool is_written_there(core::MailQueue queue) {
    return queue == core::MailQueue::incoming || queue == core::MailQueue::maildrop;
}

core::WallTime wall_time(const struct statx_timestamp& stamp) {
    return core::WallTime(std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::seconds(stamp.tv_sec) + std::chrono::nanoseconds(stamp.tv_nsec)));
}

/// Since its name was read. ESTALE: another client of the file system has removed it.
bool has_gone(int error_number) {
    return error_number == ENOENT || error_number == ENOTDIR || error_number == ELOOP ||
           error_number == ESTALE;
}

}  // namespace

Census::Census(const core::Settings& settings, std::string instance_id)
    : instance_id_(std::move(instance_id)),
      tokens_(settings.census.budget, now().boot),
      queue_path_(settings.mount.path + "/" + instance_id_) {
}

core::Result<CensusProgress> Census::continue_for(const core::Settings& settings,
                                                  std::chrono::milliseconds slice) {
    const core::TimePoint start = now();
    const std::uint64_t before = census_.operations;
    now_ = start.wall;
    tokens_.set_rate(settings.census.budget);
    tokens_.fill(start.boot);
    if (const auto found = find_queue(settings); !found) {
        return found.error();
    }
    core::BootTime at = start.boot;
    while (!is_done() && tokens_.any() && at - start.boot < slice) {
        step();
        at = now().boot;
    }
    CensusProgress progress;
    progress.operations = census_.operations - before;
    if (is_done()) {
        census_.at = now();
        census_.took = census_.at.boot - began_;
        progress.census = census_;
    } else if (!tokens_.any()) {
        progress.pause = tokens_.until_full();
    }
    return progress;
}

/// Each slice sees for itself that the queue is where it was: what is read is of one mount and of
/// this instance.
core::Result<void> Census::find_queue(const core::Settings& settings) {
    const auto mount = MountDirectory::open(settings, MountDirectory::For::reading);
    if (!mount) {
        return mount.error();
    }
    if (mount_id_ != 0) {
        return mount->mount_id() == mount_id_
                   ? core::Result<void>()
                   : core::Error{core::Errc::refused, mount->path() + ": was mounted again"};
    }
    auto queue = open_directory(mount->fd(), instance_id_, queue_path_);
    spend(1);
    if (!queue) {
        return queue.error();
    }
    const auto mount_id = mount_id_of(queue->get());
    if (!mount_id) {
        return mount_id.error();
    }
    if (*mount_id != mount->mount_id()) {
        return core::Error{core::Errc::refused,
                           queue_path_ + ": not on the file system of " + mount->path()};
    }
    queue_directory_ = std::move(*queue);
    mount_id_ = *mount_id;
    began_ = now().boot;
    return {};
}

void Census::step() {
    switch (phase_) {
        case Phase::begin: begin_queue(); break;
        case Phase::list:
            if (levels_.empty()) {
                phase_ = Phase::sample;
            } else if (!levels_.back().read) {
                read_level();
            } else if (!levels_.back().pending.empty()) {
                enter_next();
            } else {
                levels_.pop_back();
            }
            break;
        case Phase::sample:
            if (next_sample_ < tally_.samples().size()) {
                look_at_next_sample();
            } else {
                end_queue();
            }
            break;
    }
}

/// A queue without a directory is empty: Postfix makes some of them only when it starts. Any other
/// kind of file there is an error.
void Census::begin_queue() {
    const std::string name(to_string(queue_at(queue_)));
    FileDescriptor directory = open_at(queue_directory_.get(), name.c_str(), O_DIRECTORY);
    if (directory) {
        levels_.push_back({std::move(directory), "", "", false});
    } else if (errno != ENOENT) {
        note(errno, "open directory", path_of(""));
    }
    phase_ = Phase::list;
}

void Census::read_level() {
    Level& level = levels_.back();
    const ssize_t bytes = ::getdents64(level.directory.get(), buffer_.data(), buffer_.size());
    const int error = errno;
    spend(1);
    if (bytes > 0) {
        take_entries(static_cast<std::size_t>(bytes));
        return;
    }
    level.read = true;
    if (bytes < 0 && !has_gone(error)) {
        note(error, "read directory", path_of(level.place));
    }
}

void Census::take_entries(std::size_t bytes) {
    Level& level = levels_.back();
    for (std::size_t at = 0; at < bytes;) {
        const auto* entry = reinterpret_cast<const dirent64*>(buffer_.data() + at);
        at += entry->d_reclen;
        const std::string_view name(entry->d_name);
        if (!core::is_message_name(name)) {
            continue;
        }
        if (is_hash_directory(name)) {
            if ((entry->d_type == DT_DIR || entry->d_type == DT_UNKNOWN) &&
                levels_.size() <= core::max_hash_depth) {
                level.pending += name;
            }
        } else if (entry->d_type == DT_REG || entry->d_type == DT_UNKNOWN) {
            tally_.count(name, level.place, now_);
        }
    }
}

void Census::enter_next() {
    Level& level = levels_.back();
    const std::string name(1, level.pending.back());
    level.pending.pop_back();
    std::string place = level.place.empty() ? name : level.place + "/" + name;
    FileDescriptor directory = open_at(level.directory.get(), name.c_str(), O_DIRECTORY);
    if (directory) {
        levels_.push_back({std::move(directory), std::move(place), "", false});
    } else if (!has_gone(errno)) {
        note(errno, "open directory", path_of(place));
    }
}

void Census::look_at_next_sample() {
    const core::SampledMessage& sample = tally_.samples()[next_sample_++];
    if (!sampled_directory_ || sample.place != sampled_place_) {
        open_sampled_place(sample.place);
    }
    if (sampled_directory_) {
        look_at(sampled_directory_.get(), sample.name);
    }
}

/// Component by component: none of them may be a symbolic link.
void Census::open_sampled_place(const std::string& place) {
    const std::string queue(to_string(queue_at(queue_)));
    sampled_place_ = place;
    sampled_directory_ = open_at(queue_directory_.get(), queue.c_str(), O_DIRECTORY);
    for (const char c : place) {
        if (c != '/' && sampled_directory_) {
            const std::string name(1, c);
            sampled_directory_ = open_at(sampled_directory_.get(), name.c_str(), O_DIRECTORY);
        }
    }
    if (!sampled_directory_ && !has_gone(errno)) {
        note(errno, "open directory", path_of(place));
    }
}

/// A message that has gone meanwhile was delivered.
void Census::look_at(int directory, const std::string& name) {
    struct statx status {};
    const int failed = ::statx(directory, name.c_str(), AT_SYMLINK_NOFOLLOW | AT_STATX_DONT_SYNC,
                               STATX_TYPE | STATX_SIZE | STATX_MTIME, &status);
    const int error = errno;
    spend(1);
    if (failed != 0) {
        if (!has_gone(error)) {
            note(error, "stat", path_of(sampled_place_) + "/" + name);
        }
        return;
    }
    if (!S_ISREG(status.stx_mode)) {
        return;
    }
    tally_.add_size(status.stx_size);
    auto arrival = core::arrival_of_long_id(name);
    if (!arrival) {
        arrival = read_arrival(directory, name);
    }
    if (!arrival && is_written_there(queue_at(queue_))) {
        arrival = wall_time(status.stx_mtime);
    }
    if (arrival) {
        tally_.add_arrival(*arrival, now_);
    }
}

std::optional<core::WallTime> Census::read_arrival(int directory, const std::string& name) {
    const FileDescriptor file = open_at(directory, name.c_str(), O_NONBLOCK | O_NOCTTY);
    if (!file) {
        if (!has_gone(errno)) {
            note(errno, "open", path_of(sampled_place_) + "/" + name);
        }
        return std::nullopt;
    }
    std::array<char, core::arrival_record_within> start{};
    const ssize_t count = ::pread(file.get(), start.data(), start.size(), 0);
    const int error = errno;
    constexpr int read_and_close = 2;
    spend(read_and_close);
    if (count < 0) {
        note(error, "read", path_of(sampled_place_) + "/" + name);
        return std::nullopt;
    }
    return core::arrival_of_queue_file({start.data(), static_cast<std::size_t>(count)});
}

void Census::end_queue() {
    census_.queues[queue_] = tally_.figures();
    tally_ = core::QueueTally();
    next_sample_ = 0;
    sampled_directory_ = FileDescriptor();
    phase_ = Phase::begin;
    ++queue_;
}

/// An empty one and errno where that fails. The access time stays as it is where that can be asked
/// for, which takes the file's owner or CAP_FOWNER.
FileDescriptor Census::open_at(int parent, const char* name, int flags) {
    constexpr int always = O_RDONLY | O_NOFOLLOW | O_CLOEXEC;
    spend(1);
    FileDescriptor opened(::openat(parent, name, flags | always | O_NOATIME));
    if (!opened && errno == EPERM) {
        spend(1);
        opened = FileDescriptor(::openat(parent, name, flags | always));
    }
    return opened;
}

std::string Census::path_of(const std::string& place) const {
    std::string path = queue_path_ + "/" + std::string(to_string(queue_at(queue_)));
    return place.empty() ? path : path + "/" + place;
}

/// Keeps the first error.
void Census::note(int error_number, std::string_view action, const std::string& path) {
    if (std::exchange(census_.complete, false)) {
        census_.error = core::system_error(error_number, action, path).message;
    }
}

void Census::spend(int operations) {
    census_.operations += static_cast<std::uint64_t>(operations);
    tokens_.take(operations);
}

}  // namespace agent
