// SPDX-License-Identifier: Apache-2.0
// The id of this instance. The sources are read in order; the first EC2 instance id is used. Never
// reads /var/lib/cloud: early in a boot it still names the instance that built the image.
#pragma once

#include "agent/clients/imds_client.hpp"
#include "agent/ipc/replies.hpp"
#include "core/base/result.hpp"

#include <boost/asio/awaitable.hpp>

#include <string>
#include <string_view>

namespace agent {

enum class IdentitySource {
    settings,       ///< a literal instance_id
    dmi_asset_tag,  ///< needs no network; absent on Xen
    remembered,     ///< an earlier reply of the metadata service in this boot
    imds,           ///< is remembered for this boot
    cloud_init,
};

[[nodiscard]] std::string_view to_string(IdentitySource source) noexcept;

struct Identity {
    std::string id;
    IdentitySource source{};
    bool operator==(const Identity&) const = default;
};

/// `setting` is settings.instance_id. A value other than "auto" is the id if it is a safe path
/// component (else malformed), and no source is read. `imds` is queried only if no file before it
/// has an id. The error (unavailable) names each source and why it has no id: its content, its
/// absence, or the error of the query.
[[nodiscard]] boost::asio::awaitable<core::Result<Identity>> resolve_identity(std::string setting,
                                                                              IdentityFiles files,
                                                                              ImdsClient& imds);

}  // namespace agent
