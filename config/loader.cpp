// SPDX-License-Identifier: Apache-2.0
#include "config/loader.hpp"

#include "config/combinations.hpp"
#include "config/nearest.hpp"
#include "core/base/excerpt.hpp"

#include <algorithm>

namespace config {
namespace {

using Kind = JsonNode::Kind;

constexpr std::string_view override_place = "--set";

// Absent where no setting has such a value.
std::optional<Value> value_of(const JsonNode& node) {
    switch (node.kind) {
        case Kind::null: return Value();
        case Kind::integer: return Value(node.integer);
        case Kind::boolean: return Value(node.boolean);
        case Kind::string: return Value(node.text);
        case Kind::list: {
            std::vector<std::string> words;
            for (const JsonNode& member : node.members) {
                if (member.kind != Kind::string) {
                    return std::nullopt;
                }
                words.push_back(member.text);
            }
            return Value(std::move(words));
        }
        default: return std::nullopt;
    }
}

std::string wrong_type(const JsonNode& node, const Key& key) {
    const auto strange =
        std::find_if(node.members.begin(), node.members.end(),
                     [](const JsonNode& member) { return member.kind != Kind::string; });
    if (node.kind == Kind::list && strange != node.members.end()) {
        return std::string("has ")
            .append(in_words(strange->kind))
            .append(" in it; expected ")
            .append(key.accepts);
    }
    return std::string("is ").append(in_words(node.kind)).append("; expected ").append(key.accepts);
}

std::vector<std::string> split_at_commas(std::string_view text) {
    std::vector<std::string> words;
    for (std::size_t at = 0;;) {
        const std::size_t comma = std::min(text.find(',', at), text.size());
        words.emplace_back(text.substr(at, comma - at));
        if (comma == text.size()) {
            return words;
        }
        at = comma + 1;
    }
}

// What was written after "--set key=": JSON where the key wants what the JSON says, else the text
// itself.
Value override_value(std::string_view written, const Key& key) {
    std::optional<Value> json;
    if (const auto node = parse_json(written)) {
        json = value_of(*node);
    }
    const bool is_null = json && std::holds_alternative<std::monostate>(*json);
    const bool is_number = json && std::holds_alternative<std::int64_t>(*json);
    const bool is_boolean = json && std::holds_alternative<bool>(*json);
    const bool is_text = json && std::holds_alternative<std::string>(*json);
    const bool is_list = json && std::holds_alternative<std::vector<std::string>>(*json);
    switch (key.type) {
        case Type::boolean: return is_boolean ? *json : Value(std::string(written));
        case Type::integer: return is_number ? *json : Value(std::string(written));
        case Type::text_or_null: return is_text || is_null ? *json : Value(std::string(written));
        case Type::words: return is_list ? *json : Value(split_at_commas(written));
        default: return is_text ? *json : Value(std::string(written));
    }
}

std::string members_in_words(std::string_view section) {
    std::string words;
    for (const Key& key : schema()) {
        const bool inside = section.empty() || section_of(key.path) == section;
        const std::string_view parent = section_of(key.path);
        const std::string_view shown =
            section.empty() && !parent.empty() ? parent : name_of(key.path);
        if (inside && !words.ends_with(shown)) {  // the keys of a section stand together
            words.append(words.empty() ? "" : ", ").append(shown);
        }
    }
    return words;
}

}  // namespace

Loader::Loader() {
    for (const Key& key : schema()) {
        loaded_.origins.emplace(key.path, "default");
    }
}

void Loader::add_problem(std::string place, std::string key, std::string message) {
    if (problems_.size() < problems_max) {
        problems_.push_back({std::move(place), std::move(key), std::move(message)});
    } else {
        ++problems_left_out_;
    }
}

std::string Loader::place_of(const JsonNode& node) const {
    return file_ + ":" + std::to_string(node.line);
}

void Loader::take_text(std::string_view text, std::string_view name) {
    file_ = name;
    auto root = parse_json(text);
    if (!root) {
        add_problem(file_ + ":" + std::to_string(root.error().line), "",
                    "not JSON at column " + std::to_string(root.error().column) + ": " +
                        root.error().message);
    } else if (root->kind != Kind::object) {
        add_problem(place_of(*root), "",
                    std::string("the file holds ")
                        .append(in_words(root->kind))
                        .append("; expected an object"));
    } else {
        take_section(*root, "");
    }
}

void Loader::take_section(const JsonNode& node, std::string_view section) {
    for (const JsonNode& member : node.members) {
        const std::string path =
            section.empty() ? member.key : std::string(section).append(".").append(member.key);
        // A dot in a key is no way into a section, or one setting could be written twice unseen.
        const bool plain = member.key.find('.') == std::string::npos;
        const Key* key = plain ? find_key(path) : nullptr;
        if (!key && !(plain && section.empty() && is_section(path))) {
            take_unknown(place_of(member), path);
            continue;
        }
        if (const auto [first, is_new] = line_of_.emplace(path, member.line); !is_new) {
            add_problem(place_of(member), path,
                        "given twice, also on line " + std::to_string(first->second));
        }
        if (key) {
            take_value(member, *key);
        } else if (member.kind == Kind::object) {
            take_section(member, path);
        } else {
            add_problem(place_of(member), path,
                        std::string("is ")
                                .append(in_words(member.kind))
                                .append("; expected an object with ") +
                            members_in_words(path));
        }
    }
}

void Loader::take_value(const JsonNode& node, const Key& key) {
    if (const auto value = value_of(node)) {
        apply(key, *value, place_of(node));
    } else {
        bad_keys_.emplace(key.path);
        add_problem(place_of(node), std::string(key.path), wrong_type(node, key));
    }
}

void Loader::take_unknown(std::string place, const std::string& path) {
    if (problems_.size() >= problems_max) {  // looking for the nearest key of each would take long
        ++problems_left_out_;
        return;
    }
    std::string message = "unknown key; ";
    if (const std::string nearest = nearest_key(path); !nearest.empty()) {
        message += "did you mean " + nearest + "?";
    } else {
        const std::string_view section =
            is_section(section_of(path)) ? section_of(path) : std::string_view{};
        message += "known here: " + members_in_words(section);
    }
    constexpr std::size_t longest_shown = 80;
    const bool readable =
        path.size() <= longest_shown && !core::has_control_character(path) && !path.empty();
    add_problem(std::move(place), readable ? path : core::excerpt(path, longest_shown),
                std::move(message));
}

void Loader::take_override(std::string_view assignment) {
    const std::string place(override_place);
    const std::size_t equals = assignment.find('=');
    if (equals == std::string_view::npos) {
        add_problem(place, "",
                    core::excerpt(assignment) + " has no \"=\"; expected key.path=value");
        return;
    }
    const std::string path(assignment.substr(0, equals));
    const std::string_view written = assignment.substr(equals + 1);
    if (is_section(path)) {
        add_problem(place, path,
                    "is a section; set its keys one by one: " + members_in_words(path));
    } else if (const Key* key = find_key(path); !key) {
        take_unknown(place, path);
    } else if (!is_utf8(written)) {
        bad_keys_.emplace(path);
        add_problem(place, path, core::excerpt(written) + " is not UTF-8");
    } else {
        apply(*key, override_value(written, *key), place);
    }
}

void Loader::apply(const Key& key, const Value& value, std::string place) {
    const core::Result<void> outcome = key.set(loaded_.settings, value);
    if (outcome) {
        loaded_.origins.find(key.path)->second = std::move(place);
    } else {
        bad_keys_.emplace(key.path);
        add_problem(std::move(place), std::string(key.path), outcome.error().message);
    }
}

// A value that was refused is not in the settings, so nothing can be said about what it goes
// together with.
void Loader::find_conflicts() {
    for (Conflict& conflict : config::find_conflicts(loaded_.settings)) {
        const auto is_bad = [&](std::string_view key) { return bad_keys_.contains(key); };
        const auto is_given = [&](std::string_view key) {
            return loaded_.origins.find(key)->second != "default";
        };
        if (std::any_of(conflict.keys.begin(), conflict.keys.end(), is_bad)) {
            continue;
        }
        // Where the blamed key has its default, the mistake is at one of the others.
        const auto given = std::find_if(conflict.keys.begin(), conflict.keys.end(), is_given);
        const std::string_view at = given == conflict.keys.end() ? conflict.keys.front() : *given;
        add_problem(loaded_.origins.find(at)->second, std::string(conflict.keys.front()),
                    std::move(conflict.message));
    }
}

LoadResult Loader::finish() {
    find_conflicts();
    if (problems_left_out_ > 0) {
        problems_.push_back(
            {file_, "", std::to_string(problems_left_out_) + " more problems are not listed"});
    }
    if (!problems_.empty()) {
        return std::move(problems_);
    }
    return std::move(loaded_);
}

}  // namespace config
