// SPDX-License-Identifier: Apache-2.0
// The shared mount as /etc/fstab and the kernel know it.
#pragma once

#include "core/doctor/rules.hpp"
#include "core/model/mount_problem.hpp"
#include "core/parse/fstab.hpp"
#include "core/parse/mountinfo.hpp"

#include <optional>

namespace core::doctor {

/// The first line that is not a comment; absent also if the file is unreadable.
[[nodiscard]] std::optional<FstabLine> active_line(const Machine& machine);

[[nodiscard]] std::optional<MountEntry> mounted(const Machine& machine);

}  // namespace core::doctor
