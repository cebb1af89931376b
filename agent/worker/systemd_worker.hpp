// SPDX-License-Identifier: Apache-2.0
// Speaks with systemd: what it says of Postfix's units (the system bus) and what Postfix logged
// (the journal). Never waits for systemd: what is not known yet is said to be so.
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
    /// Closes the journal where the settings want the file alone.
    void apply(const core::Settings& settings) override;

    [[nodiscard]] Watch watch() override;
    [[nodiscard]] WorkerEvents on_watch(std::span<const pollfd> watched) override;

   private:
    [[nodiscard]] Reply observe_systemd();
    [[nodiscard]] Reply read_journal(const Request& request);

    core::Settings settings_;
    systemd::Units units_;
    core::SystemdFacts given_units_;  ///< what observe_systemd answered last
    bool units_told_ = false;

    systemd::JournalLimits journal_limits_;
    std::unique_ptr<systemd::Journal> journal_;  ///< none where the settings want the file alone
    bool journal_notified_ = false;  ///< until the next read_journal: a burst is one event
};

}  // namespace agent
