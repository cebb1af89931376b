// SPDX-License-Identifier: Apache-2.0
#include "core/base/duration.hpp"

#include "core/base/excerpt.hpp"

#include <array>
#include <charconv>
#include <limits>

namespace core {
namespace {

struct Unit {
    std::string_view name;
    Duration::rep milliseconds;
};

// From the largest to the smallest, as format_duration() tries them.
constexpr std::array units{Unit{"d", 86'400'000}, Unit{"h", 3'600'000}, Unit{"m", 60'000},
                           Unit{"s", 1'000}, Unit{"ms", 1}};

Error refusal(std::string_view text, std::string_view why) {
    std::string message = excerpt(text);
    message.append(" ").append(why);
    message +=
        "; a duration is a whole number and a unit, one of ms, s, m, h, d, such as 250ms or 5m";
    return {Errc::malformed, std::move(message)};
}

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
    const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    if (digits == 0) {
        return refusal(text, text.starts_with('-') ? "is negative" : "is not a duration");
    }
    const std::string_view name = text.substr(digits);
    if (name.empty()) {
        return refusal(text, "has no unit");
    }
    for (const Unit& unit : units) {
        if (unit.name != name) {
            continue;
        }
        Duration::rep number = 0;
        const auto outcome = std::from_chars(text.data(), text.data() + digits, number);
        if (outcome.ec != std::errc{} ||
            number > std::numeric_limits<Duration::rep>::max() / unit.milliseconds) {
            return refusal(text, "is too long");
        }
        return Duration{number * unit.milliseconds};
    }
    return refusal(text, "is not a duration");
}

std::string format_duration(Duration duration) {
    if (duration == Duration::zero()) {
        return "0s";
    }
    for (const Unit& unit : units) {
        if (duration.count() % unit.milliseconds == 0) {
            return std::to_string(duration.count() / unit.milliseconds).append(unit.name);
        }
    }
    return {};  // unreachable: every number of milliseconds is divisible by the last unit
}

}  // namespace core
