// SPDX-License-Identifier: Apache-2.0
// What systemd has in mind with Postfix: whether a master that is not there is being started again.
#pragma once

#include "core/model/facts.hpp"
#include "core/model/settings.hpp"

#include <string>

namespace core {

struct PostfixUnit {
    enum class State {
        unknown,   ///< systemd cannot be asked, or runs no Postfix here
        up,        ///< a unit is active, or on its way down with nothing said of what comes then
        changing,  ///< a unit is being started, restarted or reloaded
        down,      ///< every unit is inactive or failed, and no job is queued for any
    };
    State state = State::unknown;
    std::string name;  ///< of the unit that says so: "postfix@-.service"; "" when unknown
    std::string
        text;  ///< "postfix@-.service is activating (start-pre), job restart"; "" when unknown
};

/// Of all units of Postfix: one that is changing comes before one that is up, and that before those
/// that are down. Units that run nothing themselves (Debian's postfix.service) count only where no
/// other one is loaded.
[[nodiscard]] PostfixUnit postfix_unit(const Facts& facts);

/// A unit is up and nobody works in this instance's queue: either was looked at too early, or
/// something is wrong.
[[nodiscard]] bool unit_misses_its_master(const Facts& facts, const Settings& settings);

/// Whether it is to be asked who holds the lock on the pid file: a start stands refused and no
/// master is proven, or one is, and the lock that it seems to hold may be lost at the file server.
[[nodiscard]] bool lock_matters(const Facts& facts, const Settings& settings);

}  // namespace core
