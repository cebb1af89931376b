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
    /// A journal that is no longer wanted is closed; wanted again, it is read from its first entry
    /// of this boot.
    void apply(const core::Settings& settings) override;

    [[nodiscard]] Watch watch() override;
    [[nodiscard]] WorkerEvents on_watch(std::span<const pollfd> watched) override;

   private:
    [[nodiscard]] Reply observe_systemd();
    [[nodiscard]] Reply read_journal();
    [[nodiscard]] Reply count_journal(const Request& request);

    core::Settings settings_;
    systemd::Units units_;
    core::SystemdFacts given_units_;  ///< what observe_systemd answered last
    bool units_told_ = false;

    systemd::JournalLimits journal_limits_;
    std::unique_ptr<systemd::Journal> journal_;  ///< none where the settings want the file alone
    bool journal_told_ =
        false;  ///< until read_journal is asked the journal is not looked at: a burst is one event
    std::unique_ptr<systemd::Journal>
        counted_;                ///< every line of Postfix; none until it is asked for
    bool counted_told_ = false;  ///< likewise until count_journal is asked
};

}  // namespace agent
