// SPDX-License-Identifier: Apache-2.0
#include "core/checks/finding_builder.hpp"

#include "core/base/printable.hpp"
#include "core/base/text_part.hpp"
#include "core/model/instance_id.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace core {

namespace {

constexpr std::size_t longest_observed = 300;
constexpr std::size_t longest_output = 700;
constexpr std::size_t longest_advice = 900;
constexpr std::size_t longest_command = 4000;

}  // namespace

FindingBuilder::FindingBuilder(Check check, const Settings& settings, std::string_view instance_id)
    : check_(check), settings_(settings), instance_id_(instance_id) {
}

Finding FindingBuilder::pass(TimePoint at, std::string_view observed) const {
    Finding finding;
    finding.check = check_;
    finding.status = Status::pass;
    finding.observed = printable(observed, longest_observed);
    finding.at = at;
    return finding;
}

Finding FindingBuilder::bad(Status status, Reason reason, TimePoint at, std::string_view observed,
                            std::string_view output) const {
    const ReasonInfo& info = reason_info(check_, reason);
    Finding finding = pass(at, observed);
    finding.status = status;
    finding.reason = reason;
    finding.certainty = info.certainty;
    finding.output = printable(output, longest_output);
    finding.remedy = filled(info.remedy, settings_, instance_id_);
    return finding;
}

Finding FindingBuilder::warn(Reason reason, TimePoint at, std::string_view observed,
                             std::string_view output) const {
    return bad(Status::warn, reason, at, observed, output);
}

Finding FindingBuilder::fail(Reason reason, TimePoint at, std::string_view observed,
                             std::string_view output) const {
    return bad(Status::fail, reason, at, observed, output);
}

Finding FindingBuilder::unknown(Reason reason, TimePoint at, std::string_view output) const {
    Finding finding = bad(Status::fail, reason, at, "", output);
    finding.certainty = Certainty::doubtful;
    return finding;
}

Finding FindingBuilder::behind_mount(Status status, Reason reason, TimePoint at,
                                     std::string_view observed, std::string_view output) const {
    Finding finding = bad(status, reason, at, observed, output);
    finding.certainty = Certainty::doubtful;
    finding.remedy = fix_first(Check::mount);
    return finding;
}

Finding with_remedy(Finding finding, Remedy remedy) {
    remedy.advice = printable(remedy.advice, longest_advice);
    for (std::string& command : remedy.commands) {
        command = printable(command, longest_command);
    }
    finding.remedy = std::move(remedy);
    return finding;
}

Remedy fix_first(Check cause) {
    return {"Fix " + std::string(to_string(cause)) + " first.", {}};
}

bool is_stale(const Facts& facts, TimePoint at, const Settings& settings, TimePoint now) {
    const bool relinking = facts.relink.value && facts.relink.value->more;
    const BootTime seen = relinking ? std::max(at.boot, facts.relink.at.boot) : at.boot;
    return now.boot - seen >
           settings.checks.interval * (settings.checks.fail_after + 1) + settings.mount.deadline;
}

TimePoint older(TimePoint a, TimePoint b) {
    return b.boot < a.boot ? b : a;
}

std::string unknown_id(const Facts& facts) {
    return "the instance id is not known yet" +
           (facts.identity_error.empty() ? std::string() : ": " + facts.identity_error);
}

Remedy unknown_id_remedy(const Settings& settings) {
    return {
        "Set instance_id in /etc/postfix-elb-agent/agent.json, or find out why no source reports "
        "it: on Nitro instances the first command prints an id, and the second prints a token "
        "where the metadata service answers.",
        {"cat /sys/devices/virtual/dmi/id/board_asset_tag",
         "curl -s -m 2 -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' " +
             shell_quoted(settings.imds.endpoint + "/latest/api/token")}};
}

Remedy user_data_remedy() {
    return {"Wait: the first command shows how far cloud-init is, the second what its scripts do.",
            {"cloud-init status --long", "sudo journalctl -b -u cloud-final -n 50"}};
}

std::string why_not_answered(const Facts& facts, const Settings& settings) {
    const MountFacts& mount = *facts.mount.value;
    if (mount.answer == MountFacts::Answer::not_mounted) {
        const bool something = facts.host.value && facts.host.value->mount &&
                               !is_automount_point(*facts.host.value->mount);
        return something ? "the mount cannot be used, see mount"
                         : "nothing is mounted at " + settings.mount.path;
    }
    const bool names_path = mount.error.find(settings.mount.path) != std::string::npos;
    return (names_path ? "no answer" : "no answer from " + settings.mount.path) +
           text_part(": ", mount.error);
}

bool works_in_foreign_queue(const ProcessFacts& process, const Paths& paths) {
    if (process.cwd == paths.queue) {
        return false;
    }
    for (const std::string& local : {paths.link, paths.skeleton, paths.set_aside}) {
        if (process.cwd == local) {
            return true;
        }
    }
    const std::string_view cwd = process.cwd;
    return cwd.starts_with(paths.mount + "/") &&
           validate_external_id(cwd.substr(paths.mount.size() + 1)).has_value();
}

}  // namespace core
