// SPDX-License-Identifier: Apache-2.0
#include "agent/clients/deadline.hpp"

#include <boost/asio/steady_timer.hpp>

#include <utility>

namespace agent {

struct Deadline::State {
    boost::asio::steady_timer timer;
    std::function<void()> expire;  ///< empty: disarmed
    bool expired = false;
};

Deadline::Deadline(const boost::asio::any_io_executor& executor, TimePoint when,
                   std::function<void()> expire)
    : state_(std::make_shared<State>(State{.timer = boost::asio::steady_timer(executor, when),
                                           .expire = std::move(expire),
                                           .expired = false})) {
    state_->timer.async_wait([state = state_](boost::system::error_code error) {
        // A handler that was queued before the destructor cancelled comes without an error.
        if (error || !state->expire) {
            return;
        }
        state->expired = true;
        std::exchange(state->expire, nullptr)();
    });
}

Deadline::~Deadline() {
    state_->expire = nullptr;
    state_->timer.cancel();
}

bool Deadline::expired() const {
    return state_->expired;
}

}  // namespace agent
