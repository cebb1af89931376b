// SPDX-License-Identifier: Apache-2.0
// Facts, verdict, and whatever shows the verdict: round after round for what has no event (does the
// mount still answer?), and at once for what has. Drives the relink, too, one slice at a time.
// Requests are never answered from here: they are answered from what was published last.
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
    /// `publish` is called after each round, each slice of the relink and each event that counts.
    /// From `expires` on what is published says nothing true any more, because no round has come to
    /// its end for too long.
    using Publish = std::function<void(const core::Verdict& verdict, const core::Facts& facts,
                                       core::BootTime expires)>;

    HealthMonitor(boost::asio::io_context& context, core::Settings settings, Publish publish);

    [[nodiscard]] FactCollector& collector() { return collector_; }
    [[nodiscard]] const core::Settings& settings() const { return settings_; }

    /// Never return; end with the io_context. All of them are to run.
    [[nodiscard]] boost::asio::awaitable<void> run_rounds();
    [[nodiscard]] boost::asio::awaitable<void> watch_host();
    [[nodiscard]] boost::asio::awaitable<void> follow_maillog();
    [[nodiscard]] boost::asio::awaitable<void> follow_journal();
    [[nodiscard]] boost::asio::awaitable<void> watch_file_server();

    /// Settings of a reload; they count from the next round, which begins now.
    void apply(core::Settings settings);

    /// From now on /readyz fails.
    void drain();

    /// Something may have changed: do not wait for the interval.
    void request_round();

    /// A worker was started anew: what it said and what it watches is to be asked for again.
    void begin_with(WorkerKind kind);

   private:
    /// What waits for events: bits that came while it was busy are not lost.
    struct EventMailbox {
        explicit EventMailbox(boost::asio::io_context& context) : timer(context) {}
        boost::asio::steady_timer timer;
        WorkerEvents events = 0;

        void put(WorkerEvents news);
        /// The events since the last time, or 0 after `longest`.
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
    void heard_of_a_start(const std::optional<core::StartupLogFacts>& before);
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
