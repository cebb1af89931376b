// SPDX-License-Identifier: Apache-2.0
#include "core/model/remedies.hpp"

#include "core/model/paths.hpp"

namespace core {

std::string command::kill_master(const ProcessFacts& master) {
    const std::string pid = std::to_string(master.pid);
    return "[ \"$(sudo readlink /proc/" + pid + "/cwd)\" = " + shell_quoted(master.cwd) +
           " ] && sudo kill " + pid + " && timeout 60 tail --pid=" + pid + " -f /dev/null";
}

Remedy filled(const RemedyTemplate& text, const Settings& settings, std::string_view instance_id) {
    const std::string id(instance_id.empty() ? "<instance-id>" : instance_id);
    const Paths paths = paths_for(settings, id);
    const std::array<Placeholder, 7> values{{
        {"{mount}", paths.mount},
        {"{id}", id},
        {"{queue}", paths.queue},
        {"{link}", paths.link},
        {"{skeleton}", paths.skeleton},
        {"{set_aside}", paths.set_aside},
        {"{agent_directory}", paths.agent_directory},
    }};
    return filled(text, values);
}

}  // namespace core
