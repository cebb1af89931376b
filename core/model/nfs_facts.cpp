// SPDX-License-Identifier: Apache-2.0
#include "core/model/nfs_facts.hpp"

#include <array>

namespace core {

std::string_view to_string(NfsOperation operation) noexcept {
    constexpr std::array<std::string_view, nfs_operation_count> names{
        "access", "close", "commit",  "create", "getattr", "link",     "lock",    "locku", "lookup",
        "open",   "read",  "readdir", "remove", "rename",  "sequence", "setattr", "write", "other"};
    return names[static_cast<std::size_t>(operation)];
}

}  // namespace core
