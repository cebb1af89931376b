// SPDX-License-Identifier: Apache-2.0
#include "systemd/ordering_cycles.hpp"

#include "core/base/printable.hpp"
#include "systemd/monotonic.hpp"

#include <systemd/sd-id128.h>
#include <systemd/sd-journal.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>

namespace systemd {
namespace {

constexpr std::string_view about_cycles =
    "ordering cycle";  // in every version of systemd's messages of one
constexpr std::size_t longest_line = 300;

struct CloseJournal {
    void operator()(sd_journal* journal) const { sd_journal_close(journal); }
};

core::Error failed(int result) {
    return core::system_error(-result, "read", "the journal");
}

// Early in a boot systemd speaks through the kernel's log, and the entry has no _PID of its own.
int match_systemd_in_this_boot(sd_journal* journal) {
    sd_id128_t boot{};
    int result = sd_id128_get_boot(&boot);
    if (result < 0) {
        return result;
    }
    std::array<char, SD_ID128_STRING_MAX> text{};
    const std::string of_boot = std::string("_BOOT_ID=") + sd_id128_to_string(boot, text.data());
    constexpr std::string_view of_systemd = "SYSLOG_IDENTIFIER=systemd";
    result = sd_journal_add_match(journal, of_boot.data(), of_boot.size());
    return result < 0 ? result
                      : sd_journal_add_match(journal, of_systemd.data(), of_systemd.size());
}

std::string message_of(sd_journal* journal) {
    const void* data = nullptr;
    std::size_t size = 0;
    if (sd_journal_get_data(journal, "MESSAGE", &data, &size) < 0) {
        return "";
    }
    const std::string_view field(static_cast<const char*>(data), size);
    return core::printable(field.substr(std::min(size, std::string_view("MESSAGE=").size())),
                           longest_line);
}

bool names_one_of(const std::string& line, const std::vector<std::string>& units) {
    return std::any_of(units.begin(), units.end(), [&](const std::string& unit) {
        return line.find(unit) != std::string::npos;
    });
}

// libsystemd leaves out what it may not open, without a word.
core::Result<void> see_that_it_is_there(sd_journal* journal) {
    std::uint64_t bytes = 0;
    if (sd_journal_get_usage(journal, &bytes) >= 0 && bytes > 0) {
        return {};
    }
    return core::Error{core::Errc::missing, "there is no journal that this user may read"};
}

}  // namespace

core::Result<std::vector<std::string>> ordering_cycles(const std::vector<std::string>& units,
                                                       CycleLimits limits) {
    sd_journal* opened = nullptr;
    int result = sd_journal_open(&opened, SD_JOURNAL_LOCAL_ONLY | SD_JOURNAL_SYSTEM);
    const std::unique_ptr<sd_journal, CloseJournal> journal(opened);
    if (result < 0) {
        return failed(result);
    }
    if (const auto there = see_that_it_is_there(journal.get()); !there) {
        return there.error();
    }
    result = match_systemd_in_this_boot(journal.get());
    result = result < 0 ? result : sd_journal_seek_head(journal.get());
    const std::uint64_t deadline =
        monotonic_now() +
        static_cast<std::uint64_t>(std::chrono::microseconds(limits.time).count());
    std::vector<std::string> lines;
    for (std::size_t i = 0; result >= 0 && i < limits.entries && lines.size() < limits.lines; ++i) {
        result = sd_journal_next(journal.get());
        if (result <= 0 || monotonic_now() >= deadline) {
            break;
        }
        std::string line = message_of(journal.get());
        const bool tells =
            line.find(about_cycles) != std::string::npos && names_one_of(line, units);
        if (tells && std::find(lines.begin(), lines.end(), line) == lines.end()) {
            lines.push_back(std::move(line));
        }
    }
    if (result < 0) {
        return failed(result);
    }
    return lines;
}

}  // namespace systemd
