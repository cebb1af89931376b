// SPDX-License-Identifier: Apache-2.0
// Round after round: facts, verdict, and whatever shows the verdict. Drives the relink, too, one slice at a time.
// Requests are never answered from here: they are answered from what was published last.
#pragma once

#include "agent/server/observer.hpp"
#include "core/health.hpp"
#include "core/settings.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <functional>

namespace agent {

class Evaluator {
   public:
    /// `publish` is called after each round and each slice of the relink.
    using Publish = std::function<void(const core::Verdict& verdict, const core::Facts& facts)>;

    Evaluator(boost::asio::io_context& context, core::Settings settings, Publish publish);

    [[nodiscard]] Observer& observer() { return observer_; }
    [[nodiscard]] const core::Settings& settings() const { return settings_; }

    /// Never returns; ends with the io_context.
    [[nodiscard]] boost::asio::awaitable<void> run();

    /// Settings of a reload; they count from the next round, which begins now.
    void apply(core::Settings settings);

    /// From now on /readyz fails.
    void drain();

    /// Something may have changed: do not wait for the interval.
    void nudge();

   private:
    [[nodiscard]] boost::asio::awaitable<void> relink_if_due();
    [[nodiscard]] boost::asio::awaitable<void> relink();
    [[nodiscard]] bool relink_is_due() const;
    [[nodiscard]] boost::asio::awaitable<void> pause();
    void publish();

    core::Settings settings_;
    Publish publish_;
    Observer observer_;
    core::Health health_;
    boost::asio::steady_timer timer_;
    bool nudged_ = false;
    core::Duration relink_pause_{0};
    core::BootTime next_relink_{0};
};

}  // namespace agent
