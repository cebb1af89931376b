// SPDX-License-Identifier: Apache-2.0
// Directories as descriptors. All work on the shared mount and in the skeleton goes relative to
// one, never follows a symbolic link in the last component, and therefore never ends anywhere else
// than it began.
#pragma once

#include "agent/base/file_descriptor.hpp"
#include "core/base/result.hpp"

#include <dirent.h>

#include <string>
#include <vector>

namespace agent {

struct DirectoryEntry {
    std::string name;
    unsigned char type = DT_UNKNOWN;  ///< of readdir(3); DT_UNKNOWN where the file system
                                      ///< has no types
};

/// A readable descriptor of <parent>/<name>. `path` is what messages call it. Errors: missing
/// (also: not a directory, a symbolic link), or as the system says.
[[nodiscard]] core::Result<FileDescriptor> open_directory(int parent, const std::string& name,
                                                          const std::string& path);

/// The same, good only as a starting point for further *at() calls (O_PATH): costs no round trip of
/// its own on NFS.
[[nodiscard]] core::Result<FileDescriptor> open_place(int parent, const std::string& name,
                                                      const std::string& path);

/// What is in a directory just opened by open_directory, without "." and "..", sorted by name.
[[nodiscard]] core::Result<std::vector<DirectoryEntry>> list_directory(int directory,
                                                                       const std::string& path);

/// The directory that holds the last component of an absolute path, symbolic links before it
/// followed; and that component.
struct Parent {
    FileDescriptor directory;
    std::string name;
    std::string path;  ///< of the directory, for messages
};
[[nodiscard]] core::Result<Parent> open_parent(const std::string& path);

/// fsync(2) of a directory, so that what was renamed in it stays so.
[[nodiscard]] core::Result<void> sync_directory(int directory, const std::string& path);

}  // namespace agent
