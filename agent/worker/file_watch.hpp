// SPDX-License-Identifier: Apache-2.0
// What happens to certain names of certain directories, and to certain files: one inotify(7)
// instance.
//
// inotify sees only what this host does, and on a network file system even asking for it may wait:
// nothing there is ever watched. A watch that cannot be made is no fault: it is logged once, and
// polling finds the change.
#pragma once

#include "agent/base/file_descriptor.hpp"
#include "agent/base/local_paths.hpp"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace agent {

class FileWatch {
   public:
    /// `what` is watched, for the log.
    explicit FileWatch(std::string what) : what_(std::move(what)) {}

    struct Target {
        std::string path;  ///< absolute; symbolic links are followed
        std::set<std::string>
            names;  ///< entries of the directory `path`; empty: `path` itself is what is watched
        std::uint32_t events = 0;  ///< as inotify(7) names them; its removal or move always counts
    };

    /// Watches exactly these from now on, and what follow() was given. What is watched already
    /// stays so without a gap; what does not exist is left out until the next call.
    void watch(const std::vector<Target>& targets, const LocalPaths& local);

    /// Also the file behind this descriptor, and the one that was followed before it: the writer
    /// of a rotated log writes to it until it reopens the log.
    void follow(int file, std::uint32_t events);

    /// To be polled for POLLIN; -1 before the first watch.
    [[nodiscard]] int descriptor() const { return inotify_.get(); }

    /// Takes what has happened since the last call; false if it was nothing of interest. Never
    /// waits.
    [[nodiscard]] bool happened();

   private:
    [[nodiscard]] int add(int place, std::uint32_t events, const std::string& path);
    [[nodiscard]] bool is_of_interest(int watch, std::uint32_t events, const char* name);
    void warn(const std::string& path, const std::string& why);

    std::string what_;
    FileDescriptor inotify_;
    std::map<int, std::set<std::string>>
        watched_;  ///< by watch descriptor; no names: the object itself
    int followed_ = -1;
    int followed_before_ = -1;
    bool warned_ = false;
};

}  // namespace agent
