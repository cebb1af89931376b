// SPDX-License-Identifier: Apache-2.0
// Carries out what core/queue/relink_plan.hpp plans: look, plan, do the steps, look again; done
// when there is nothing left to do. In slices of time, so that each reply shows progress.
//
// Before each step that writes on the mount the mount itself is verified, and each such step works
// from a descriptor of its root: nothing is ever written under a path that is not mounted. The
// steps at the link's place are taken only right after a fresh look, because a master may have been
// started during the copy.
#pragma once

#include "agent/mount/agent_directory.hpp"
#include "agent/mount/owner_lock.hpp"
#include "agent/relink/relink_facts.hpp"
#include "agent/relink/relink_steps.hpp"
#include "agent/relink/tree_copy.hpp"
#include "agent/relink/tree_remove.hpp"
#include "core/model/facts.hpp"
#include "core/model/paths.hpp"
#include "core/model/settings.hpp"
#include "core/queue/relink_plan.hpp"

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace agent {

class Relinker {
   public:
    /// Every master(8) of this host, asked before each plan (agent/host/master_processes.hpp).
    /// Without an answer there is no plan.
    using FindMasters = std::function<core::Result<std::vector<core::ProcessFacts>>()>;

    /// `lock` is borrowed for this object's life.
    Relinker(core::Settings settings, std::string instance_id, OwnerLock& lock,
             FindMasters find_masters);

    /// What continue_for() would do now. Writes nothing.
    [[nodiscard]] core::Result<core::RelinkPlan> plan();

    /// One slice of work. With `more`: ask again at once; such a progress is pending, or failed as
    /// the try before was. Pending without it: the mount is not there yet. After the end of a try
    /// the next call starts again from the facts.
    [[nodiscard]] core::RelinkProgress continue_for(std::chrono::milliseconds budget);

    /// Looks that one relink may need: on the mount, at the link, to verify; and one more for a
    /// surprise between.
    static constexpr int max_looks = 4;

   private:
    struct Run {
        std::optional<MountDirectory> mount;
        std::vector<core::RelinkStep> steps;
        std::size_t next = 0;
        std::optional<AgentDirectory> agent_directory;  ///< while copying or removing
        std::optional<TreeCopy> copy;
        std::optional<TreeRemove> remove;
    };

    [[nodiscard]] core::RelinkProgress in_work(const core::RelinkStep& step);
    [[nodiscard]] core::RelinkProgress report(core::RelinkProgress::State state, std::string text,
                                              core::Remedy remedy = {});
    [[nodiscard]] core::RelinkProgress fail(std::string_view step, const core::Error& error);
    [[nodiscard]] core::Result<RelinkObservation> observe();
    [[nodiscard]] std::optional<core::RelinkProgress> look();
    [[nodiscard]] bool at_first_link_step() const;
    [[nodiscard]] core::Result<Slice> carry_out(const core::RelinkStep& step,
                                                std::chrono::milliseconds budget);
    [[nodiscard]] core::Result<Slice> copy_slice(const core::RelinkStep& step,
                                                 std::chrono::milliseconds budget);
    [[nodiscard]] core::Result<Slice> remove_slice(std::chrono::milliseconds budget);
    [[nodiscard]] core::Result<void> claim();
    [[nodiscard]] core::Result<void> prove_ownership();
    [[nodiscard]] core::Result<void> open_staging();

    core::Settings settings_;
    std::string instance_id_;
    core::Paths paths_;
    OwnerLock& lock_;
    FindMasters find_masters_;

    std::optional<Run> run_;
    std::optional<core::RelinkProgress> failure_;  ///< of the try before, without its log
    int looks_ = 0;                                ///< since the relink began
    bool changed_ = false;
    std::vector<std::string> log_;
    std::vector<std::string> notes_;  ///< said once
};

}  // namespace agent
