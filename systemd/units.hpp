// SPDX-License-Identifier: Apache-2.0
// The state of the units that run Postfix, from systemd over the system bus, kept current by its
// signals. No call blocks. One request is outstanding at a time: the list of the loaded units that
// match, with their jobs, requested again after each signal about one of them. While systemd does
// not reply it gets no further request, and the units stay as they were.
//
// The units are postfix.service and postfix@<instance>.service. Others whose name begins with
// "postfix" do not run master: Debian 13's postfix-resolvconf.service, exporters, policy daemons,
// this agent.
//
// A unit has no processes when its Type= is "oneshot" (Debian's postfix.service until 12:
// /bin/true, so that it is active independently of postfix@-.service), or its state is "exited".
#pragma once

#include "core/model/facts.hpp"

#include <chrono>
#include <cstddef>
#include <memory>

struct pollfd;

namespace systemd {

struct UnitsLimits {
    std::chrono::milliseconds answer{3'000};  ///< without a reply for this long: not reachable
    std::chrono::milliseconds silence{
        30'000};  ///< without a signal, after which ask() sends a request
    std::chrono::milliseconds first_retry{1'000};  ///< of an absent bus; doubles
    std::chrono::milliseconds last_retry{30'000};
};

inline constexpr std::size_t max_units = 8;

class Units {
   public:
    explicit Units(UnitsLimits limits = {});
    ~Units();
    Units(const Units&) = delete;
    Units& operator=(const Units&) = delete;

    /// The latest state.
    [[nodiscard]] const core::SystemdFacts& facts() const;

    /// Whether systemd has replied and no request is outstanding.
    [[nodiscard]] bool is_settled() const;

    /// Requests the state again if the last reply is old; for the next facts().
    void ask();

    /// Requests the state in any case: the reply includes all jobs that systemd has queued before.
    void ask_again();

    /// What to wait for; fd -1: nothing. The descriptor may be another after each call of
    /// process().
    [[nodiscard]] pollfd descriptor() const;
    /// -1: none.
    [[nodiscard]] int timeout_ms() const;

    /// Handles what is ready without waiting, and connects when due. To be called first, and when
    /// the descriptor is ready or the timeout has passed.
    void process();

   private:
    class Client;
    std::unique_ptr<Client> client_;
};

}  // namespace systemd
