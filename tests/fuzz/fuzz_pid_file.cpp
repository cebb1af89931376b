// SPDX-License-Identifier: Apache-2.0
#include "core/parse/pid_file.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto pid = core::parse_pid_file(text);
    if (pid) {
        // What was read must stand in the first line, as a number.
        const std::string_view line = text.substr(0, text.find('\n'));
        if (*pid <= 0 || line.find(std::to_string(*pid)) == std::string_view::npos) {
            std::abort();
        }
        return 0;
    }
    const std::string& excerpt = pid.error().message;
    const bool fine =
        excerpt.size() < 64 && pid.error().code == core::Errc::malformed &&
        std::all_of(excerpt.begin(), excerpt.end(), [](char c) { return c >= ' ' && c <= '~'; });
    if (!fine) {
        std::abort();
    }
    return 0;
}
