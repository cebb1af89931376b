// SPDX-License-Identifier: Apache-2.0
#include "agent/server/evaluator.hpp"

#include "agent/clock.hpp"
#include "agent/log.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace agent {
namespace asio = boost::asio;

namespace {

/// A relink that failed is tried again after this at the latest.
constexpr core::Duration longest_relink_pause = std::chrono::minutes(1);

/// Nobody holds the lock on the id: not yet, or not any more, and no other's name stands there.
bool id_is_unowned(const core::Facts& facts) {
    using State = core::OwnershipFacts::State;
    if (!facts.mount.value || facts.mount.value->answer != core::MountFacts::Answer::answered) {
        return false;
    }
    const core::OwnershipFacts& ownership = facts.mount.value->ownership;
    return ownership.state == State::unclaimed ||
           (ownership.state == State::lost && ownership.holder.instance_id.empty());
}

}  // namespace

Evaluator::Evaluator(asio::io_context& context, core::Settings settings, Publish publish)
    : settings_(std::move(settings)), publish_(std::move(publish)), observer_(context), timer_(context) {
}

void Evaluator::apply(core::Settings settings) {
    settings_ = std::move(settings);
    nudge();
}

void Evaluator::drain() {
    health_.drain();
    publish();
}

void Evaluator::nudge() {
    nudged_ = true;
    timer_.cancel();
}

void Evaluator::publish() {
    const core::Verdict verdict = health_.evaluate(observer_.facts(), settings_, now());
    publish_(verdict, observer_.facts());
}

/// Due until it is done, and again when nobody holds the lock on the id: a mount worker that was started again holds
/// nothing yet, and a lock that was lost to nobody can be had again.
bool Evaluator::relink_is_due() const {
    const core::Facts& facts = observer_.facts();
    if (facts.instance_id.empty() || facts.mount_hung_since || now().boot < next_relink_) {
        return false;
    }
    return !facts.relink.value || facts.relink.value->state != core::RelinkProgress::State::done ||
           id_is_unowned(facts);
}

asio::awaitable<void> Evaluator::relink() {
    bool more = true;
    while (more) {
        co_await observer_.continue_relink(settings_);
        const core::RelinkProgress& progress = *observer_.facts().relink.value;
        for (const std::string& line : progress.log) {
            log(Priority::notice, "relink: " + line);
        }
        more = progress.more;
        if (more) {
            publish();
        }
    }
}

asio::awaitable<void> Evaluator::relink_if_due() {
    if (!relink_is_due()) {
        co_return;
    }
    co_await relink();
    const bool failed = observer_.facts().relink.value->state == core::RelinkProgress::State::failed;
    relink_pause_ = failed ? std::clamp(relink_pause_ * 2, settings_.checks.interval,
                                        std::max(settings_.checks.interval, longest_relink_pause))
                           : core::Duration(0);
    next_relink_ = now().boot + relink_pause_;
    if (!failed) {
        co_await observer_.look(settings_);
    }
}

asio::awaitable<void> Evaluator::pause() {
    if (!std::exchange(nudged_, false)) {
        timer_.expires_after(settings_.checks.interval);
        co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
        nudged_ = false;
    }
}

asio::awaitable<void> Evaluator::run() {
    for (;;) {
        co_await observer_.look(settings_);
        co_await relink_if_due();
        publish();
        co_await pause();
    }
}

}  // namespace agent
