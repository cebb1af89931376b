// SPDX-License-Identifier: Apache-2.0
// The style and the script of the page at "/". Both are inline in the page. The
// Content-Security-Policy lists their hashes, so a browser applies no other style and runs no other
// script, even if one is injected into the page.
#pragma once

#include <string_view>

namespace agent {

extern const std::string_view page_style;
extern const std::string_view page_script;

/// base64 of SHA-256 over the bytes above. A test computes the hashes and prints the right ones.
extern const std::string_view page_style_hash;
extern const std::string_view page_script_hash;

}  // namespace agent
