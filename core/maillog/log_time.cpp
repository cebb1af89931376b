// SPDX-License-Identifier: Apache-2.0
#include "core/maillog/log_time.hpp"

#include "core/base/text_fields.hpp"

#include <algorithm>
#include <array>

namespace core {
namespace {

namespace chrono = std::chrono;

constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

constexpr bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

// Whether `text` begins with `form`, in which a 0 matches any digit.
bool begins_like(std::string_view text, std::string_view form) {
    return text.size() >= form.size() &&
           std::equal(form.begin(), form.end(), text.begin(),
                      [](char f, char c) { return f == '0' ? is_digit(c) : f == c; });
}

// The digits must have been checked.
int number(std::string_view digits) {
    int value = 0;
    for (const char c : digits) {
        value = value * 10 + (c - '0');
    }
    return value;
}

struct Clock {
    int hour;
    int minute;
    int second;

    [[nodiscard]] bool valid() const { return hour < 24 && minute < 60 && second <= 60; }
    [[nodiscard]] chrono::seconds since_midnight() const {
        return chrono::hours(hour) + chrono::minutes(minute) + chrono::seconds(second);
    }
};

// "hh:mm:ss", digits checked.
Clock clock_of(std::string_view text) {
    return {number(text.substr(0, 2)), number(text.substr(3, 2)), number(text.substr(6, 2))};
}

// Takes ".543207" off the front.
chrono::milliseconds take_fraction(std::string_view& rest) {
    if (rest.size() < 2 || rest[0] != '.' || !is_digit(rest[1])) {
        return {};
    }
    rest.remove_prefix(1);
    int milliseconds = 0;
    for (int weight = 100; !rest.empty() && is_digit(rest.front()); weight /= 10) {
        milliseconds += weight * (rest.front() - '0');
        rest.remove_prefix(1);
    }
    return chrono::milliseconds(milliseconds);
}

// Takes "Z" or "+01:00" off the front: how far local time is ahead of UTC.
std::optional<chrono::minutes> take_offset(std::string_view& rest) {
    if (rest.starts_with('Z')) {
        rest.remove_prefix(1);
        return chrono::minutes(0);
    }
    if (!begins_like(rest, "+00:00") && !begins_like(rest, "-00:00")) {
        return std::nullopt;
    }
    const chrono::minutes ahead =
        chrono::hours(number(rest.substr(1, 2))) + chrono::minutes(number(rest.substr(4, 2)));
    const bool west = rest.front() == '-';
    rest.remove_prefix(6);
    return west ? -ahead : ahead;
}

std::optional<WallTime> take_rfc3339(std::string_view& line) {
    if (!begins_like(line, "0000-00-00T00:00:00")) {
        return std::nullopt;
    }
    const chrono::year_month_day date(
        chrono::year(number(line.substr(0, 4))),
        chrono::month(static_cast<unsigned>(number(line.substr(5, 2)))),
        chrono::day(static_cast<unsigned>(number(line.substr(8, 2)))));
    const Clock clock = clock_of(line.substr(11, 8));
    std::string_view rest = line.substr(19);
    const auto fraction = take_fraction(rest);
    const auto ahead = take_offset(rest);
    if (!date.ok() || !clock.valid() || !ahead || !rest.starts_with(' ')) {
        return std::nullopt;
    }
    line = rest.substr(1);
    return chrono::sys_days(date) + clock.since_midnight() + fraction - *ahead;
}

std::tm calendar(const chrono::year_month_day& date, const Clock& clock) {
    std::tm result{};
    result.tm_year = static_cast<int>(date.year()) - 1900;
    result.tm_mon = static_cast<int>(static_cast<unsigned>(date.month())) - 1;
    result.tm_mday = static_cast<int>(static_cast<unsigned>(date.day()));
    result.tm_hour = clock.hour;
    result.tm_min = clock.minute;
    result.tm_sec = clock.second;
    result.tm_isdst = -1;
    return result;
}

std::optional<WallTime> latest_year(chrono::month month, chrono::day day, const Clock& clock,
                                    WallTime now, const LocalTime& local_time) {
    constexpr int years_between_leap_years = 8;  // at most, around 1900, 2100, ...
    const auto latest = now + chrono::days(1);
    const chrono::year this_year = chrono::year_month_day(chrono::floor<chrono::days>(now)).year();
    for (int back = -1; back <= years_between_leap_years; ++back) {
        const chrono::year_month_day date(this_year - chrono::years(back), month, day);
        if (!date.ok()) {
            continue;
        }
        const WallTime at = local_time(calendar(date, clock));
        if (at <= latest) {
            return at;
        }
    }
    return std::nullopt;
}

std::optional<WallTime> take_traditional(std::string_view& line, WallTime now,
                                         const LocalTime& local_time) {
    const auto month = std::find(months.begin(), months.end(), line.substr(0, 3));
    if (month == months.end()) {
        return std::nullopt;
    }
    const std::string_view rest = line.substr(3);
    if (!begins_like(rest, " 00 00:00:00 ") && !begins_like(rest, "  0 00:00:00 ")) {
        return std::nullopt;
    }
    const int day = number(rest[1] == ' ' ? rest.substr(2, 1) : rest.substr(1, 2));
    const Clock clock = clock_of(rest.substr(4, 8));
    if (!clock.valid()) {
        return std::nullopt;
    }
    const auto at = latest_year(chrono::month(static_cast<unsigned>(month - months.begin()) + 1),
                                chrono::day(static_cast<unsigned>(day)), clock, now, local_time);
    if (at) {
        line = rest.substr(13);
    }
    return at;
}

}  // namespace

std::optional<WallTime> take_log_time(std::string_view& line, WallTime now,
                                      const LocalTime& local_time) {
    if (const auto at = take_rfc3339(line)) {
        return at;
    }
    return take_traditional(line, now, local_time);
}

std::string_view after_log_time(std::string_view line) {
    constexpr std::size_t traditional_size = 16;  // "Nov 22 10:19:24 "
    const bool traditional = line.empty() || !is_digit(line.front());
    const std::size_t size =
        traditional ? traditional_size : std::min(line.find(' '), line.size() - 1) + 1;
    return line.substr(std::min(size, line.size()));
}

}  // namespace core
