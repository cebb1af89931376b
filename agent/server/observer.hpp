// SPDX-License-Identifier: Apache-2.0
// Gathers facts from the workers. Has no opinion: what the facts mean is decided in core.
// Used by the server round after round, and by the commands that work without a daemon, once.
#pragma once

#include "agent/server/maillog_follower.hpp"
#include "agent/server/worker_client.hpp"
#include "core/facts.hpp"
#include "core/settings.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include <string>

namespace agent {

class Observer {
   public:
    explicit Observer(boost::asio::io_context& context);

    [[nodiscard]] WorkerClient& host() { return host_; }
    [[nodiscard]] WorkerClient& mount() { return mount_; }
    [[nodiscard]] const core::Facts& facts() const { return facts_; }

    /// The local files that may name this instance; empty where the host worker does not answer.
    [[nodiscard]] boost::asio::awaitable<IdentityFiles> identity_files(const core::Settings& settings);

    /// The id is known from now on, or why it is not.
    void set_identity(std::string instance_id);
    void set_identity_error(std::string error);

    /// One round: the mount, this host, the mail log. Takes at most two deadlines.
    [[nodiscard]] boost::asio::awaitable<void> look(const core::Settings& settings);

    /// One slice of the relink; afterwards facts().relink says how it stands.
    [[nodiscard]] boost::asio::awaitable<void> continue_relink(const core::Settings& settings);

    /// What a relink would do; nothing is written.
    [[nodiscard]] boost::asio::awaitable<core::Result<PlanPrinted>> plan_relink(const core::Settings& settings);

    /// For commands without a daemon: the relink check says what the plan says.
    void relink_stands_as(const PlanPrinted& plan);

   private:
    [[nodiscard]] boost::asio::awaitable<void> look_at_mount(const core::Settings& settings);
    [[nodiscard]] boost::asio::awaitable<void> look_at_host(const core::Settings& settings);
    void set_relink(core::RelinkProgress progress);

    WorkerClient host_;
    WorkerClient mount_;
    MaillogFollower maillog_;
    core::Facts facts_;
};

}  // namespace agent
