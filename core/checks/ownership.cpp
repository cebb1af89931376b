// SPDX-License-Identifier: Apache-2.0
// Two hosts with one NFS client name ("twins") are one client to the server, so a lock proves
// nothing between them: a twin's name in our owner file outranks the state of our lock.
//
// Twins with ids of their own end each other's locks: the server takes each for the other after a
// reboot. A lock that is lost repeatedly within a minute therefore proves a twin. An outage takes a
// lease for each loss, 30 s or more.
#include "core/base/text_part.hpp"
#include "core/checks/finding_builder.hpp"

#include <array>
#include <chrono>

namespace core {

namespace {

using State = OwnershipFacts::State;

constexpr std::array<std::string_view, 6> state_names{
    "unclaimed",      "held", "held by another agent process of this boot",
    "held elsewhere", "lost", "unknown"};

std::string_view name_of(State state) {
    return state_names[static_cast<std::size_t>(state)];
}

std::string describe(const OwnerRecord& owner) {
    if (owner.hostname.empty()) {
        return "another host or boot";
    }
    return "host " + owner.hostname + " (boot " + owner.boot_id + ", since " + owner.since + ")";
}

std::string describe_twin(const OwnerRecord& twin) {
    return twin.instance_id + " on " + describe(twin) + " has the same NFS client name, " +
           twin.nfs_client;
}

constexpr std::chrono::minutes losses_of_a_twin_come_within{1};

bool is_lost_over_and_over(const OwnershipFacts& ownership, TimePoint now) {
    const auto& losses = ownership.losses;
    return losses.size() == OwnershipFacts::losses_kept &&
           losses.front() >= (now.boot - losses_of_a_twin_come_within).count();
}

Finding check_held(const FindingBuilder& make, const Facts& facts, const Paths& paths,
                   TimePoint now) {
    const OwnershipFacts& ownership = facts.mount.value->ownership;
    const TimePoint at = facts.mount.at;
    const bool over_and_over = is_lost_over_and_over(ownership, now);
    if (ownership.shared_with) {
        const std::string& twin = ownership.shared_with->nfs_client;
        const std::string owner = describe_twin(*ownership.shared_with);
        return over_and_over ? make.fail(Reason::identity_shared, at, twin,
                                         "the lock on " + paths.owner_file +
                                             " is taken away repeatedly: " + owner)
                             : make.warn(Reason::identity_shared, at, twin,
                                         owner + ": locks do not hold between the two");
    }
    if (!over_and_over) {
        return make.pass(at, name_of(ownership.state));
    }
    return with_remedy(
        make.fail(Reason::lost, at, name_of(ownership.state),
                  "the lock on " + paths.owner_file +
                      " is lost repeatedly and claimed again each time, as if another host had the "
                      "same NFS client name, " +
                      ownership.holder.nfs_client + ", and each took the other's locks away"),
        filled(reason_info(Check::ownership, Reason::identity_shared).remedy, {}, {}));
}

/// A running agent claims the id in its relink, which has a check of its own.
Remedy remedy_of_unclaimed(const Observed<RelinkProgress>& relink) {
    if (relink.value && relink.value->state != RelinkProgress::State::done) {
        return fix_first(Check::relink);
    }
    return {"Start the agent, which claims the id.", {"sudo systemctl start postfix-elb-agent"}};
}

Finding check_state(const FindingBuilder& make, const Facts& facts, const Paths& paths,
                    TimePoint now) {
    const OwnershipFacts& ownership = facts.mount.value->ownership;
    const std::string& id = facts.instance_id;
    const TimePoint at = facts.mount.at;
    const std::string_view seen = name_of(ownership.state);
    switch (ownership.state) {
        case State::held:
        case State::held_here: return check_held(make, facts, paths, now);
        case State::held_elsewhere:
        case State::lost:
            if (ownership.shared_with) {
                return make.fail(Reason::identity_shared, at, ownership.shared_with->nfs_client,
                                 "the lock on " + paths.owner_file +
                                     " was taken away: " + describe_twin(*ownership.shared_with));
            }
            break;
        case State::unclaimed:
            // A warning: no other host holds it. No agent is running, or its mount worker has just
            // started and will claim; a claim that fails is a fault of the relink.
            return with_remedy(
                make.warn(Reason::lost, at, seen,
                          "no agent of this host holds the lock on " + paths.owner_file),
                remedy_of_unclaimed(facts.relink));
        case State::error:
            return make.unknown(
                Reason::lost, at,
                "the holder of " + paths.owner_file + " is unknown: " + ownership.error);
    }
    if (ownership.state == State::held_elsewhere) {
        return make.fail(
            Reason::held_elsewhere, at, ownership.holder.hostname,
            "the id " + id + " is held by " + describe(ownership.holder) + ", " + paths.owner_file);
    }
    Finding lost = make.fail(
        Reason::lost, at, seen,
        "the lock on " + paths.owner_file + " was lost" + text_part(": ", ownership.error) +
            (ownership.holder.hostname.empty() ? std::string()
                                               : "; it names " + describe(ownership.holder)));
    // Every instance loses the lock in an outage that is longer than a lease. Without another owner
    // it is claimed again at once.
    lost.certainty = ownership.holder.instance_id.empty() ? Certainty::doubtful : lost.certainty;
    return lost;
}

}  // namespace

Finding check_ownership(const Facts& facts, const Settings& settings, TimePoint now) {
    const FindingBuilder make(Check::ownership, settings, facts.instance_id);
    if (facts.instance_id.empty()) {
        return with_remedy(make.unknown(Reason::lost, facts.mount.at, not_without_id),
                           fix_first(Check::relink));
    }
    const Paths paths = paths_for(settings, facts.instance_id);
    if (!facts.mount.value) {
        return make.unknown(Reason::lost, facts.mount.at,
                            paths.owner_file + " was not looked at yet");
    }
    if (facts.mount.value->answer != MountFacts::Answer::answered) {
        return make.behind_mount(
            Status::fail, Reason::lost, facts.mount.at, "",
            paths.owner_file + " could not be looked at: " + why_not_answered(facts, settings));
    }
    const Finding finding = check_state(make, facts, paths, now);
    const std::int64_t expired = facts.host.value ? facts.host.value->lease_expired.value_or(0) : 0;
    if (finding.status == Status::fail || expired <= 0) {
        return finding;
    }
    return make.fail(Reason::lease_expired, older(facts.host.at, facts.mount.at),
                     std::to_string(expired) + " s",
                     "the lease of " + paths.mount + " ran out " + std::to_string(expired) +
                         " s ago, the server may give away the lock on " + paths.owner_file);
}

}  // namespace core
