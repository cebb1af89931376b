// SPDX-License-Identifier: Apache-2.0
#include "agent/doctor/report.hpp"

#include "core/base/printable.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace agent {
namespace {

constexpr std::size_t longest_text = 4000;  // a command must not be cut
constexpr std::size_t status_width = 9;     // "unknown" and two blanks

std::string printable(std::string_view text) {
    return core::printable(text, longest_text);
}

// "fail: 2 fail, 1 warn, 30 pass"
std::string counts(const std::vector<core::DoctorFinding>& findings) {
    using Status = core::DoctorStatus;
    std::string text;
    for (const Status status : {Status::fail, Status::warn, Status::unknown, Status::pass}) {
        const auto count = std::ranges::count(findings, status, &core::DoctorFinding::status);
        if (count > 0) {
            text += (text.empty() ? "" : ", ") + std::to_string(count) + " " +
                    std::string(core::to_string(status));
        }
    }
    return text;
}

std::string padded(std::string_view text, std::size_t width) {
    std::string cell(text);
    cell.resize(std::max(width, cell.size()), ' ');
    return cell;
}

constexpr const char* see_also = "See man 8 postfix-elb-agent, man 7 postfix-elb-agent-reasons.\n";

struct Step {
    const core::Remedy* remedy;
    std::string checks;
};

// Findings with the same remedy share an entry.
std::string remedies_of(const std::vector<core::DoctorFinding>& findings) {
    std::vector<Step> steps;
    for (const core::DoctorFinding& finding : findings) {
        const auto same = std::ranges::find_if(
            steps, [&](const Step& step) { return *step.remedy == finding.remedy; });
        if (same != steps.end()) {
            same->checks += ", " + std::string(finding.check);
        } else if (!finding.remedy.advice.empty()) {
            steps.push_back({&finding.remedy, std::string(finding.check)});
        }
    }
    std::string out;
    for (const Step& step : steps) {
        out += "  " + step.checks + ": " + printable(step.remedy->advice) + "\n";
        for (const std::string& command : step.remedy->commands) {
            out += "    " + printable(command) + "\n";
        }
    }
    return out;
}

}  // namespace

std::string doctor_table(const std::vector<core::DoctorFinding>& findings, std::string_view host) {
    std::size_t width = 0;
    for (const core::DoctorFinding& finding : findings) {
        width = std::max(width, finding.check.size() + 2);
    }
    std::string out = printable(host) + ": " +
                      std::string(core::to_string(core::worst_of(findings))) + " (" +
                      counts(findings) + ")\n\n";
    out += padded("CHECK", width) + padded("STATUS", status_width) + "SEEN\n";
    for (const core::DoctorFinding& finding : findings) {
        out += padded(finding.check, width) +
               padded(core::to_string(finding.status), status_width) + printable(finding.output) +
               "\n";
    }
    const std::string remedies = remedies_of(findings);
    return out + (remedies.empty() ? "" : "\nWhat to do:\n" + remedies + see_also);
}

std::string doctor_json(const std::vector<core::DoctorFinding>& findings) {
    nlohmann::ordered_json array = nlohmann::ordered_json::array();
    for (const core::DoctorFinding& finding : findings) {
        nlohmann::ordered_json commands = nlohmann::ordered_json::array();
        for (const std::string& command : finding.remedy.commands) {
            commands.push_back(printable(command));
        }
        array.push_back({{"check", finding.check},
                         {"status", core::to_string(finding.status)},
                         {"output", printable(finding.output)},
                         {"remedy", printable(finding.remedy.advice)},
                         {"commands", std::move(commands)}});
    }
    return array.dump(2) + "\n";
}

}  // namespace agent
