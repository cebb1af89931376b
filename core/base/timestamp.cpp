// SPDX-License-Identifier: Apache-2.0
#include "core/base/timestamp.hpp"

#include <array>
#include <cstdint>
#include <cstdio>
#include <string_view>

namespace core {

std::string rfc3339(WallTime time) {
    using namespace std::chrono;
    const auto day = floor<days>(time);
    const year_month_day date(day);
    const hh_mm_ss clock(time - day);
    std::array<char, 64> text{};
    const int size = std::snprintf(
        text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ",
        static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
        static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
        static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()),
        static_cast<int>(clock.subseconds().count()));
    return {text.data(), static_cast<std::size_t>(size)};
}

std::string describe_age(BootTime age) {
    struct Unit {
        std::int64_t seconds;
        std::int64_t until;  // seconds from which the next unit is used
        std::string_view name;
    };
    static constexpr std::array<Unit, 4> units{
        {{1, 120, " s"}, {60, 7200, " min"}, {3600, 172800, " h"}, {86400, INT64_MAX, " d"}}};
    const std::int64_t seconds = age.count() > 0 ? age.count() / 1000 : 0;
    std::size_t unit = 0;
    while (seconds >= units[unit].until) {
        ++unit;
    }
    return std::to_string(seconds / units[unit].seconds).append(units[unit].name);
}

}  // namespace core
