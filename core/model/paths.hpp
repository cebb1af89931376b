// SPDX-License-Identifier: Apache-2.0
// Where things are, derived from the settings and the instance id in one place.
#pragma once

#include "core/model/settings.hpp"

#include <string>

namespace core {

inline constexpr const char* agent_directory_name = ".postfix-elb-agent";

struct Paths {
    std::string mount;            ///< /Mail
    std::string queue;            ///< /Mail/<id>
    std::string pid_file;         ///< /Mail/<id>/pid/master.pid
    std::string agent_directory;  ///< /Mail/.postfix-elb-agent
    std::string owner_file;       ///< /Mail/.postfix-elb-agent/owners/<id>
    std::string staging;          ///< /Mail/.postfix-elb-agent/staging/<id>
    std::string link;             ///< /var/spool/postfix
    std::string new_link;         ///< /var/spool/postfix.postfix-elb-agent-new
    std::string skeleton;         ///< /var/spool/postfix_org
    std::string set_aside;        ///< /var/spool/postfix.before-relink
};

[[nodiscard]] Paths paths_for(const Settings& settings, const std::string& instance_id);

}  // namespace core
