// SPDX-License-Identifier: Apache-2.0
// Reads the state of Postfix's units from the system bus, and Postfix's lines from the journal.
// Never waits for systemd: facts that are not known yet are reported as such.
#pragma once

#include "agent/worker/request_handler.hpp"
#include "systemd/journal.hpp"
#include "systemd/units.hpp"

#include <memory>

namespace agent {

class SystemdWorker : public RequestHandler {
   public:
    explicit SystemdWorker(core::Settings settings, systemd::UnitsLimits units = {},
                           systemd::JournalLimits journal = {});

    [[nodiscard]] core::Result<Reply> handle(const Request& request) override;
    /// Closes the journal where maillog.source is file.
    void apply(const core::Settings& settings) override;

    [[nodiscard]] Watch watch() override;
    [[nodiscard]] WorkerEvents on_watch(std::span<const pollfd> watched) override;

   private:
    [[nodiscard]] core::SystemdFacts observe_systemd();
    [[nodiscard]] core::SystemdFacts ask_systemd();
    [[nodiscard]] core::SystemdFacts units();
    [[nodiscard]] JournalRead read_journal(const Request& request);

    core::Settings settings_;
    systemd::Units units_;
    core::SystemdFacts given_units_;  ///< as sent last

    systemd::JournalLimits journal_limits_;
    std::unique_ptr<systemd::Journal> journal_;  ///< none where maillog.source is file

    // Set by an event, reset by the request for its facts. In between nothing is watched: a burst
    // is one event.
    bool units_notified_ = false;
    bool journal_notified_ = false;
};

}  // namespace agent
