// SPDX-License-Identifier: Apache-2.0
// The file server of a mount, from the mount options that the kernel prints. No name is ever
// resolved.
#pragma once

#include "core/model/facts.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace core {

/// IANA's port for nfs; used by mounts without port=, or with port=0.
inline constexpr std::uint16_t nfs_port = 2049;

struct FileServer {
    std::string address;  ///< an IP literal as the kernel prints it; link-local IPv6 with its
                          ///< scope, "fe80::1%2"
    std::uint16_t port = nfs_port;
    bool loopback =
        false;  ///< 127.0.0.0/8 or ::1, in IPv6's mapped form as well: a tunnel of this host
    bool operator==(const FileServer&) const = default;
};

/// The server of an nfs or nfs4 mount: addr= and port= of its super options (fs/nfs/super.c,
/// nfs_show_mount_options; the literal is made by net/sunrpc/addr.c, rpc_ntop). Not mountaddr=,
/// mountport= (the mount protocol of NFSv3) or clientaddr= (this host). Absent for other types,
/// without addr=, and if one of the two is malformed.
[[nodiscard]] std::optional<FileServer> file_server_of(const MountEntry& mount);

/// "10.0.1.23:2049", "[fd00::1]:2049".
[[nodiscard]] std::string to_string(const FileServer& server);

}  // namespace core
