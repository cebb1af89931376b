// SPDX-License-Identifier: Apache-2.0
// The one table of settings: key, type, bounds, meaning, and whether a reload applies it. The
// loader, `config print`, the reload and the documents use it. Defaults come from a default
// core::Settings.
//
// To add a setting: a member of core::Settings, and a row in schema.cpp.
#pragma once

#include "core/base/result.hpp"
#include "core/model/settings.hpp"

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace config {

enum class Type {
    text,
    text_or_null,
    words,  ///< a non-empty list of texts
    integer,
    boolean,
    duration,  ///< written as text, core/base/duration.hpp
    choice,    ///< one of a few texts
};

/// Whether SIGHUP applies a change at once, or the program has to be restarted.
enum class Reload { live, restart };

/// A value in the shape that the settings file has: null, a whole number, a text, a list of texts,
/// true or false.
using Value =
    std::variant<std::monostate, std::int64_t, std::string, std::vector<std::string>, bool>;

struct Key {
    std::string_view path;  ///< "mount.deadline"
    Type type;
    std::string accepts;  ///< "a duration from 100ms to 1m"
    Reload reload;
    std::string_view words;  ///< one line for operators
    std::function<Value(const core::Settings&)> get;

    /// Sets a value; on an error (Errc::malformed, with the reason) changes nothing. A value of
    /// another type is an error.
    std::function<core::Result<void>(core::Settings&, const Value&)> set;
};

/// All settings, those of one section together, in the order in which they are shown.
[[nodiscard]] std::span<const Key> schema();

/// nullptr where there is no such key.
[[nodiscard]] const Key* find_key(std::string_view path);

/// Whether keys begin with `name` and a dot.
[[nodiscard]] bool is_section(std::string_view name);

/// "mount" of "mount.deadline"; "" of "user".
[[nodiscard]] std::string_view section_of(std::string_view path);

/// "deadline" of "mount.deadline"; "user" of "user".
[[nodiscard]] std::string_view name_of(std::string_view path);

/// A value as JSON of the settings file.
[[nodiscard]] std::string to_json(const Value& value);

}  // namespace config
