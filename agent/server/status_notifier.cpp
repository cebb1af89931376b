// SPDX-License-Identifier: Apache-2.0
#include "agent/server/status_notifier.hpp"

#include "agent/base/journal_entry.hpp"
#include "agent/base/log.hpp"
#include "agent/ipc/control.hpp"
#include "agent/report/message_id.hpp"
#include "core/base/printable.hpp"
#include "core/base/timestamp.hpp"

#include <unistd.h>

#include <array>

namespace agent {
namespace {

std::string text(std::string_view view) {
    return std::string(view);
}

/// "" unless a mount does not work.
std::string attribution_of(const core::Verdict& verdict) {
    return verdict.mount_fault == core::MountFault::none ? std::string()
                                                         : text(to_string(verdict.mount_fault));
}

std::string excuse_of(const core::Finding& finding) {
    return finding.excuse == core::Excuse::none ? std::string() : text(to_string(finding.excuse));
}

std::string one_line(const core::Verdict& verdict) {
    std::string line = "health " + text(to_string(verdict.health)) + ", ready " +
                       text(to_string(verdict.ready)) + ", " + text(to_string(verdict.phase));
    const std::string& output = core::text_of(verdict);
    return output.empty() ? line : line + ": " + output;
}

/// Error: the load balancer replaces an instance that was in use. Warning: a start that has not
/// ended, or an excused failure. A drain was requested, so it is a notice.
Priority priority_of(const core::Verdict& verdict) {
    const bool served =
        verdict.phase == core::Phase::serving || verdict.phase == core::Phase::draining;
    if (verdict.health == core::Status::fail) {
        return served ? Priority::error : Priority::warning;
    }
    return verdict.ready == core::Status::fail && verdict.phase == core::Phase::serving
               ? Priority::warning
               : Priority::notice;
}

std::string entry_of(const core::Verdict& verdict, const std::string& line) {
    const core::Finding worst = core::cause_of(verdict);
    const bool passes = worst.status == core::Status::pass;
    const core::Reason reason = passes ? core::Reason::none : worst.reason;
    const std::string check = passes ? "" : text(to_string(worst.check));
    const std::string reason_name = passes ? "" : text(to_string(reason));
    const std::array fields{
        JournalField{"MESSAGE", line},
        JournalField{"MESSAGE_ID", message_id(worst.check, reason)},
        JournalField{"PRIORITY", std::to_string(static_cast<int>(priority_of(verdict)))},
        JournalField{"SYSLOG_IDENTIFIER", "postfix-elb-agent"},
        JournalField{"SYSLOG_FACILITY", "3"},  // LOG_DAEMON, as for standard error
        JournalField{"POSTFIX_ELB_AGENT_HEALTH", text(to_string(verdict.health))},
        JournalField{"POSTFIX_ELB_AGENT_READY", text(to_string(verdict.ready))},
        JournalField{"POSTFIX_ELB_AGENT_PHASE", text(to_string(verdict.phase))},
        JournalField{"POSTFIX_ELB_AGENT_CHECK", check},
        JournalField{"POSTFIX_ELB_AGENT_REASON", reason_name},
        JournalField{"POSTFIX_ELB_AGENT_ATTRIBUTION", attribution_of(verdict)},
        JournalField{"POSTFIX_ELB_AGENT_EXCUSE", excuse_of(worst)},
        JournalField{"POSTFIX_ELB_AGENT_INSTANCE_ID", verdict.instance_id},
    };
    return journal_entry(fields);
}

}  // namespace

void StatusNotifier::log_change(const core::Verdict& verdict, const std::string& line) const {
    if (!log_sinks_.journal ||
        !send_to_journal(log_sinks_.journal.get(), entry_of(verdict, line))) {
        log(priority_of(verdict), line);
    }
}

/// The console's output can be read after the instance is gone (ec2:GetConsoleOutput). A line that
/// would block is dropped.
void StatusNotifier::write_to_console(const core::Verdict& verdict) {
    core::Headline now = core::headline_of(verdict);
    now.phase = {};
    now.ready = {};
    if (!log_sinks_.console || now == last_on_console_) {
        return;
    }
    last_on_console_ = now;
    constexpr std::size_t longest_output = 400;
    const std::string& output =
        verdict.phase == core::Phase::serving ? core::text_of(verdict) : verdict.output;
    const std::string instance_id =
        verdict.instance_id.empty() ? "unknown instance" : verdict.instance_id;
    const std::string line = core::rfc3339(verdict.at.wall) + " postfix-elb-agent on " +
                             instance_id + ": health " + text(to_string(verdict.health)) +
                             (output.empty() ? "" : ": ") +
                             core::printable(output, longest_output) + "\r\n";
    [[maybe_unused]] const ssize_t written =
        ::write(log_sinks_.console.get(), line.data(), line.size());
}

void StatusNotifier::announce(const core::Verdict& verdict) {
    // The supervisor always reads. If it does not, the line is dropped.
    const auto notify = [this](ControlKind kind, std::string_view line = {}) {
        static_cast<void>(send_control(control_, kind, line));
    };
    const bool linked =
        verdict.checks[static_cast<std::size_t>(core::Check::relink)].status == core::Status::pass;
    if (linked && !ready_) {
        ready_ = true;
        notify(ControlKind::ready);
    }
    if (!first_round_ended_) {
        return;
    }
    write_to_console(verdict);
    if (const core::VerdictKey now = core::key_of(verdict); now != last_key_) {
        last_key_ = now;
        const std::string line = one_line(verdict);
        if (line == last_line_) {
            return;  // the change is in a part that the line does not show
        }
        last_line_ = line;
        log_change(verdict, line);
        notify(ControlKind::status, line);
    }
}

void StatusNotifier::round_ended() {
    first_round_ended_ = true;
    static_cast<void>(send_control(control_, ControlKind::alive));
}

void StatusNotifier::postfix_may_start() const {
    static_cast<void>(send_control(control_, ControlKind::postfix_may_start));
}

}  // namespace agent
