// SPDX-License-Identifier: Apache-2.0
#include "agent/clock.hpp"
#include "agent/commands/commands.hpp"
#include "agent/commands/one_shot.hpp"
#include "core/checks.hpp"

#include <cstdio>

namespace agent {

int gate_command(const core::Settings& settings, const std::string& /*unit*/) {
    OneShot shot(settings);
    auto verdict = shot.run([&shot] { return shot.observer().look(shot.settings()); });
    if (verdict) {
        verdict = core::may_start(shot.observer().facts(), settings, now());
    }
    if (!verdict) {
        std::fprintf(stderr, "postfix-elb-agent: Postfix may not start: %s\n", verdict.error().message.c_str());
        return 1;
    }
    return 0;
}

}  // namespace agent
