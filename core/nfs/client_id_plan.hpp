// SPDX-License-Identifier: Apache-2.0
// The name of this host's NFS client. A server distinguishes clients by "Linux NFSv4.1
// <identifier>/<host name>", or by the host name alone if no identifier is set; clients with one
// name lose their locks to each other. See the kernel's
// Documentation/filesystems/nfs/client-identifier.rst.
#pragma once

#include "core/base/result.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace core {

/// The two places that the kernel takes the identifier from, as their files read
/// (nfs4_get_uniquifier() in fs/nfs/nfs4proc.c); absent where there is no such file: NFS is not
/// loaded, or the kernel is older than 5.3.
struct NfsIdentifierFiles {
    std::optional<std::string>
        net;  ///< /sys/fs/nfs/net/nfs_client/identifier, of this network namespace: it wins
    std::optional<std::string> parameter;  ///< /sys/module/nfs/parameters/nfs4_unique_id
};

/// The kernel keeps no more of an identifier (NFS4_CLIENT_ID_UNIQ_LEN, with the byte at its end).
inline constexpr std::size_t max_nfs_identifier = 63;

/// The identifier that a mount made now would use; "" when none is set ("(null)", or an empty
/// line).
[[nodiscard]] std::string nfs_identifier(const NfsIdentifierFiles& files);

/// The local sources of this instance's name, and the current identifier. Contents of files; "" if
/// absent.
struct NfsIdentityFacts {
    std::string setting;       ///< settings.instance_id
    std::string asset_tag;     ///< the DMI board asset tag
    std::string remembered;    ///< the id that the agent remembers for this boot
    std::string cloud_init;    ///< /run/cloud-init/.instance-id
    std::string product_uuid;  ///< the DMI product UUID
    NfsIdentifierFiles now;
    bool mounted = false;  ///< an NFS file system is already mounted at mount.path
};

struct NfsIdentityPlan {
    enum class Write { nothing, net, parameter };
    Write write = Write::nothing;
    std::string identifier;  ///< the identifier afterwards
    std::string words;       ///< one line for operators: the change, or why there is none
};

/// Keeps an identifier that is already set, because an administrator may have set it. Errors:
/// unavailable (NFS is not loaded), missing (this instance has no name). The message has the
/// remedy.
[[nodiscard]] Result<NfsIdentityPlan> plan_nfs_identity(const NfsIdentityFacts& facts);

}  // namespace core
