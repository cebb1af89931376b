// SPDX-License-Identifier: Apache-2.0
// gzip by zlib. Requests wait while a page is compressed, so speed and little memory come before
// size.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace agent {

/// `bytes` as one gzip member (RFC 1952); nullopt if memory does not suffice.
[[nodiscard]] std::optional<std::string> gzip(std::string_view bytes);

}  // namespace agent
