// SPDX-License-Identifier: Apache-2.0
// What the checks share: making findings, and judging whether their facts are fresh enough.
#pragma once

#include "core/checks/checks.hpp"
#include "core/model/paths.hpp"

#include <string>
#include <string_view>

namespace core {

/// Makes the findings of one check. Makes `observed`, `output` and `remedy` printable, bounded and
/// one line each, whatever bytes a log or a link held.
class FindingBuilder {
   public:
    /// `settings` must outlive the builder.
    FindingBuilder(Check check, const Settings& settings, std::string_view instance_id);

    [[nodiscard]] Finding pass(TimePoint at, std::string_view observed) const;
    [[nodiscard]] Finding warn(Reason reason, TimePoint at, std::string_view observed,
                               std::string_view output) const;
    [[nodiscard]] Finding fail(Reason reason, TimePoint at, std::string_view observed,
                               std::string_view output) const;

    /// A failure because a fact is unknown: never definitive.
    [[nodiscard]] Finding unknown(Reason reason, TimePoint at, std::string_view output) const;

    /// The same because of the mount, whose check has the remedy. `status` is warn or fail.
    [[nodiscard]] Finding behind_mount(Status status, Reason reason, TimePoint at,
                                       std::string_view observed, std::string_view output) const;

   private:
    [[nodiscard]] Finding bad(Status status, Reason reason, TimePoint at, std::string_view observed,
                              std::string_view output) const;

    Check check_;
    const Settings& settings_;
    std::string_view instance_id_;
};

/// The same finding with a remedy that fits better than the table's; made printable and bounded.
[[nodiscard]] Finding with_remedy(Finding finding, Remedy remedy);

/// The remedy of a consequence of another fault: "Fix mount first."
[[nodiscard]] Remedy fix_first(Check cause);

/// Whether facts of `at` are too old: so many rounds were missed that their worker must be gone.
/// While the relink answers its slices, no round is due and nothing is stale.
[[nodiscard]] bool is_stale(const Facts& facts, TimePoint at, const Settings& settings,
                            TimePoint now);

/// The earlier of two by the boot clock.
[[nodiscard]] TimePoint older(TimePoint a, TimePoint b);

/// The output of the relink and of the gate while awaits_user_data(), and the remedy.
inline constexpr std::string_view waits_for_user_data =
    "waits until cloud-init has run user data (queue.after_user_data)";
[[nodiscard]] Remedy user_data_remedy();

/// `the instance id is not known yet: <why>`
[[nodiscard]] std::string unknown_id(const Facts& facts);

/// What to do about an id that is not known.
[[nodiscard]] Remedy unknown_id_remedy(const Settings& settings);

/// The output of every check but the relink's while the id is unknown; the relink's has the cause.
inline constexpr std::string_view not_without_id = "not known until the instance id is";

/// One line: why the latest probe of the mount failed. `facts.mount` must have a value.
[[nodiscard]] std::string why_not_answered(const Facts& facts, const Settings& settings);

/// Whether the process works in a queue that cannot be this instance's: another instance's on the
/// mount, or a local directory of the relink. A second Postfix with its own queue does not count.
[[nodiscard]] bool works_in_foreign_queue(const ProcessFacts& process, const Paths& paths);

}  // namespace core
