// SPDX-License-Identifier: Apache-2.0
// Gathers facts from the workers and from the file server. Has no opinion: what the facts mean is
// decided in core. Used by the server round after round and event after event, and by the commands
// that work without a daemon, once.
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
    /// `noticed` is called, on the loop, when a worker says that something has changed.
    explicit FactCollector(
        boost::asio::io_context& context, WorkerClient::Noticed noticed = [](WorkerEvents) {});

    [[nodiscard]] WorkerClient& client(WorkerKind kind);
    [[nodiscard]] const core::Facts& facts() const { return facts_; }

    /// The local files that may name this instance; empty where the host worker does not answer.
    [[nodiscard]] boost::asio::awaitable<IdentityFiles> identity_files(
        const core::Settings& settings);

    /// The id is known from now on, or why it is not.
    void set_identity(std::string instance_id);
    void set_identity_error(std::string error);

    /// Has the mail counted by its log; `counting` lives as long as this.
    void count_log(LogCounter& counting) { counting_ = &counting; }

    /// The queue was this instance's own earlier in this boot, before this process was started.
    void set_mount_worked() { facts_.mount_worked = true; }

    /// Everything once, one after the other.
    [[nodiscard]] boost::asio::awaitable<void> look(const core::Settings& settings);

    /// The parts of it. Each takes at most a deadline, but the logs, which take as long as there is
    /// something to read.
    [[nodiscard]] boost::asio::awaitable<void> look_at_mount(const core::Settings& settings);
    /// The host; and where nobody works in the queue though a unit is up, first what systemd is
    /// about to do there.
    [[nodiscard]] boost::asio::awaitable<void> look_at_host(const core::Settings& settings);
    /// What systemd says, and the host as it was found then: a unit that was up has a master that
    /// could be seen.
    [[nodiscard]] boost::asio::awaitable<void> look_at_systemd_and_host(
        const core::Settings& settings);
    [[nodiscard]] boost::asio::awaitable<void> read_maillog(const core::Settings& settings);
    [[nodiscard]] boost::asio::awaitable<void> read_journal(const core::Settings& settings);

    /// Who holds the lock of the pid file; to be asked only while it matters.
    [[nodiscard]] boost::asio::awaitable<void> ask_lock(const core::Settings& settings);

    /// Whether the file server answers over the network; to be asked rarely.
    [[nodiscard]] boost::asio::awaitable<void> ask_file_server(const core::Settings& settings);

    /// One slice of the relink; afterwards facts().relink says how it stands.
    [[nodiscard]] boost::asio::awaitable<void> continue_relink(const core::Settings& settings);

    /// What a relink would do; nothing is written.
    [[nodiscard]] boost::asio::awaitable<core::Result<RelinkPlanReply>> plan_relink(
        const core::Settings& settings);

    /// For commands without a daemon: the relink check says what the plan says.
    void set_relink_plan(const RelinkPlanReply& plan);

   private:
    using SystemdSaid = core::Observed<core::SystemdFacts>;
    using SystemdRequest = RequestFor<core::SystemdFacts>;

    /// `systemd` said so before the look; without it, what is known. The two become facts together.
    [[nodiscard]] boost::asio::awaitable<void> look_at_host_after(
        std::optional<SystemdSaid> systemd, const core::Settings& settings);
    [[nodiscard]] boost::asio::awaitable<SystemdSaid> ask_systemd(SystemdRequest request,
                                                                  const core::Settings& settings);
    [[nodiscard]] boost::asio::awaitable<SystemdSaid> hear_of_systemd(
        SystemdRequest request, const core::Settings& settings);
    void set_relink(core::RelinkProgress progress);
    void set_startup_log();

    WorkerClient::Noticed noticed_;
    WorkerClient host_;
    WorkerClient mount_;
    WorkerClient systemd_;
    boost::asio::steady_timer cleared_up_;
    bool clearing_up_ = false;  ///< systemd is being asked about a master that was not found
    FileServerClient file_server_;
    MaillogFollower maillog_;
    JournalFollower journal_;
    LogCounter* counting_ = nullptr;
    core::Facts facts_;
};

}  // namespace agent
