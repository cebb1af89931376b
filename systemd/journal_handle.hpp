// SPDX-License-Identifier: Apache-2.0
// sd-journal(3): the journal of this host, and the fields and the cursor of the entry that a handle
// is at. Functions that return an int return a negative errno on failure, as libsystemd does.
#pragma once

#include "core/base/result.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct sd_journal;

namespace systemd {

struct CloseJournal {
    void operator()(sd_journal* journal) const;
};
using JournalHandle = std::unique_ptr<sd_journal, CloseJournal>;

/// The system journal of this host. libsystemd skips files that it may not open, without an error;
/// see has_files().
[[nodiscard]] core::Result<JournalHandle> open_journal();

/// The error of a call on the journal that returned `result`.
[[nodiscard]] core::Error journal_error(int result, std::string_view action);

/// False when no file could be opened, or all were found damaged.
[[nodiscard]] bool has_files(sd_journal* journal);

/// Limits reading to entries with this "FIELD=value". Matches of different fields must all hold.
[[nodiscard]] int add_match(sd_journal* journal, std::string_view field_and_value);
[[nodiscard]] int match_this_boot(sd_journal* journal);

/// The field's value, valid until the next call on the journal. Absent when the entry has none or
/// is damaged.
[[nodiscard]] std::optional<std::string_view> field(sd_journal* journal, const char* name);

/// "" on failure.
[[nodiscard]] std::string cursor_of(sd_journal* journal);

/// Whether both cursors are of one entry. An entry that was moved to another file has another
/// cursor, but the same boot, times and hash.
[[nodiscard]] bool is_same_entry(std::string_view one, std::string_view other);

/// CLOCK_MONOTONIC of the cursor's entry in microseconds; 0 for "".
[[nodiscard]] std::uint64_t monotonic_of(std::string_view cursor);

}  // namespace systemd
