// SPDX-License-Identifier: Apache-2.0
// The names that an instance may have. The name becomes a directory on the shared file system, so
// anything that could be a path, or the agent's own directory, is refused here and nowhere else.
#pragma once

#include "core/base/result.hpp"

#include <string>
#include <string_view>

namespace core {

/// An id that comes from outside (DMI, metadata service, cloud-init): exactly i- and 8 to 17 of
/// 0-9a-f.
[[nodiscard]] Result<void> validate_external_id(std::string_view id);

/// An id that an operator wrote: a single path component of 1 to 255 bytes, no '/', no control
/// characters, not beginning with a dot (that excludes ".", ".." and the agent's directory).
[[nodiscard]] Result<void> validate_literal_id(std::string_view id);

/// The id in the body of an answer, or in the content of a file, of `source`. At most one line end
/// (LF or CRLF) after it is dropped. The error (malformed) names what was found instead: nothing, a
/// page, a path, too many bytes, or something else, with a short excerpt.
[[nodiscard]] Result<std::string> id_from_answer(std::string_view body, std::string_view source);

}  // namespace core
