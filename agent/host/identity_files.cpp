// SPDX-License-Identifier: Apache-2.0
#include "agent/host/identity_files.hpp"

#include "agent/base/small_file.hpp"
#include "agent/host/runtime_state.hpp"

#include <utility>

namespace agent {
namespace {

/// An id has 19 characters; the rest is room to show another text.
constexpr std::size_t limit = 4096;

std::string text_of(const char* path) {
    auto text = read_small_file(path, limit);
    return text ? std::move(*text) : "";
}

}  // namespace

IdentityFiles read_identity_files() {
    return {text_of("/sys/devices/virtual/dmi/id/board_asset_tag"), text_of(remembered_id_path),
            text_of("/run/cloud-init/.instance-id")};
}

}  // namespace agent
