// SPDX-License-Identifier: Apache-2.0
#include "systemd/ordering_cycles.hpp"

#include "core/base/printable.hpp"
#include "systemd/journal_handle.hpp"
#include "systemd/monotonic.hpp"

#include <systemd/sd-journal.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace systemd {
namespace {

// In each version of systemd's message about one.
constexpr std::string_view about_cycles = "ordering cycle";
constexpr std::size_t longest_line = 300;

// Early in a boot systemd logs through the kernel, and such an entry has no _PID.
int match_systemd_in_this_boot(sd_journal* journal) {
    const int result = match_this_boot(journal);
    return result < 0 ? result : add_match(journal, "SYSLOG_IDENTIFIER=systemd");
}

bool names_one_of(const std::string& line, const std::vector<std::string>& units) {
    return std::any_of(units.begin(), units.end(), [&](const std::string& unit) {
        return line.find(unit) != std::string::npos;
    });
}

}  // namespace

core::Result<std::vector<std::string>> ordering_cycles(const std::vector<std::string>& units,
                                                       CycleLimits limits) {
    const auto journal = open_journal();
    if (!journal) {
        return journal.error();
    }
    if (!has_files(journal->get())) {
        return core::Error{core::Errc::missing, "there is no journal that this user may read"};
    }
    int result = match_systemd_in_this_boot(journal->get());
    result = result < 0 ? result : sd_journal_seek_head(journal->get());
    const std::uint64_t deadline =
        monotonic_now() +
        static_cast<std::uint64_t>(std::chrono::microseconds(limits.time).count());
    std::vector<std::string> lines;
    for (std::size_t i = 0; result >= 0 && i < limits.entries && lines.size() < limits.lines; ++i) {
        result = sd_journal_next(journal->get());
        if (result <= 0 || monotonic_now() >= deadline) {
            break;
        }
        std::string line =
            core::printable(field(journal->get(), "MESSAGE").value_or(""), longest_line);
        const bool matches =
            line.find(about_cycles) != std::string::npos && names_one_of(line, units);
        if (matches && std::find(lines.begin(), lines.end(), line) == lines.end()) {
            lines.push_back(std::move(line));
        }
    }
    if (result < 0) {
        return journal_error(result, "read");
    }
    return lines;
}

}  // namespace systemd
