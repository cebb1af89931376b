// SPDX-License-Identifier: Apache-2.0
// The closed vocabulary of checks and reasons, one table for verdicts, metrics, the README and its
// tests.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace core {

enum class Check { mount, queue_link, master_pid, startup_log, ownership, relink };
inline constexpr std::size_t check_count = 6;

enum class Reason {
    none,
    // mount
    missing,
    wrong_type,
    wrong_source,
    read_only,
    hung,
    io_error,
    denied,
    // queue_link (and missing)
    not_a_link,
    wrong_target,
    dangling,
    off_mount,
    // master_pid (and missing)
    unreadable,
    stale,
    not_master,
    wrong_queue,
    not_locked,
    // startup_log (and unreadable)
    already_running,
    lock_refused,
    start_failed,
    source_lost,
    // ownership
    held_elsewhere,
    lost,
    lease_expired,
    identity_shared,
    // relink
    pending,
    refused,
    failed,
};

/// Whether one observation is enough, or `checks.fail_after` of them in a row are needed.
enum class Certainty { doubtful, definitive };

struct ReasonInfo {
    Check check;
    Reason reason;
    Certainty certainty;
    std::string_view meaning;  ///< for the README: what was seen
    std::string_view
        remedy;  ///< {mount} {id} {queue} {link} {skeleton} stand for the settings' values
};

[[nodiscard]] std::string_view to_string(Check check) noexcept;
[[nodiscard]] std::string_view to_string(Reason reason) noexcept;

/// All checks, in the order in which they are shown.
[[nodiscard]] std::span<const Check> all_checks() noexcept;

/// All reasons a check can give, in the order of the README's table.
[[nodiscard]] std::span<const ReasonInfo> all_reasons() noexcept;

/// The row of (check, reason). The pair must be in the table.
[[nodiscard]] const ReasonInfo& reason_info(Check check, Reason reason) noexcept;

/// Where a reason stands between the cause of all (0) and mere consequences: of several faults the
/// one of the lowest rank speaks for all of them. No two reasons share a rank.
[[nodiscard]] std::size_t cause_rank(Check check, Reason reason) noexcept;

/// The README's table of checks and reasons, in Markdown, a newline after every row.
[[nodiscard]] std::string reason_table_markdown();

}  // namespace core
