// SPDX-License-Identifier: Apache-2.0
// Format: systemd.io/CATALOG. The journal puts an entry's own fields in place of @NAME@.
#include "agent/report/message_id.hpp"
#include "core/checks/reason.hpp"

#include "documents.hpp"

namespace documents {
namespace {

constexpr const char* instance_id = "@POSTFIX_ELB_AGENT_INSTANCE_ID@";

/// Markdown marks code with backquotes, which a terminal would show.
std::string without_backquotes(std::string_view text) {
    std::string plain(text);
    std::erase(plain, '`');
    return plain;
}

std::string header(const std::string& id, const std::string& subject) {
    return "-- " + id + "\nSubject: " + subject +
           "\nDefined-By: postfix-elb-agent\n"
           "Documentation: man:postfix-elb-agent(8)\n\n";
}

std::string entry_of(const core::ReasonInfo& row) {
    const std::string name =
        std::string(to_string(row.check)).append(": ").append(to_string(row.reason));
    const core::Remedy remedy = core::filled(row.remedy, core::Settings(), instance_id);
    std::string what_to_do = remedy.advice + "\n";
    for (const std::string& command : remedy.commands) {
        what_to_do += "    " + command + "\n";
    }
    return header(agent::message_id(row.check, row.reason), "check " + name) +
           "Health is @POSTFIX_ELB_AGENT_HEALTH@ and readiness is @POSTFIX_ELB_AGENT_READY@,\n"
           "because of the check " +
           std::string(to_string(row.check)) + ": " + without_backquotes(row.meaning) +
           ".\n\nWhat to do:\n" + what_to_do +
           "\nCommands name the default paths. For those of this host, run:\n"
           "    postfix-elb-agent status\n\n";
}

}  // namespace

std::string catalog() {
    std::string text =
        header(agent::message_id(core::Check::mount, core::Reason::none), "all checks pass") +
        "Every check of this instance passes. The instance is @POSTFIX_ELB_AGENT_PHASE@.\n\n";
    for (const core::ReasonInfo& row : core::all_reasons()) {
        text += entry_of(row);
    }
    return text;
}

}  // namespace documents
