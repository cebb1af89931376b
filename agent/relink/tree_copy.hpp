// SPDX-License-Identifier: Apache-2.0
// Copies a skeleton queue directory to a new directory, entry by entry, in slices of time, durable
// in the end.
//
// Copied: directories, regular files, symbolic links; numeric owners, modes, times of modification.
// A file with two names becomes two files. Not copied: what core/model/queue_layout.hpp says,
// sockets, FIFOs, device nodes, what is on another file system than the skeleton's root, extended
// attributes and holes.
//
// The target is below a directory that only root may enter. Each call on it is taken for a round
// trip to a file server: nothing is asked there that the client does not already know from having
// made the entry, and nothing is set that is already so. Never syncfs(2): it waits for what all
// others have written, without a bound.
#pragma once

#include "agent/base/directory.hpp"
#include "agent/base/file_descriptor.hpp"
#include "core/base/result.hpp"

#include <sys/stat.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace agent {

enum class Slice { more, done };

/// The directory in which something is made or removed, and what messages call that.
struct Target {
    int directory = -1;  ///< borrowed
    std::string name;
    std::string path;
};

/// What makes the copy survive a crash of either side, before `done`.
enum class Durability {
    /// NFS: what a call changes is in the server's stable storage when the call returns, but for
    /// what is written to a
    /// file. That goes past the cache (O_DIRECT, O_DSYNC): as many round trips as close(2) would
    /// make of it, but no
    /// dirty pages. A process that has some cannot be killed while the server is away, not even
    /// when it
    /// waits in close(2); one that waits in a direct write can.
    by_server,
    /// Any other file system: fsync(2) of each file when it has its content, owner, mode and times,
    /// and of each
    /// directory when all in it is synced and it has the same.
    by_sync,
};

class TreeCopy {
   public:
    /// `source` is a directory; nothing is opened before the first slice. The target must not
    /// exist.
    TreeCopy(std::string source, Target target, Durability durability);

    /// Works for about that long, at least one entry. Not to be called again after an error or
    /// `done`; what was made stays for TreeRemove.
    [[nodiscard]] core::Result<Slice> continue_for(std::chrono::milliseconds budget);

    [[nodiscard]] std::size_t entries() const noexcept { return entries_; }

    /// What was left out since the last call, one line each.
    [[nodiscard]] std::vector<std::string> take_log() { return std::exchange(log_, {}); }

    static constexpr std::size_t max_depth = 64;

   private:
    struct LeftOut {
        std::string kind;
        std::string first;
        std::size_t count = 0;
    };
    struct Level {
        std::string path;  ///< relative to the root, "" for the root
        FileDescriptor source;
        FileDescriptor target;
        struct stat wanted {};
        struct stat made {};
        std::vector<DirectoryEntry> entries;
        std::size_t next = 0;
        std::vector<LeftOut> left_out;
    };
    struct File {
        std::string path;
        FileDescriptor source;
        FileDescriptor target;
        struct stat wanted {};
        struct stat made {};
    };

    [[nodiscard]] core::Result<void> begin();
    [[nodiscard]] core::Result<void> advance();
    [[nodiscard]] core::Result<void> copy_entry(Level& level, const DirectoryEntry& entry);
    [[nodiscard]] core::Result<void> enter_directory(Level& parent, const std::string& name,
                                                     const struct stat& wanted);
    [[nodiscard]] core::Result<void> leave_directory();
    [[nodiscard]] core::Result<void> make_symlink(Level& level, const std::string& name,
                                                  const struct stat& wanted);
    [[nodiscard]] core::Result<void> begin_file(Level& level, const std::string& name,
                                                const struct stat& wanted);
    [[nodiscard]] core::Result<void> copy_chunk();
    [[nodiscard]] core::Result<void> finish_file();
    [[nodiscard]] core::Result<void> sync_left(const Level& level) const;
    [[nodiscard]] bool content_wanted(const Level& level) const;
    void leave_out(Level& level, const std::string& name, const std::string& kind);
    [[nodiscard]] core::Error failed(int error_number, std::string_view action,
                                     const std::string& path) const;
    [[nodiscard]] core::Error source_failed(int error_number, std::string_view action,
                                            const std::string& path) const;

    std::string source_path_;
    Target target_;
    Durability durability_;
    std::vector<Level>
        levels_;  ///< root first; empty before the first slice and when all is copied
    File file_;   ///< being copied, if its target is open
    std::unique_ptr<char[]> buffer_;
    bool begun_ = false;
    std::size_t entries_ = 0;
    std::vector<std::string> log_;
};

}  // namespace agent
