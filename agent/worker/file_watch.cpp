// SPDX-License-Identifier: Apache-2.0
#include "agent/worker/file_watch.hpp"

#include "agent/base/log.hpp"

#include <limits.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace agent {
namespace {

constexpr std::uint32_t gone = IN_DELETE_SELF | IN_MOVE_SELF;

}  // namespace

void FileWatch::warn(const std::string& path, const std::string& why) {
    if (!std::exchange(warned_, true)) {
        log(Priority::warning, "cannot watch " + what_ + " at " + path + " (" + why +
                                   "); what happens there is noticed each checks.interval only");
    }
}

/// The watch descriptor of what `place` refers to, the same one if it is watched already; -1 if it
/// cannot be.
int FileWatch::add(int place, std::uint32_t events, const std::string& path) {
    if (!inotify_) {
        inotify_ = FileDescriptor(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
    }
    const std::string same_object = "/proc/self/fd/" + std::to_string(place);
    const int watch =
        inotify_ ? ::inotify_add_watch(inotify_.get(), same_object.c_str(), events | gone) : -1;
    if (watch < 0) {
        warn(path, std::strerror(errno));
    }
    return watch;
}

void FileWatch::watch(const std::vector<Target>& targets, const LocalPaths& local) {
    std::map<int, std::set<std::string>> now;
    for (const int file : {followed_, followed_before_}) {
        if (watched_.contains(file)) {
            now[file];
        }
    }
    for (const Target& target : targets) {
        const auto place = local.locate(target.path);
        if (!place) {
            if (place.error().code != core::Errc::missing) {
                warn(target.path, place.error().message);
            }
            continue;
        }
        if (const int watch = add(place->get(), target.events, target.path); watch >= 0) {
            now[watch].insert(target.names.begin(), target.names.end());
        }
    }
    for (const auto& [watch, names] : watched_) {
        if (!now.contains(watch)) {
            ::inotify_rm_watch(inotify_.get(), watch);
        }
    }
    watched_ = std::move(now);
}

void FileWatch::follow(int file, std::uint32_t events) {
    const int watch = add(file, events, "its file");
    if (watch < 0 || watch == followed_) {
        return;
    }
    if (watch != followed_before_ && watched_.erase(followed_before_) > 0) {
        ::inotify_rm_watch(inotify_.get(), followed_before_);
    }
    followed_before_ = std::exchange(followed_, watch);
    watched_[watch];
}

bool FileWatch::is_of_interest(int watch, std::uint32_t events, const char* name) {
    if ((events & IN_Q_OVERFLOW) != 0) {
        return true;
    }
    const auto watched = watched_.find(watch);
    if (watched == watched_.end()) {
        return false;  // the rest of what was given up
    }
    const bool interesting =
        *name == '\0' || watched->second.empty() || watched->second.contains(name);
    if ((events & IN_IGNORED) != 0) {
        watched_.erase(watched);
    }
    return interesting;
}

bool FileWatch::happened() {
    constexpr std::size_t longest_event = sizeof(inotify_event) + NAME_MAX + 1;
    std::array<char, 8192> buffer;
    bool interesting = false;
    for (;;) {
        const ssize_t got = inotify_ ? ::read(inotify_.get(), buffer.data(), buffer.size()) : 0;
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return interesting;
        }
        for (std::size_t at = 0; at < static_cast<std::size_t>(got);) {
            inotify_event event{};
            std::memcpy(&event, buffer.data() + at, sizeof event);
            const char* name = event.len > 0 ? buffer.data() + at + sizeof event : "";
            interesting |= is_of_interest(event.wd, event.mask, name);
            at += sizeof event + event.len;
        }
        if (static_cast<std::size_t>(got) + longest_event <= buffer.size()) {
            return interesting;  // there was room for more: with a busy writer there would be no
                                 // end
        }
    }
}

}  // namespace agent
