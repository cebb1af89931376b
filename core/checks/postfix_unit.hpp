// SPDX-License-Identifier: Apache-2.0
// The state of Postfix's unit: whether systemd is starting a master that is missing.
#pragma once

#include "core/model/facts.hpp"
#include "core/model/settings.hpp"

#include <string>

namespace core {

struct PostfixUnit {
    enum class State {
        unknown,   ///< systemd cannot be asked, or runs no Postfix here
        up,        ///< a unit is active, or deactivating with no job queued
        changing,  ///< a unit is being started, restarted or reloaded
        down,      ///< every unit is inactive or failed, and no job is queued for any
    };
    State state = State::unknown;
    std::string name;  ///< of that unit: "postfix@-.service"; "" when unknown
    std::string text;  ///< "postfix@-.service is activating (start-pre), job restart"; "" unknown
};

/// The unit of Postfix that counts: one that is changing before one that is up, before one that is
/// down. Units without processes (Debian's postfix.service) count only if no other is loaded.
[[nodiscard]] PostfixUnit postfix_unit(const Facts& facts);

/// Whether a unit is up and no master is proven: one of the two was read too early, or is wrong.
[[nodiscard]] bool unit_misses_its_master(const Facts& facts, const Settings& settings);

/// Whether the file server must be asked for the holder of the lock on the pid file: the latest
/// start was refused and no master is proven, or the proven master may have lost its lock there.
[[nodiscard]] bool lock_matters(const Facts& facts, const Settings& settings);

}  // namespace core
