// SPDX-License-Identifier: Apache-2.0
// Who this instance is. The sources are asked in order, and the first that names an EC2 instance id
// is believed. Never reads /var/lib/cloud, which still names the image's builder early in a boot.
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
    remembered,     ///< what the metadata service told an agent of this boot
    imds,           ///< worth remembering
    cloud_init,
};

[[nodiscard]] std::string_view to_string(IdentitySource source) noexcept;

struct Identity {
    std::string id;
    IdentitySource source{};
    bool operator==(const Identity&) const = default;
};

/// `setting` is settings.instance_id. Anything but "auto" is taken if it is a safe path component
/// (else malformed), and nothing is asked. `imds` is asked only if the files before it name nobody.
/// The error (unavailable) says for each source, by name, why it did not answer: what it holds in
/// place of an id, that it is absent, or how asking failed.
[[nodiscard]] boost::asio::awaitable<core::Result<Identity>> resolve_identity(std::string setting,
                                                                              IdentityFiles files,
                                                                              ImdsClient& imds);

}  // namespace agent
