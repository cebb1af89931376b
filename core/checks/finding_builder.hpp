// SPDX-License-Identifier: Apache-2.0
// What the checks share: making a finding, and telling whether the facts behind it are fresh enough
// to say anything.
#pragma once

#include "core/checks/checks.hpp"
#include "core/model/paths.hpp"

#include <string>
#include <string_view>

namespace core {

/// Makes the findings of one check. Everything in `observed`, `output` and `remedy` ends up
/// printable, bounded and on one line, whatever bytes a log or a link held.
class FindingBuilder {
   public:
    /// `settings` must outlive the builder.
    FindingBuilder(Check check, const Settings& settings, std::string_view instance_id);

    [[nodiscard]] Finding pass(TimePoint at, std::string_view observed) const;
    [[nodiscard]] Finding warn(Reason reason, TimePoint at, std::string_view observed,
                               std::string_view output) const;
    [[nodiscard]] Finding fail(Reason reason, TimePoint at, std::string_view observed,
                               std::string_view output) const;

    /// A failure that is only not knowing: never definitive.
    [[nodiscard]] Finding unknown(Reason reason, TimePoint at, std::string_view output) const;

    /// The same for want of the mount, whose own check says what to do. `status` is warn or fail.
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

/// Whether facts of `at` are too old to say anything: so many rounds were missed that the one who
/// gathers them must be gone. While slices of the relink are answered no round is due, and nothing
/// is stale.
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

/// What every check but the relink's says while the id is not known: the cause stands there, once.
inline constexpr std::string_view not_without_id = "not known until the instance id is";

/// One line for a probe of the mount that brought no answer of the file system. There must be one.
[[nodiscard]] std::string why_not_answered(const Facts& facts, const Settings& settings);

/// Whether this process's place of work is a queue that certainly is not this instance's: another
/// instance's on the mount, or a local directory of the relink. A second Postfix with a queue
/// directory of its own is not meant.
[[nodiscard]] bool works_in_foreign_queue(const ProcessFacts& process, const Paths& paths);

}  // namespace core
