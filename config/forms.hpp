// SPDX-License-Identifier: Apache-2.0
// The forms that texts in the settings may have. Each takes the text as written and returns one
// line, the quoted text and the error, or nothing if it is valid. Internal to config. The system is
// not consulted: a path or a user need not exist.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace config {

using Complaint = std::optional<std::string>;

/// Absolute, in normal form, not "/" itself, at most 4095 bytes, no control characters.
[[nodiscard]] Complaint absolute_path(std::string_view text);

/// "auto", or an absolute path.
[[nodiscard]] Complaint auto_or_absolute_path(std::string_view text);

/// An IPv4 address in four parts, or an IPv6 address without brackets and zone.
[[nodiscard]] Complaint ip_literal(std::string_view text);

/// http://<IPv4 address or [IPv6 address]>[:port], nothing after it.
[[nodiscard]] Complaint http_endpoint(std::string_view text);

/// "auto", or a literal instance id (core/model/instance_id.hpp).
[[nodiscard]] Complaint auto_or_instance_id(std::string_view text);

/// "auto", or a user's name: a letter or underscore, then letters, digits, '_', '-', '.', at
/// most 32. Not root.
[[nodiscard]] Complaint auto_or_user(std::string_view text);

/// A file system type: 1 to 64 letters, digits, '.', '_', '-'.
[[nodiscard]] Complaint filesystem_type(std::string_view text);

/// 1 to 4095 bytes without control characters.
[[nodiscard]] Complaint mount_source(std::string_view text);

}  // namespace config
