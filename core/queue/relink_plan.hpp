// SPDX-License-Identifier: Apache-2.0
// Makes the plan of the relink from facts. Pure. The mount worker gathers the facts and carries out
// the steps in order (agent/relink/relinker.hpp); each step can be interrupted and repeated.
//
// Goal: <link> is a symbolic link whose text is exactly <mount>/<id>, and that is a whole queue
// directory. From every state that is not refused, carrying out the plan reaches the goal, and the
// plan after that is empty.
#pragma once

#include "core/model/facts.hpp"
#include "core/model/settings.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace core {

struct RelinkFacts {
    std::string instance_id;

    /// Why the mount may not be used, one line ("not mounted", "type ext4 is not nfs4", ...);
    /// absent if it may.
    std::optional<std::string> mount_refusal;
    bool mount_missing = false;  ///< the refusal is that nothing is mounted (yet)

    OwnershipFacts ownership;
    bool agent_directory_complete = false;  ///< .postfix-elb-agent/ and its folders exist

    LinkFacts link;  ///< at settings.queue.link
    /// The directory at the end of the link, as the kernel names it (a master in it has it as its
    /// cwd); "" if there is none.
    std::string link_leads_to;
    /// Queued messages in the directory at the link's path, or in the one that a wrong link leads
    /// to unless it is on the mount (another instance's queue).
    std::uint64_t link_mail = 0;

    enum class Dir { absent, directory, other };
    Dir skeleton = Dir::absent;         ///< at settings.queue.skeleton, not following a link
    bool skeleton_is_new_link = false;  ///< it is our own unfinished link to <mount>/<id>
    std::uint64_t skeleton_mail = 0;    ///< queued messages in it: reported, never copied
    bool skeleton_in_reach = true;  ///< rename(2) can move a directory from the link's path to it

    /// Directories that a whole queue has and the source of the copy lacks. The source is the
    /// skeleton; without one, the directory at the link's path.
    std::vector<std::string> source_missing;

    Dir set_aside = Dir::absent;  ///< at <link>.before-relink
    bool set_aside_is_new_link = false;

    Dir queue = Dir::absent;                 ///< <mount>/<id>, not following a link
    std::vector<std::string> queue_missing;  ///< directories that a whole queue has and it lacks

    bool staging_leftover = false;   ///< <agent directory>/staging/<id> is left from an earlier try
    bool new_link_leftover = false;  ///< <link>.postfix-elb-agent-new is left from an earlier try

    std::vector<ProcessFacts> masters;  ///< of this host
    bool operator==(const RelinkFacts&) const = default;
};

struct RelinkStep {
    enum class Kind {
        make_agent_directory,  ///< mkdir <agent directory> and its folders, 0700
        claim,                 ///< lock <agent directory>/owners/<id> and write our record
        discard_staging,       ///< remove <agent directory>/staging/<id>
        copy_skeleton,  ///< copy <from> to <agent directory>/staging/<id> and add the directories
                        ///< that it lacks; durable
        publish_queue,  ///< rename <agent directory>/staging/<id> to <mount>/<id>
        mend_queue,     ///< make the missing directories of <mount>/<id>, with owner and mode
        // The steps from here on are at the link's path, and follow freshly gathered facts only.
        discard_new_link,  ///< remove <link>.postfix-elb-agent-new
        make_link,      ///< symlink <mount>/<id> at <link>.postfix-elb-agent-new and rename it to
                        ///< <link>
        exchange_link,  ///< symlink <mount>/<id> at <to>, swap <to> and <link> in one step: the
                        ///< directory is then at <to>
    };
    Kind kind;
    std::string from;                      ///< source path, where there is one
    std::string to;                        ///< the path that is made or removed
    std::vector<std::string> directories;  ///< mend_queue, copy_skeleton: those to be added
    bool operator==(const RelinkStep&) const = default;
};

/// Whether the step is at the link's path, not on the mount.
[[nodiscard]] bool is_link_step(RelinkStep::Kind kind) noexcept;

[[nodiscard]] std::string_view to_string(RelinkStep::Kind kind) noexcept;

/// "copy /var/spool/postfix_org to /Mail/.postfix-elb-agent/staging/i-0…": the text of a dry run.
[[nodiscard]] std::string describe(const RelinkStep& step);

struct RelinkPlan {
    std::optional<std::string> refusal;  ///< one line: why no step may be done
    Remedy remedy;                       ///< with a refusal
    bool waiting = false;                ///< the refusal is that nothing is mounted yet
    bool doubtful = false;               ///< the refusal is that a fact is unknown: a failure
    std::vector<std::string> notes;  ///< one line each; they change nothing (mail in the skeleton)
    std::vector<RelinkStep> steps;   ///< empty: nothing to do, or refused
};

/// Makes RelinkFacts::mount_refusal.
[[nodiscard]] std::optional<std::string> mount_refusal(const std::optional<MountEntry>& mount,
                                                       const Settings& settings);

[[nodiscard]] RelinkPlan plan_relink(const RelinkFacts& facts, const Settings& settings);

}  // namespace core
