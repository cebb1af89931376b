// SPDX-License-Identifier: Apache-2.0
#include "agent/version.hpp"

namespace agent {

const char* version() noexcept {
    return PEA_VERSION;
}

}  // namespace agent
