// SPDX-License-Identifier: Apache-2.0
// Puts values from several places into one Settings and collects what is wrong with them.
// Internal to config: load() and load_text() are the way in.
#pragma once

#include "config/json_text.hpp"
#include "config/load.hpp"
#include "config/schema.hpp"

#include <map>
#include <set>
#include <string>
#include <string_view>

namespace config {

class Loader {
   public:
    Loader();

    void take_text(std::string_view text, std::string_view name);
    void take_override(std::string_view assignment);
    void add_problem(std::string place, std::string key, std::string message);

    /// Checks the values against each other and hands over. The loader is used up.
    [[nodiscard]] LoadResult finish();

   private:
    void take_section(const JsonNode& node, std::string_view section);
    void take_value(const JsonNode& node, const Key& key);
    void take_unknown(std::string place, const std::string& path);
    void apply(const Key& key, const Value& value, std::string place);
    void find_conflicts();
    [[nodiscard]] std::string place_of(const JsonNode& node) const;

    std::string file_;
    Loaded loaded_;
    Problems problems_;
    std::size_t problems_left_out_ = 0;
    std::map<std::string, std::size_t> line_of_;   ///< keys and sections seen in the file
    std::set<std::string, std::less<>> bad_keys_;  ///< whose value is not what was asked for
};

}  // namespace config
