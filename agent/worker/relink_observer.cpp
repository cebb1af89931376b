// SPDX-License-Identifier: Apache-2.0
#include "agent/worker/relink_observer.hpp"

#include "agent/worker/directory.hpp"
#include "agent/worker/queue_census.hpp"
#include "agent/worker/queue_link.hpp"
#include "agent/worker/relink_steps.hpp"
#include "agent/worker/small_file.hpp"
#include "core/mountinfo.hpp"
#include "core/paths.hpp"

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

/// What stands at a local path.
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

/// The directory that the path leads to, as /proc/<pid>/cwd of a process in it would say; "" if to none.
std::string leads_to(const std::string& path) {
    const FileDescriptor place(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!place) {
        return "";
    }
    std::array<char, PATH_MAX> text{};
    const std::string self = "/proc/self/fd/" + std::to_string(place.get());
    const ssize_t length = ::readlink(self.c_str(), text.data(), text.size());
    return length < 0 ? "" : std::string(text.data(), static_cast<std::size_t>(length));
}

class Observer {
   public:
    Observer(const core::Settings& settings, const std::string& id, core::RelinkFacts& facts)
        : paths_(core::paths_for(settings, id)), facts_(facts) {}

    core::Result<void> look_at_host() {
        facts_.link = observe_link(paths_.link);
        facts_.link_leads_to = leads_to(paths_.link);
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
        return look_into_local_directories();
    }

    core::Result<void> look_at_corner(int mount) {
        const auto corner = open_corner(mount, paths_);
        if (corner.has_error()) {
            const bool none = corner.error().code == core::Errc::missing;
            return none ? core::Result<void>() : corner.error();
        }
        facts_.corner_whole = corner->whole;
        struct stat status {};
        if (corner->staging &&
            ::fstatat(corner->staging.get(), facts_.instance_id.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) {
            facts_.staging_leftover = true;
        } else if (corner->staging && errno != ENOENT) {
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
            const auto looked = look_into(paths_.skeleton, facts_.skeleton_mail, &facts_.source_missing);
            if (looked.has_error()) {
                return looked;
            }
        }
        if (facts_.link.kind == Link::directory) {
            const bool is_source = facts_.skeleton != Dir::directory;
            return look_into(paths_.link, facts_.link_mail, is_source ? &facts_.source_missing : nullptr);
        }
        return {};
    }

    static core::Result<void> look_into(const std::string& path, std::uint64_t& mail,
                                        std::vector<std::string>* missing) {
        const auto directory = open_directory(AT_FDCWD, path, path);
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

core::Result<RelinkObservation> observe_relink(const core::Settings& settings, const std::string& instance_id,
                                               OwnerLock& lock, std::vector<core::ProcessFacts> masters) {
    RelinkObservation observation;
    core::RelinkFacts& facts = observation.facts;
    facts.instance_id = instance_id;
    facts.masters = std::move(masters);

    const auto mountinfo = read_proc_file("/proc/self/mountinfo");
    if (mountinfo.has_error()) {
        return mountinfo.error();
    }
    const auto entry = core::find_mount(*mountinfo, settings.mount.path);
    facts.mount_refusal = core::mount_refusal(entry, settings);
    facts.mount_missing = !entry.has_value();
    if (facts.mount_refusal) {
        return observation;
    }
    auto mount = MountDirectory::open(settings);
    if (mount.has_error()) {
        return mount.error();
    }
    Observer observer(settings, instance_id, facts);
    for (const auto& looked :
         {observer.look_at_host(), observer.look_at_corner(mount->fd()), observer.look_at_queue(mount->fd())}) {
        if (looked.has_error()) {
            return looked.error();
        }
    }
    facts.ownership = lock.observe(*mount);
    observation.mount = std::move(*mount);
    return observation;
}

}  // namespace agent
