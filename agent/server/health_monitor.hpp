// SPDX-License-Identifier: Apache-2.0
// Collects facts, evaluates them and publishes the verdict: at once for facts that have events, in
// rounds for the others (whether the mount answers). Also runs the relink, one slice at a time.
// HTTP requests are answered from the latest published verdict and never wait for this. Used on the
// server's loop only.
#pragma once

#include "agent/server/fact_collector.hpp"
#include "agent/server/last_words.hpp"
#include "core/model/settings.hpp"
#include "core/verdict/verdict.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <functional>
#include <optional>

namespace agent {

class HealthMonitor {
   public:
    /// `publish` is called after each round, each slice of the relink and each event that changes
    /// facts. From `expires` on what was published is stale, because no round has ended for too
    /// long.
    using Publish = std::function<void(const core::Verdict& verdict, const core::Facts& facts,
                                       core::BootTime expires)>;

    HealthMonitor(boost::asio::io_context& context, core::Settings settings, Publish publish);

    [[nodiscard]] FactCollector& collector() { return collector_; }
    [[nodiscard]] const core::Settings& settings() const { return settings_; }

    /// Never return; end with the io_context. The caller must start all of them.
    [[nodiscard]] boost::asio::awaitable<void> run_rounds();
    [[nodiscard]] boost::asio::awaitable<void> watch_host();
    [[nodiscard]] boost::asio::awaitable<void> follow_maillog();
    [[nodiscard]] boost::asio::awaitable<void> follow_journal();
    [[nodiscard]] boost::asio::awaitable<void> watch_file_server();

    /// Applies the settings of a reload and requests a round.
    void apply(core::Settings settings);

    /// From now on /readyz fails.
    void drain();

    /// Starts the next round now instead of after the interval.
    void request_round();

    /// To be called when a worker was started: requests its facts and its watches.
    void worker_started(WorkerKind kind);

   private:
    /// The events for one loop. Keeps those that arrive while the loop is busy.
    struct EventMailbox {
        explicit EventMailbox(boost::asio::io_context& context) : timer(context) {}
        boost::asio::steady_timer timer;
        WorkerEvents events = 0;

        void put(WorkerEvents more);
        /// Returns the events since the last call; waits for one, and returns 0 after `longest`.
        [[nodiscard]] boost::asio::awaitable<WorkerEvents> take(core::Duration longest);
    };

    void notice(WorkerEvents events);
    [[nodiscard]] boost::asio::awaitable<void> collect_facts();
    [[nodiscard]] boost::asio::awaitable<void> relink_if_due();
    [[nodiscard]] boost::asio::awaitable<void> relink();
    [[nodiscard]] bool relink_is_due() const;
    void publish();
    using ReadLog = boost::asio::awaitable<void> (FactCollector::*)(const core::Settings&);
    [[nodiscard]] boost::asio::awaitable<void> follow(EventMailbox& mailbox, ReadLog read);
    void publish_if_changed(const std::optional<core::StartupLogFacts>& before);
    [[nodiscard]] static boost::asio::awaitable<void> pause(core::Duration duration);

    core::Settings settings_;
    Publish publish_;
    FactCollector collector_;
    core::Health health_;
    LastWords last_words_;
    EventMailbox round_;
    EventMailbox host_;
    EventMailbox maillog_;
    EventMailbox journal_;
    EventMailbox file_server_;
    core::BootTime round_ended_{0};
    core::Duration relink_pause_{0};
    core::BootTime next_relink_{0};
};

}  // namespace agent
