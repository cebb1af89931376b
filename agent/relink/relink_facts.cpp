// SPDX-License-Identifier: Apache-2.0
#include "agent/relink/relink_facts.hpp"

#include "agent/base/directory.hpp"
#include "agent/base/small_file.hpp"
#include "agent/host/queue_contents.hpp"
#include "agent/host/queue_link.hpp"
#include "agent/mount/agent_directory.hpp"
#include "agent/relink/relink_steps.hpp"
#include "core/model/paths.hpp"
#include "core/parse/mountinfo.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <utility>

namespace agent {
namespace {

using Dir = core::RelinkFacts::Dir;
using Link = core::LinkFacts::Kind;

/// What exists at a local path.
struct Standing {
    Dir dir = Dir::absent;
    bool is_new_link = false;  ///< a symbolic link to this instance's queue
};

core::Result<Standing> standing_at(const std::string& path, const std::string& queue) {
    const core::LinkFacts link = observe_link(path);
    switch (link.kind) {
        case Link::absent: return Standing{};
        case Link::directory: return Standing{Dir::directory, false};
        case Link::symlink: return Standing{Dir::other, link.target == queue};
        case Link::other: return Standing{Dir::other, false};
        case Link::unreadable: break;
    }
    return core::Error{core::Errc::other, "look at " + path + ": " + link.error};
}

/// A directory, as /proc/<pid>/cwd of a process in it would say.
std::string kernels_name_of(int place) {
    std::array<char, PATH_MAX> text{};
    const std::string self = "/proc/self/fd/" + std::to_string(place);
    const ssize_t length = ::readlink(self.c_str(), text.data(), text.size());
    return length < 0 ? "" : std::string(text.data(), static_cast<std::size_t>(length));
}

/// Known to the kernel without asking a file server. An error is none of either: not the same.
bool on_one_device(int left, int right) {
    std::array<struct statx, 2> status{};
    for (const std::size_t i : {0U, 1U}) {
        if (::statx(i == 0 ? left : right, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, 0, &status[i]) !=
            0) {
            return false;
        }
    }
    return status[0].stx_dev_major == status[1].stx_dev_major &&
           status[0].stx_dev_minor == status[1].stx_dev_minor;
}

/// Whether rename(2) gets an entry from the one's directory to the other's: it does neither from
/// mount to mount, even of one file system, nor from one subvolume to another, even of one mount.
bool can_rename_between(const std::string& from, const std::string& to) {
    const auto left = open_parent(from);
    const auto right = open_parent(to);
    if (left.has_error() || right.has_error()) {
        return false;
    }
    const auto left_mount = mount_id_of(left->directory.get());
    const auto right_mount = mount_id_of(right->directory.get());
    return left_mount.has_value() && right_mount.has_value() && *left_mount == *right_mount &&
           on_one_device(left->directory.get(), right->directory.get());
}

class RelinkFactCollector {
   public:
    RelinkFactCollector(const core::Settings& settings, const std::string& id,
                        core::RelinkFacts& facts)
        : paths_(core::paths_for(settings, id)), facts_(facts) {}

    core::Result<void> look_at_host(int mount) {
        facts_.link = observe_link(paths_.link);
        const FileDescriptor behind(::open(paths_.link.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
        if (behind) {
            facts_.link_leads_to = kernels_name_of(behind.get());
        }
        facts_.new_link_leftover = observe_link(paths_.new_link).kind != Link::absent;
        const auto skeleton = standing_at(paths_.skeleton, paths_.queue);
        if (skeleton.has_error()) {
            return skeleton.error();
        }
        facts_.skeleton = skeleton->dir;
        facts_.skeleton_is_new_link = skeleton->is_new_link;
        const auto set_aside = standing_at(paths_.set_aside, paths_.queue);
        if (set_aside.has_error()) {
            return set_aside.error();
        }
        facts_.set_aside = set_aside->dir;
        facts_.set_aside_is_new_link = set_aside->is_new_link;
        const auto looked = look_into_local_directories();
        return looked.has_error() ? looked : look_behind_wrong_link(behind, mount);
    }

    core::Result<void> look_at_corner(int mount) {
        const auto agent_directory = open_agent_directory(mount, paths_);
        if (agent_directory.has_error()) {
            const bool none = agent_directory.error().code == core::Errc::missing;
            return none ? core::Result<void>() : agent_directory.error();
        }
        facts_.agent_directory_complete = agent_directory->whole;
        struct stat status {};
        if (agent_directory->staging &&
            ::fstatat(agent_directory->staging.get(), facts_.instance_id.c_str(), &status,
                      AT_SYMLINK_NOFOLLOW) == 0) {
            facts_.staging_leftover = true;
        } else if (agent_directory->staging && errno != ENOENT) {
            return core::system_error(errno, "stat", paths_.staging);
        }
        return {};
    }

    core::Result<void> look_at_queue(int mount) {
        struct stat status {};
        const auto queue = open_directory(mount, facts_.instance_id, paths_.queue);
        if (queue.has_error() && queue.error().code != core::Errc::missing) {
            return queue.error();
        }
        if (queue.has_error()) {
            if (::fstatat(mount, facts_.instance_id.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) {
                facts_.queue = Dir::other;
            } else if (errno != ENOENT) {
                return core::system_error(errno, "stat", paths_.queue);
            }
            return {};
        }
        auto missing = missing_queue_directories(queue->get(), paths_.queue);
        if (missing.has_error()) {
            return missing.error();
        }
        facts_.queue = Dir::directory;
        facts_.queue_missing = std::move(*missing);
        return {};
    }

   private:
    core::Result<void> look_into_local_directories() {
        if (facts_.skeleton == Dir::directory) {
            const auto looked = look_into(AT_FDCWD, paths_.skeleton, paths_.skeleton,
                                          facts_.skeleton_mail, &facts_.source_missing);
            if (looked.has_error()) {
                return looked;
            }
        }
        if (facts_.link.kind == Link::directory) {
            const bool is_source = facts_.skeleton != Dir::directory;
            facts_.skeleton_in_reach = can_rename_between(paths_.link, paths_.skeleton);
            return look_into(AT_FDCWD, paths_.link, paths_.link, facts_.link_mail,
                             is_source ? &facts_.source_missing : nullptr);
        }
        return {};
    }

    /// On the mount it is another instance's queue: pointing this link elsewhere strands no mail.
    core::Result<void> look_behind_wrong_link(const FileDescriptor& behind, int mount) {
        if (facts_.link.kind != Link::symlink || facts_.link.target == paths_.queue || !behind ||
            on_one_device(behind.get(), mount)) {
            return {};
        }
        return look_into(behind.get(), ".", facts_.link_leads_to, facts_.link_mail, nullptr);
    }

    static core::Result<void> look_into(int parent, const std::string& name,
                                        const std::string& path, std::uint64_t& mail,
                                        std::vector<std::string>* missing) {
        const auto directory = open_directory(parent, name, path);
        if (directory.has_error()) {
            return directory.error();
        }
        const auto counted = count_mail(directory->get(), path);
        if (counted.has_error()) {
            return counted.error();
        }
        mail = *counted;
        if (missing == nullptr) {
            return {};
        }
        auto lacking = missing_queue_directories(directory->get(), path);
        if (lacking.has_error()) {
            return lacking.error();
        }
        *missing = std::move(*lacking);
        return {};
    }

    core::Paths paths_;
    core::RelinkFacts& facts_;
};

}  // namespace

core::Result<RelinkObservation> observe_relink(const core::Settings& settings,
                                               const std::string& instance_id, OwnerLock& lock,
                                               std::vector<core::ProcessFacts> masters) {
    RelinkObservation observation;
    core::RelinkFacts& facts = observation.facts;
    facts.instance_id = instance_id;
    facts.masters = std::move(masters);

    trigger_automount(settings.mount.path);
    const auto mountinfo = read_proc_file("/proc/self/mountinfo");
    if (mountinfo.has_error()) {
        return mountinfo.error();
    }
    auto entry = core::find_mount(*mountinfo, settings.mount.path);
    if (entry && core::is_automount_point(*entry)) {
        entry.reset();  // what belongs there did not come
    }
    facts.mount_refusal = core::mount_refusal(entry, settings);
    facts.mount_missing = !entry.has_value();
    if (facts.mount_refusal) {
        return observation;
    }
    auto mount = MountDirectory::open(settings);
    if (mount.has_error()) {
        return mount.error();
    }
    RelinkFactCollector observer(settings, instance_id, facts);
    for (const auto& looked :
         {observer.look_at_host(mount->fd()), observer.look_at_corner(mount->fd()),
          observer.look_at_queue(mount->fd())}) {
        if (looked.has_error()) {
            return looked.error();
        }
    }
    facts.ownership = lock.observe(*mount);
    observation.mount = std::move(*mount);
    return observation;
}

}  // namespace agent
