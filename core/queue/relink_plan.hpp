// SPDX-License-Identifier: Apache-2.0
// Relinking: facts to plan. Pure and printable; the mount worker gathers the facts and carries out
// the steps (agent/relink/relinker.hpp), one after another, each of them safe to be killed in and
// to be repeated.
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

    /// The mount: absent when it may be used, else why not, one line ("not mounted", "type ext4 is
    /// not nfs4", ...).
    std::optional<std::string> mount_refusal;
    bool mount_missing = false;  ///< the refusal is that nothing is mounted (yet)

    OwnershipFacts ownership;
    bool agent_directory_complete = false;  ///< .postfix-elb-agent/ and its folders stand

    LinkFacts link;  ///< at settings.queue.link
    std::string
        link_leads_to;  ///< the directory that the link's path leads to now, as the kernel names it
                        ///< (a master in it has this as its cwd); "" when it leads nowhere
    std::uint64_t link_mail =
        0;  ///< queued messages in the directory there; or in the one that a wrong link there
            ///< leads to, unless that is on the mount (another instance's queue)

    enum class Dir { absent, directory, other };
    Dir skeleton = Dir::absent;  ///< at settings.queue.skeleton, not following a link
    bool skeleton_is_new_link =
        false;  ///< what stands there is our own half-made link to <mount>/<id>
    std::uint64_t skeleton_mail = 0;  ///< queued messages in it: reported, never copied
    bool skeleton_in_reach =
        true;  ///< a directory can be renamed from the link's place to the skeleton's

    /// Directories that a whole queue has and the source of the copy lacks. The source is the
    /// skeleton; where there is none, the directory at the link's place.
    std::vector<std::string> source_missing;

    Dir set_aside = Dir::absent;  ///< at <link>.before-relink
    bool set_aside_is_new_link = false;

    Dir queue = Dir::absent;                 ///< <mount>/<id>, not following a link
    std::vector<std::string> queue_missing;  ///< directories that a whole queue has and it lacks

    bool staging_leftover = false;   ///< <corner>/staging/<id> stands from an earlier try
    bool new_link_leftover = false;  ///< <link>.postfix-elb-agent-new stands from an earlier try

    std::vector<ProcessFacts> masters;  ///< of this host
    bool operator==(const RelinkFacts&) const = default;
};

struct RelinkStep {
    enum class Kind {
        make_agent_directory,  ///< mkdir <corner> and its folders, 0700
        claim,                 ///< lock <corner>/owners/<id> and write who we are
        discard_staging,       ///< remove <corner>/staging/<id>
        copy_skeleton,  ///< copy <from> to <corner>/staging/<id>, add what <from> lacks of a whole
                        ///< queue; durable
        publish_queue,  ///< rename <corner>/staging/<id> to <mount>/<id>
        mend_queue,  ///< make the missing directories of <mount>/<id>, each at once with owner and
                     ///< mode
        // From here on the steps are at the link's place. They are carried out right after a fresh
        // look only.
        discard_new_link,  ///< remove <link>.postfix-elb-agent-new
        make_link,      ///< symlink <mount>/<id> at <link>.postfix-elb-agent-new and rename it to
                        ///< <link>
        exchange_link,  ///< symlink <mount>/<id> at <to>, swap <to> and <link> in one step: the
                        ///< directory is then at <to>
    };
    Kind kind;
    std::string from;  ///< source path, where there is one
    std::string to;    ///< the path that comes to be or goes
    std::vector<std::string>
        directories;  ///< mend_queue and copy_skeleton: to be made beside what is there
    bool operator==(const RelinkStep&) const = default;
};

/// Whether the step is at the link's place, not on the mount.
[[nodiscard]] bool is_link_step(RelinkStep::Kind kind) noexcept;

[[nodiscard]] std::string_view to_string(RelinkStep::Kind kind) noexcept;

/// "copy /var/spool/postfix_org to /Mail/.postfix-elb-agent/staging/i-0…": what a dry run prints.
[[nodiscard]] std::string describe(const RelinkStep& step);

struct RelinkPlan {
    std::optional<std::string> refusal;  ///< one line: why nothing may be done
    Remedy remedy;                       ///< with a refusal
    bool waiting = false;                ///< the refusal is only that the mount is not there yet
    bool doubtful = false;  ///< the refusal is only that something could not be told: a failure
    std::vector<std::string>
        notes;  ///< one line each: worth saying, changes nothing (mail in the skeleton)
    std::vector<RelinkStep> steps;  ///< empty: nothing to do (or refused)
};

/// Why the mount may not be used, as RelinkFacts::mount_refusal has it; absent when it may.
[[nodiscard]] std::optional<std::string> mount_refusal(const std::optional<MountEntry>& mount,
                                                       const Settings& settings);

[[nodiscard]] RelinkPlan plan_relink(const RelinkFacts& facts, const Settings& settings);

}  // namespace core
