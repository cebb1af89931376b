// SPDX-License-Identifier: Apache-2.0
// Removes a directory with all that is in it, in slices of time. Never follows a symbolic link,
// never goes above where it began, never enters another file system.
#pragma once

#include "agent/base/directory.hpp"
#include "agent/relink/tree_copy.hpp"

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

namespace agent {

class TreeRemove {
   public:
    explicit TreeRemove(Target target) : target_(std::move(target)) {}

    /// Works for about that long, at least one entry. Nothing there is success. After an error it
    /// may be tried again with a new object.
    [[nodiscard]] core::Result<Slice> continue_for(std::chrono::milliseconds budget);

    static constexpr std::size_t max_depth = 64;

   private:
    struct Level {
        std::string name;  ///< in the directory above
        std::string path;  ///< for messages
        FileDescriptor directory;
        std::vector<DirectoryEntry> entries;
        std::size_t next = 0;
    };

    [[nodiscard]] core::Result<void> advance();
    [[nodiscard]] core::Result<void> remove_entry(int directory, const DirectoryEntry& entry,
                                                  const std::string& path);
    [[nodiscard]] core::Result<void> enter(int parent, const std::string& name,
                                           const std::string& path);
    [[nodiscard]] core::Result<void> leave();

    Target target_;
    std::vector<Level> levels_;
    dev_t device_ = 0;
    bool begun_ = false;
};

}  // namespace agent
