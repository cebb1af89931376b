// SPDX-License-Identifier: Apache-2.0
#include "agent/commands/commands.hpp"
#include "agent/host/identity_files.hpp"
#include "agent/host/nfs_client_id.hpp"

#include <cstdio>

namespace agent {

int nfs_identity_command(const core::Settings& settings) {
    const auto done = set_nfs_identity(settings, read_identity_files());
    if (!done) {
        std::fprintf(stderr, "postfix-elb-agent: nfs-identity: %s\n", done.error().message.c_str());
        return 1;
    }
    std::printf("%s\n", done->c_str());
    return 0;
}

}  // namespace agent
