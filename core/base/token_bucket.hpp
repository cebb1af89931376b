// SPDX-License-Identifier: Apache-2.0
// Keeps an average rate: tokens are added at that rate, and a few are saved. Pure: the time is an
// argument.
#pragma once

#include "core/base/time.hpp"

#include <algorithm>
#include <chrono>

namespace core {

class TokenBucket {
   public:
    /// Starts full. Holds the tokens of a tenth of a second, and at least one.
    TokenBucket(double per_second, BootTime now) : at_(now) {
        set_rate(per_second);
        tokens_ = capacity_;
    }

    void set_rate(double per_second) {
        per_second_ = per_second;
        capacity_ = std::max(per_second / 10, 1.0);
    }

    void fill(BootTime now) {
        const double passed =
            std::chrono::duration<double>(std::max(now - at_, BootTime{0})).count();
        tokens_ = std::min(tokens_ + passed * per_second_, capacity_);
        at_ = now;
    }

    /// Whether there is a token. Taking more than there are makes a debt, which is paid first.
    [[nodiscard]] bool any() const { return tokens_ >= 1; }
    void take(double count) { tokens_ -= count; }

    /// How long until it is full.
    [[nodiscard]] BootTime until_full() const {
        const std::chrono::duration<double> wait((capacity_ - tokens_) / per_second_);
        return std::chrono::ceil<BootTime>(wait);
    }

   private:
    double per_second_ = 1;
    double capacity_ = 1;
    double tokens_ = 0;
    BootTime at_;
};

}  // namespace core
