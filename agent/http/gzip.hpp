// SPDX-License-Identifier: Apache-2.0
// gzip, by zlib, tuned for a page that is compressed while requests wait: speed and little memory
// before size.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace agent {

/// `bytes` as one gzip member (RFC 1952). Nothing if there is no memory for it.
[[nodiscard]] std::optional<std::string> gzip(std::string_view bytes);

}  // namespace agent
