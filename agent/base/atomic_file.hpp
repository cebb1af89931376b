// SPDX-License-Identifier: Apache-2.0
// Replaces a small file as a whole: a reader, or a process that is killed here, sees the old
// content or the new, never a part. The text is written to "<name>.new" and renamed. Follows no
// symbolic link in the last component.
#pragma once

#include "core/base/result.hpp"

#include <fcntl.h>
#include <sys/types.h>

#include <string>
#include <string_view>

namespace agent {

/// What is on stable storage when the call returns.
enum class Stored {
    nothing,    ///< a tmpfs has none
    by_server,  ///< NFS: the content by O_DSYNC; the server stores the rename before it replies
    by_sync,    ///< the content by O_DSYNC, the rename by fsync(2) of the directory
};

struct AtomicFile {
    int directory = AT_FDCWD;  ///< borrowed; open for reading where `stored` is by_sync
    std::string name;          ///< relative to `directory`, or a path
    std::string path;          ///< for messages
    mode_t mode = 0600;        ///< whatever the umask is
    Stored stored = Stored::nothing;
};

/// Errors: as the system reports them. Then no temporary file is left, and the file is unchanged
/// unless only the last fsync(2) failed.
[[nodiscard]] core::Result<void> write_atomically(const AtomicFile& file, std::string_view text);

}  // namespace agent
