// SPDX-License-Identifier: Apache-2.0
#include "core/model/mount_problem.hpp"

#include <algorithm>

namespace core {

MountProblem problem_of(const std::optional<MountEntry>& mount, const Settings& settings) {
    const Settings::Mount& wanted = settings.mount;
    if (!mount) {
        return MountProblem::missing;
    }
    if (is_automount_point(*mount)) {
        return MountProblem::automount;
    }
    if (std::ranges::find(wanted.fstypes, mount->fstype) == wanted.fstypes.end()) {
        return MountProblem::wrong_type;
    }
    if (wanted.source && *wanted.source != mount->source) {
        return MountProblem::wrong_source;
    }
    return mount->read_only ? MountProblem::read_only : MountProblem::none;
}

}  // namespace core
