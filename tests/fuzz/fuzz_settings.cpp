// SPDX-License-Identifier: Apache-2.0
// Any text as a settings file: it is refused in printable lines, or what it says survives print and
// load.
#include "config/load.hpp"
#include "config/print.hpp"
#include "config/schema.hpp"
#include "core/base/excerpt.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    // The first line is a --set where it looks like one, the rest is the file.
    std::string_view text(reinterpret_cast<const char*>(data), size);
    std::vector<std::string> overrides;
    if (text.starts_with("--set ")) {
        const std::size_t end = text.find('\n');
        overrides.emplace_back(text.substr(6, end == std::string_view::npos ? end : end - 6));
        text = end == std::string_view::npos ? std::string_view("{}") : text.substr(end + 1);
    }
    const config::LoadResult loaded = config::load_text(text, "fuzz", overrides);
    if (!loaded) {
        if (loaded.error().empty()) {
            std::abort();
        }
        for (const config::Problem& problem : loaded.error()) {
            if (core::has_control_character(to_string(problem))) {
                std::abort();
            }
        }
        return 0;
    }
    const config::LoadResult again = config::load_text(config::print(*loaded), "printed", {});
    if (!again) {
        std::abort();
    }
    for (const config::Key& key : config::schema()) {
        if (key.get(loaded->settings) != key.get(again->settings)) {
            std::abort();
        }
    }
    return 0;
}
