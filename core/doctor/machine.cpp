// SPDX-License-Identifier: Apache-2.0
// What several rules ask of a machine.
#include "core/doctor/rules.hpp"
#include "core/parse/unit_name.hpp"

#include <algorithm>
#include <array>

namespace core::doctor {
namespace {

using Values = std::array<std::pair<std::string_view, std::string>, 6>;

Values values_of(const Machine& machine) {
    const UnitProperties* postfix = machine.postfix();
    return {{
        {"{mount}", machine.settings.mount.path},
        {"{mount_unit}", machine.mount_unit()},
        {"{link}", machine.settings.queue.link},
        {"{skeleton}", machine.settings.queue.skeleton},
        {"{unit}", postfix != nullptr ? postfix->name : "postfix.service"},
        {"{port}", std::to_string(machine.settings.listen.port)},
    }};
}

std::string filled(std::string_view pattern, const Values& values) {
    std::string text(pattern);
    for (const auto& [name, value] : values) {
        for (std::size_t at = 0; (at = text.find(name, at)) != std::string::npos;
             at += value.size()) {
            text.replace(at, name.size(), value);
        }
    }
    return text;
}

}  // namespace

const UnitProperties* Machine::unit(std::string_view name) const {
    if (!facts.units) {
        return nullptr;
    }
    const auto found = std::ranges::find(*facts.units, name, &UnitProperties::name);
    return found == facts.units->end() ? nullptr : &*found;
}

// Until Debian 12 postfix.service is a oneshot that runs /bin/true. Where it is the real unit,
// postfix@-.service can still be loaded from its template, but runs nothing.
const UnitProperties* Machine::postfix() const {
    const UnitProperties* single = unit("postfix.service");
    if (is_loaded(single) && single->type != "oneshot") {
        return single;
    }
    const UnitProperties* instance = unit("postfix@-.service");
    return is_loaded(instance) ? instance : nullptr;
}

std::string Machine::mount_unit() const {
    return mount_unit_name(settings.mount.path);
}

std::string Machine::text(std::string_view pattern) const {
    return filled(pattern, values_of(*this));
}

std::string Machine::command(std::string_view pattern) const {
    Values values = values_of(*this);
    for (auto& [name, value] : values) {
        value = shell_quoted(value);
    }
    return filled(pattern, values);
}

bool is_loaded(const UnitProperties* unit) {
    return unit != nullptr && unit->load_state == "loaded";
}

bool is_enabled(const UnitProperties& unit) {
    return unit.unit_file_state.starts_with("enabled");
}

bool contains(const std::vector<std::string>& list, std::string_view word) {
    return std::find(list.begin(), list.end(), word) != list.end();
}

bool waits_for_user_data(const UnitProperties& unit) {
    return contains(unit.after, "cloud-final.service") || contains(unit.after, "cloud-init.target");
}

bool is_within(std::string_view path, std::string_view directory) {
    return path.starts_with(directory) &&
           (path.size() == directory.size() || path[directory.size()] == '/');
}

std::string list_of(std::span<const std::string> names) {
    constexpr std::size_t most = 5;
    const std::size_t count = std::min(names.size(), most);
    std::string text;
    for (std::size_t i = 0; i < count; ++i) {
        const bool last = i + 1 == names.size();
        const std::string_view separator = last ? " and " : ", ";
        text += i == 0 ? "" : separator;
        text += names[i];
    }
    return names.size() > most ? text + " and " + std::to_string(names.size() - most) + " more"
                               : text;
}

}  // namespace core::doctor
