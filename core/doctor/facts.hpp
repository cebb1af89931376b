// SPDX-License-Identifier: Apache-2.0
// The facts that `doctor` gathered on this machine. A Result with an error was not readable:
// `missing` where the object does not exist, any other code says why it is unknown.
#pragma once

#include "core/base/remedy.hpp"
#include "core/base/result.hpp"
#include "core/checks/finding.hpp"
#include "core/model/facts.hpp"
#include "core/model/unit_properties.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace core {

/// The object at a path of this host's own disk.
struct PathFacts {
    enum class Kind { absent, file, directory, other, not_local, unreadable };
    Kind kind = Kind::absent;
    std::string path;
    std::uint32_t mode = 0;  ///< permission bits
    std::uint32_t uid = 0;
    std::string error;  ///< one line, when not_local or unreadable
};

/// The directory that every queue is copied from: the skeleton, or a directory at the link's path.
struct SkeletonFacts {
    std::string path;
    std::uint64_t mail = 0;
    std::vector<std::string> missing;    ///< required directories that do not exist
    std::vector<std::string> leftovers;  ///< of a running Postfix: "pid/master.pid", "private/smtp"
};

/// The processes that listen on settings.listen.port.
struct PortFacts {
    struct Holder {
        std::int32_t pid = 0;
        std::string program;  ///< the name of its executable
    };
    bool taken = false;
    std::vector<Holder> holders;  ///< root finds all; other users find only their own
};

/// The verdict of `check`.
struct CheckAnswer {
    Status status = Status::fail;
    std::string output;
    Remedy remedy;
};

struct DoctorFacts {
    template <class T>
    using Known = Result<T>;

    bool root = false;

    Known<std::vector<UnitProperties>> units;  ///< of unit_names_for(); an error: no systemd
    Known<std::vector<std::string>> cycles;    ///< this boot's journal lines on ordering cycles
    std::vector<std::string> drop_ins;  ///< paths of administrators' directories "postfix….d"
    std::optional<std::int64_t> linked_at_us;  ///< wall clock: when this boot first had its queue

    std::vector<std::string> settings_problems;
    std::string user_error;  ///< why settings.user cannot be used; "" if it can
    PathFacts settings_file;
    PathFacts runtime_directory;
    std::string instance_id;  ///< of this boot's state, or the setting; "" while unknown

    Known<std::string> fstab;
    Known<std::string> mountinfo;
    PathFacts mount_point;                       ///< examined only while nothing is mounted there
    std::vector<std::string> below_mount_point;  ///< names in it, while nothing is mounted
    Known<std::string> nfs_identifier;           ///< /sys/fs/nfs/net/nfs_client/identifier
    Known<std::string> nfs4_unique_id;           ///< the module's parameter
    std::string modprobe_unique_id;              ///< its value in modprobe.d; "" if it is not set
    std::string host_name;
    std::optional<bool> selinux_enforcing;  ///< absent: no SELinux
    bool selinux_module = false;            ///< the module postfix_elb_agent is loaded

    LinkFacts link;
    PathFacts skeleton_place;
    Known<SkeletonFacts> skeleton;
    Known<std::vector<ProcessFacts>> masters;
    Known<std::string> main_cf;
    Known<CheckAnswer> check;

    std::vector<PathFacts> logs;  ///< the files that may be Postfix's log
    bool journal = false;         ///< it exists
    bool journal_on_disk = false;
    Known<PortFacts> port;
    std::optional<bool> clock_synchronised;

    Known<std::string> machine_id;
    Known<std::string> host_name_file;  ///< /etc/hostname
    bool cloud_init = false;            ///< it is installed
    bool cloud_init_ran = false;        ///< it has data of an instance
};

}  // namespace core
