// SPDX-License-Identifier: Apache-2.0
#include "core/checks/finding_builder.hpp"

namespace core {

bool awaits_user_data(const Facts& facts, const Settings& settings) {
    return settings.queue.after_user_data &&
           (!facts.host.value || facts.host.value->user_data == UserData::running);
}

Finding check_relink(const Facts& facts, const Settings& settings, TimePoint /*now*/) {
    const FindingBuilder make(Check::relink, settings, facts.instance_id);
    const TimePoint at = facts.relink.at;
    if (facts.instance_id.empty()) {
        return with_remedy(make.unknown(Reason::pending, at, unknown_id(facts)),
                           unknown_id_remedy(settings));
    }
    const Paths paths = paths_for(settings, facts.instance_id);
    const bool done =
        facts.relink.value && facts.relink.value->state == RelinkProgress::State::done;
    if (!done && awaits_user_data(facts, settings)) {
        return with_remedy(
            make.fail(Reason::pending, facts.host.at, "pending",
                      paths.link + " to " + paths.queue + ": " + std::string(waits_for_user_data)),
            user_data_remedy());
    }
    if (!facts.relink.value) {
        return make.unknown(
            Reason::pending, at,
            "the relink of " + paths.link + " to " + paths.queue + " has not started");
    }
    const RelinkProgress& progress = *facts.relink.value;
    const std::string output = paths.link + " to " + paths.queue + ": " + progress.text;
    Finding finding;
    switch (progress.state) {
        case RelinkProgress::State::done:
            return make.pass(at, progress.changed ? "relinked" : "nothing to do");
        case RelinkProgress::State::pending:
            finding = make.fail(Reason::pending, at, "pending", output);
            break;
        case RelinkProgress::State::refused:
            finding = make.fail(Reason::refused, at, "refused", output);
            break;
        case RelinkProgress::State::failed:
            finding = make.fail(Reason::failed, at, "failed", output);
            break;
    }
    return progress.remedy.advice.empty() ? finding : with_remedy(finding, progress.remedy);
}

}  // namespace core
