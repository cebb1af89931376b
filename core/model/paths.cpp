// SPDX-License-Identifier: Apache-2.0
#include "core/model/paths.hpp"

namespace core {

Paths paths_for(const Settings& settings, const std::string& instance_id) {
    Paths paths;
    paths.mount = settings.mount.path;
    paths.queue = paths.mount + "/" + instance_id;
    paths.pid_file = paths.queue + "/pid/master.pid";
    paths.agent_directory = paths.mount + "/" + agent_directory_name;
    paths.owner_file = paths.agent_directory + "/owners/" + instance_id;
    paths.staging = paths.agent_directory + "/staging/" + instance_id;
    paths.link = settings.queue.link;
    paths.new_link = paths.link + ".postfix-elb-agent-new";
    paths.skeleton = settings.queue.skeleton;
    paths.set_aside = paths.link + ".before-relink";
    return paths;
}

}  // namespace core
