// SPDX-License-Identifier: Apache-2.0
// Doubtful faults need several rounds in a row; definitive ones need one.
#pragma once

#include "core/checks/reason.hpp"

namespace core {

class Hysteresis {
   public:
    enum class State { unknown, good, bad };

    /// Feeds one round. The first round decides alone, and before the first good one every fault
    /// counts. From bad to good it takes `pass_after` good rounds in a row; from good to bad one
    /// definitive fault, or `fail_after` faults in a row. Both are at least 1.
    State observe_good(int pass_after) noexcept;
    State observe_bad(Certainty certainty, int fail_after) noexcept;

    /// Returns to good until the next fault, if the state was ever good.
    void forgive() noexcept;

    [[nodiscard]] State state() const noexcept { return state_; }

    /// Rounds in a row, up to the latest, that contradict state().
    [[nodiscard]] int streak() const noexcept { return streak_; }

   private:
    void settle(State state) noexcept;

    State state_ = State::unknown;
    bool was_good_ = false;
    int streak_ = 0;
};

}  // namespace core
