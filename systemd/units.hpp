// SPDX-License-Identifier: Apache-2.0
// What systemd says of the units that run Postfix, over the system bus, kept current by its
// signals: asking for it waits for nothing. One question is in flight at a time: the list of the
// loaded units that match (all of them at one moment, with their jobs), asked again whenever a
// signal says that one of them may have changed. A systemd that does not answer is left alone until
// it does; meanwhile the units stay as they were last known.
//
// The units are postfix.service and postfix@<instance>.service. Others whose name begins with
// "postfix" do not run master: Debian 13's postfix-resolvconf.service, exporters, policy daemons,
// this agent.
//
// A unit has no processes when its Type= is "oneshot" (Debian's postfix.service until 12:
// /bin/true, so that it is active whatever becomes of postfix@-.service), or its state is "exited".
#pragma once

#include "core/model/facts.hpp"

#include <chrono>
#include <cstddef>
#include <memory>

struct pollfd;

namespace systemd {

struct UnitsLimits {
    std::chrono::milliseconds answer{3'000};  ///< without an answer for so long: not reachable
    std::chrono::milliseconds silence{
        30'000};  ///< after which ask() asks systemd again though no signal came
    std::chrono::milliseconds first_retry{1'000};  ///< of a bus that is not there; doubles
    std::chrono::milliseconds last_retry{30'000};
};

inline constexpr std::size_t max_units = 8;

class Units {
   public:
    explicit Units(UnitsLimits limits = {});
    ~Units();
    Units(const Units&) = delete;
    Units& operator=(const Units&) = delete;

    /// What is known now.
    [[nodiscard]] const core::SystemdFacts& facts() const;

    /// Whether that is what systemd has answered, and no question to it is under way.
    [[nodiscard]] bool is_settled() const;

    /// Somebody wants to know: has systemd asked again when its last answer is old. For whoever
    /// asks next.
    void ask();

    /// Has it asked in any case: by its answer it knows of everything that it had begun to do
    /// before.
    void ask_anew();

    /// What to wait for; fd -1: nothing. The descriptor may be another after each call of
    /// process().
    [[nodiscard]] pollfd descriptor() const;
    /// -1: none.
    [[nodiscard]] int timeout_ms() const;

    /// Does what can be done without waiting; connects when it is time to. To be called first of
    /// all, and after the descriptor was ready or the timeout has passed.
    void process();

   private:
    class Client;
    std::unique_ptr<Client> client_;
};

}  // namespace systemd
