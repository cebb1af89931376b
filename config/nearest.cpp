// SPDX-License-Identifier: Apache-2.0
#include "config/nearest.hpp"

#include "config/schema.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

namespace config {
namespace {

constexpr std::size_t longest_compared =
    64;  // the longest key has far fewer; keeps a hostile file cheap

std::size_t unlikeness(std::string_view unknown, std::string_view known) {
    const std::size_t whole = edit_distance(unknown, known);
    const std::size_t elsewhere = section_of(unknown) == section_of(known) ? 0 : 1;
    return std::min(whole, edit_distance(name_of(unknown), name_of(known)) + elsewhere);
}

// A third of the letters may be wrong; of a short name, two.
std::size_t tolerance(std::string_view unknown) {
    return std::max<std::size_t>(2, name_of(unknown).size() / 3);
}

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i + 1;
        for (std::size_t j = 0; j < b.size(); ++j) {
            const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
        }
    }
    return row.back();
}

std::string nearest_key(std::string_view path) {
    if (path.size() > longest_compared) {
        return {};
    }
    std::string_view nearest;
    std::size_t least = tolerance(path) + 1;
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
