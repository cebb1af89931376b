// SPDX-License-Identifier: Apache-2.0
#include "core/verdict/hysteresis.hpp"

namespace core {

void Hysteresis::settle(State state) noexcept {
    state_ = state;
    streak_ = 0;
    was_good_ = was_good_ || state == State::good;
}

void Hysteresis::forgive() noexcept {
    if (was_good_) {
        settle(State::good);
    }
}

Hysteresis::State Hysteresis::observe_good(int pass_after) noexcept {
    if (state_ != State::bad || ++streak_ >= pass_after) {
        settle(State::good);
    }
    return state_;
}

Hysteresis::State Hysteresis::observe_bad(Certainty certainty, int fail_after) noexcept {
    const bool excusable = state_ == State::good && certainty == Certainty::doubtful;
    if (!excusable || ++streak_ >= fail_after) {
        settle(State::bad);
    }
    return state_;
}

}  // namespace core
