// SPDX-License-Identifier: Apache-2.0
// The style and the script of the page at "/". They stand in the page itself; the
// Content-Security-Policy names them by their hashes, so that a browser takes nothing else for
// style or script, whatever finds its way into the page.
#pragma once

#include <string_view>

namespace agent {

extern const std::string_view page_style;
extern const std::string_view page_script;

/// base64 of SHA-256 over the bytes above. A test computes them anew and prints what must stand in
/// the source.
extern const std::string_view page_style_hash;
extern const std::string_view page_script_hash;

}  // namespace agent
