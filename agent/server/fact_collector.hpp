// SPDX-License-Identifier: Apache-2.0
// Collects facts from the workers and from the file server; core decides what they mean. The server
// uses it in each round and at each event, a command without a daemon uses it once. Each collect_*
// takes at most one deadline, except the logs, which are read to their end.
#pragma once

#include "agent/clients/nfs_ping.hpp"
#include "agent/clients/worker_client.hpp"
#include "agent/maillog/journal_follower.hpp"
#include "agent/maillog/maillog_follower.hpp"
#include "core/model/facts.hpp"
#include "core/model/settings.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <optional>
#include <string>

namespace agent {

class FactCollector {
   public:
    /// `noticed` is called, on the loop, when a worker reports a change.
    explicit FactCollector(
        boost::asio::io_context& context, WorkerClient::Noticed noticed = [](WorkerEvents) {});

    [[nodiscard]] WorkerClient& client(WorkerKind kind);
    [[nodiscard]] const core::Facts& facts() const { return facts_; }

    /// The local files that may name this instance; empty if the host worker does not answer.
    [[nodiscard]] boost::asio::awaitable<IdentityFiles> identity_files(
        const core::Settings& settings);

    /// The id, or why it is unknown.
    void set_identity(std::string instance_id);
    void set_identity_error(std::string error);

    /// Lines that are read are counted there; `counter` outlives this.
    void set_log_counter(LogCounter& counter) { log_counter_ = &counter; }

    /// The queue was this instance's own earlier in this boot, before this process started.
    void set_mount_worked() { facts_.mount_worked = true; }

    /// All facts but the lock and the file server, once, one after the other.
    [[nodiscard]] boost::asio::awaitable<void> collect(const core::Settings& settings);

    [[nodiscard]] boost::asio::awaitable<void> collect_mount(const core::Settings& settings);
    /// Collects facts of the host. If a unit of Postfix is up without a master in the queue, asks
    /// systemd for its jobs first and publishes both together.
    [[nodiscard]] boost::asio::awaitable<void> collect_host(const core::Settings& settings);
    /// systemd first, then the host, published together. Why: a unit that was up then has a master
    /// that the host shows.
    [[nodiscard]] boost::asio::awaitable<void> collect_systemd_and_host(
        const core::Settings& settings);
    [[nodiscard]] boost::asio::awaitable<void> read_maillog(const core::Settings& settings);
    [[nodiscard]] boost::asio::awaitable<void> read_journal(const core::Settings& settings);

    /// Collects the holder of the pid file's lock; only while core::lock_matters().
    [[nodiscard]] boost::asio::awaitable<void> ask_lock(const core::Settings& settings);

    /// Asks the file server over the network; only when core::ask_is_due().
    [[nodiscard]] boost::asio::awaitable<void> ask_file_server(const core::Settings& settings);

    /// Runs one slice of the relink; its progress is in facts().relink afterwards.
    [[nodiscard]] boost::asio::awaitable<void> continue_relink(const core::Settings& settings);

    /// Returns what a relink would do; writes nothing.
    [[nodiscard]] boost::asio::awaitable<core::Result<RelinkPlanReply>> plan_relink(
        const core::Settings& settings);

    /// For commands without a daemon: the plan as progress of the relink.
    void set_relink_plan(const RelinkPlanReply& plan);

   private:
    using SystemdReply = core::Observed<core::SystemdFacts>;
    using SystemdRequest = RequestFor<core::SystemdFacts>;

    /// `systemd` was asked before the host; nullopt: keeps the known facts.
    [[nodiscard]] boost::asio::awaitable<void> collect_host_after(
        std::optional<SystemdReply> systemd, const core::Settings& settings);
    [[nodiscard]] boost::asio::awaitable<SystemdReply> ask_systemd(SystemdRequest request,
                                                                   const core::Settings& settings);
    [[nodiscard]] boost::asio::awaitable<SystemdReply> await_systemd(
        SystemdRequest request, const core::Settings& settings);
    void set_relink(core::RelinkProgress progress);
    void set_startup_log();

    WorkerClient::Noticed noticed_;
    WorkerClient host_;
    WorkerClient mount_;
    WorkerClient systemd_;
    boost::asio::steady_timer asked_again_;  ///< never expires; cancelled when asking_again_ ends
    bool asking_again_ = false;              ///< systemd is asked about a missing master
    FileServerClient file_server_;
    MaillogFollower maillog_;
    JournalFollower journal_;
    LogCounter* log_counter_ = nullptr;
    core::Facts facts_;
};

}  // namespace agent
