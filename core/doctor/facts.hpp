// SPDX-License-Identifier: Apache-2.0
// What `doctor` found on this machine, without opinion. A Result that has an error was not to be
// read: `missing` where there is no such thing, anything else says why it is not known. Opinions
// are core/doctor/doctor.hpp's.
#pragma once

#include "core/base/result.hpp"
#include "core/checks/finding.hpp"
#include "core/model/facts.hpp"
#include "core/model/unit_properties.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace core {

/// What stands at a path of this host's own disk.
struct PathFacts {
    enum class Kind { absent, file, directory, other, not_local, unreadable };
    Kind kind = Kind::absent;
    std::string path;
    std::uint32_t mode = 0;  ///< permission bits
    std::uint32_t uid = 0;
    std::string error;  ///< one line, when not_local or unreadable
};

/// The directory that the queues of all instances are copied from: the skeleton, or what still
/// stands at the link.
struct SkeletonFacts {
    std::string path;
    std::uint64_t mail = 0;
    std::vector<std::string> missing;  ///< directories without which a queue is not whole
    std::vector<std::string>
        leftovers;  ///< "pid/master.pid", "private/smtp": what a running Postfix left there
};

/// Who holds the port of settings.listen.
struct PortFacts {
    struct Holder {
        std::int32_t pid = 0;
        std::string program;  ///< the name of its executable
    };
    bool taken = false;
    std::vector<Holder> holders;  ///< those that could be told: root is told all
};

/// What `check` says.
struct CheckAnswer {
    Status status = Status::fail;
    std::string output;
    std::string remedy;
};

struct DoctorFacts {
    template <class T>
    using Known = Result<T>;

    bool root = false;

    Known<std::vector<UnitProperties>>
        units;  ///< of unit_names_for(); an error: systemd cannot be asked
    Known<std::vector<std::string>>
        cycles;  ///< lines of this boot's journal about ordering cycles of those units
    std::vector<std::string>
        drop_ins;  ///< directories "postfix….d" that an administrator made, whole paths
    std::optional<std::int64_t>
        linked_at_us;  ///< wall clock: when the agent first had the queue in place in this boot

    std::vector<std::string> settings_problems;
    std::string user_error;  ///< why settings.user cannot be used; "" if it can
    PathFacts settings_file;
    PathFacts runtime_directory;
    std::string instance_id;  ///< what this boot remembers, or the setting; "" while unknown

    Known<std::string> fstab;
    Known<std::string> mountinfo;
    PathFacts mount_point;  ///< only looked at while nothing of another host is mounted there
    std::vector<std::string>
        below_mount_point;              ///< what lies there while nothing is mounted; a few names
    Known<std::string> nfs_identifier;  ///< /sys/fs/nfs/net/nfs_client/identifier
    Known<std::string> nfs4_unique_id;  ///< the module's parameter
    std::string modprobe_unique_id;     ///< what a file of modprobe.d sets it to; "" if none does
    std::string host_name;
    std::optional<bool> selinux_enforcing;  ///< absent: no SELinux

    LinkFacts link;
    PathFacts skeleton_place;
    Known<SkeletonFacts> skeleton;
    Known<std::vector<ProcessFacts>> masters;
    Known<std::string> main_cf;
    Known<CheckAnswer> check;

    std::vector<PathFacts> logs;  ///< the files that may be Postfix's log
    bool journal = false;         ///< there is one
    bool journal_on_disk = false;
    Known<PortFacts> port;
    std::optional<bool> clock_synchronised;

    Known<std::string> machine_id;
    Known<std::string> host_name_file;  ///< /etc/hostname
    bool cloud_init = false;            ///< is installed
    bool cloud_init_ran = false;        ///< what it keeps of an instance is there
};

}  // namespace core
