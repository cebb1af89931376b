// SPDX-License-Identifier: Apache-2.0
// The content of <mount>/.postfix-elb-agent/owners/<id>: one block of 4096 bytes, a JSON object on
// one line, filled up with spaces, a newline at the end. One block, so that it is read and written
// by one O_DIRECT call.
#pragma once

#include "core/model/facts.hpp"

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace agent {

struct alignas(4096) OwnerBlock {
    std::array<char, 4096> bytes{};
};

[[nodiscard]] OwnerBlock to_block(const core::OwnerRecord& record);

/// The record; all fields empty if the bytes are not one.
[[nodiscard]] core::OwnerRecord parse_owner_record(std::string_view bytes);

/// This host: its boot, its name, and the name of its NFS client
/// (core/nfs/client_id_plan.hpp): the identifier that is set for it, "/" and the host name, or the
/// host name alone. `since` is left empty. Known limit: the kernel does not report the name under
/// which a mount was made. A name that is set after the mount is taken for the name of the mount.
[[nodiscard]] core::OwnerRecord this_host(std::string instance_id);

/// Whether both are the same boot of the same host under the same names. `since` does not count.
[[nodiscard]] bool same_owner(const core::OwnerRecord& a, const core::OwnerRecord& b);

/// RFC 3339, UTC, seconds.
[[nodiscard]] std::string time_stamp(core::WallTime time);

}  // namespace agent
