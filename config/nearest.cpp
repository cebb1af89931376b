// SPDX-License-Identifier: Apache-2.0
#include "config/nearest.hpp"

#include "config/schema.hpp"
#include "core/base/edit_distance.hpp"

#include <algorithm>

namespace config {
namespace {

constexpr std::size_t longest_compared =
    64;  // the longest key has far fewer; keeps a hostile file cheap

std::size_t unlikeness(std::string_view unknown, std::string_view known) {
    const std::size_t whole = core::edit_distance(unknown, known);
    const std::size_t elsewhere = section_of(unknown) == section_of(known) ? 0 : 1;
    return std::min(whole, core::edit_distance(name_of(unknown), name_of(known)) + elsewhere);
}

}  // namespace

std::string nearest_key(std::string_view path) {
    if (path.size() > longest_compared) {
        return {};
    }
    std::string_view nearest;
    std::size_t least = core::typing_errors(name_of(path).size()) + 1;
    const auto consider = [&](std::string_view known) {
        if (const std::size_t distance = unlikeness(path, known); distance < least) {
            least = distance;
            nearest = known;
        }
    };
    for (const Key& key : schema()) {
        consider(key.path);
        if (const std::string_view section = section_of(key.path); !section.empty()) {
            consider(section);
        }
    }
    return std::string(nearest);
}

}  // namespace config
