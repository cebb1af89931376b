// SPDX-License-Identifier: Apache-2.0
#include "systemd/unit_list.hpp"

#include "core/base/printable.hpp"
#include "systemd/units.hpp"

#include <systemd/sd-bus.h>

#include <algorithm>
#include <cstdint>
#include <utility>

namespace systemd {
namespace {

constexpr std::size_t max_text = 200;

// One element of the answer of ListUnitsByPatterns, org.freedesktop.systemd1(5): a(ssssssouso).
// False at its end.
core::Result<bool> read_unit(sd_bus_message* message, ListedUnit& unit) {
    const char* name = nullptr;
    const char* load = nullptr;
    const char* active = nullptr;
    const char* sub = nullptr;
    const char* path = nullptr;
    const char* job = nullptr;
    std::uint32_t job_id = 0;
    const int result = sd_bus_message_read(message, "(ssssssouso)", &name, nullptr, &load, &active,
                                           &sub, nullptr, &path, &job_id, &job, nullptr);
    if (result < 0) {
        return core::system_error(-result, "read", "systemd's list of units");
    }
    if (result == 0) {
        return false;
    }
    unit.facts.name = printable_text(name);
    unit.facts.load_state = printable_text(load);
    unit.facts.active_state = printable_text(active);
    unit.facts.sub_state = printable_text(sub);
    unit.facts.job = job_id == 0 ? "" : printable_text(job);
    unit.path = path;
    return true;
}

}  // namespace

bool runs_postfix(std::string_view unit) {
    return unit == "postfix.service" ||
           (unit.starts_with("postfix@") && unit.ends_with(".service"));
}

std::string printable_text(const char* text) {
    return core::printable(text == nullptr ? "" : text, max_text);
}

core::Result<std::vector<ListedUnit>> read_unit_list(sd_bus_message* message) {
    if (const int result = sd_bus_message_enter_container(message, 'a', "(ssssssouso)");
        result < 0) {
        return core::system_error(-result, "read", "systemd's list of units");
    }
    std::vector<ListedUnit> units;
    while (units.size() < max_units) {
        ListedUnit unit;
        const auto found = read_unit(message, unit);
        if (!found) {
            return found.error();
        }
        if (!*found) {
            break;
        }
        if (runs_postfix(unit.facts.name)) {
            units.push_back(std::move(unit));
        }
    }
    std::sort(units.begin(), units.end(),
              [](const auto& a, const auto& b) { return a.facts.name < b.facts.name; });
    return units;
}

}  // namespace systemd
