// SPDX-License-Identifier: Apache-2.0
#include "agent/commands/check_once.hpp"
#include "agent/commands/commands.hpp"
#include "agent/commands/exit_status.hpp"
#include "agent/doctor/gather.hpp"
#include "agent/doctor/report.hpp"

#include <cstdio>

namespace agent {
namespace {

int status_of(core::DoctorStatus status) {
    switch (status) {
        case core::DoctorStatus::pass: return exit_status(core::Status::pass);
        case core::DoctorStatus::warn: return exit_status(core::Status::warn);
        case core::DoctorStatus::fail: return exit_status(core::Status::fail);
        case core::DoctorStatus::unknown: break;
    }
    return exit_unknown;
}

}  // namespace

int doctor_command(const config::LoadRequest& request, const config::LoadResult& loaded, bool image,
                   bool json) {
    DoctorInputs inputs;
    inputs.check = check_once;
    inputs.subject = image ? core::DoctorSubject::image : core::DoctorSubject::machine;
    inputs.settings_file = request.file.value_or(config::default_file).string();
    if (loaded) {
        inputs.settings = loaded->settings;
    } else {
        for (const config::Problem& problem : loaded.error()) {
            inputs.settings_problems.push_back(config::to_string(problem));
        }
    }
    const core::DoctorFacts facts = gather_doctor_facts(inputs);
    const auto findings = core::diagnose(facts, inputs.settings, inputs.subject);
    const std::string text = json ? doctor_json(findings) : doctor_table(findings, facts.host_name);
    std::fputs(text.c_str(), stdout);
    return status_of(core::worst_of(findings));
}

}  // namespace agent
