// SPDX-License-Identifier: Apache-2.0
#include "agent/base/version.hpp"

namespace agent {

const char* version() noexcept {
    return PEA_VERSION;
}

}  // namespace agent
