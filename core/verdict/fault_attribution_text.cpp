// SPDX-License-Identifier: Apache-2.0
#include "core/verdict/fault_attribution_text.hpp"

#include "core/checks/finding_builder.hpp"

#include <optional>

namespace core {
namespace {

using Answer = FileServerFacts::Answer;

constexpr std::string_view wait_for_it =
    "wait and replace nothing, it recovers by itself; see how the file system is (EFS: its "
    "console, the AWS Health "
    "Dashboard)";
constexpr std::string_view silent_for_long =
    "see how the file system is (EFS: its console, the AWS Health Dashboard) and whether other "
    "instances reach it; "
    "shared_fault.hold says for how long that is excused";
constexpr std::string_view never_reached =
    "let TCP 2049 from this instance into the security group of the EFS mount target, and see how "
    "the file system is";
constexpr std::string_view wedged =
    "this client is wedged, waiting does not help: replace the instance, or mount anew: sudo "
    "systemctl stop postfix "
    "postfix-elb-agent rsyslog syslog.socket; sudo umount -f {mount} && sudo mount {mount}; sudo "
    "systemctl start "
    "rsyslog postfix-elb-agent postfix; if that fails reboot it";
constexpr std::string_view dead_tunnel =
    "the tunnel of this host is dead: sudo systemctl restart amazon-efs-mount-watchdog, which "
    "starts it again; if that "
    "does not help replace the instance";
constexpr std::string_view no_route =
    "ip route, ip -br address and the route table of the subnet show why; if they do not, replace "
    "the instance";

/// What is said of the server; an empty remedy leaves the finding's own.
struct Words {
    std::string output;
    std::string_view remedy;
};

bool is_dead_mount(const Finding& finding) {
    return finding.check == Check::mount && finding.status != Status::pass &&
           (finding.reason == Reason::hung || finding.reason == Reason::io_error);
}

/// `answered`: in this fault; a silence before it counts for a while, too.
Words of_shared(const FileServerFacts& server, bool answered, Excuse excuse) {
    const bool silent =
        answered && (server.answer == Answer::silent || server.answer == Answer::refused);
    const std::string state = silent ? " is silent, too" : " was silent a short time ago";
    const std::string who =
        "the file server " + server.address + state + ": every instance shares that";
    if (excuse == Excuse::shared_fault) {
        return {who + " (excused for shared_fault.hold)", wait_for_it};
    }
    return {who + ", longer than shared_fault.hold excuses it", silent_for_long};
}

std::optional<Words> of_instance(const FileServerFacts& server, const Finding& finding,
                                 bool worked) {
    const std::string who = "the file server " + server.address;
    switch (server.answer) {
        case Answer::not_asked: return std::nullopt;
        case Answer::no_address:
            return Words{"its options name no file server that could be asked", ""};
        case Answer::answers:
            // The table's remedy for an error is to mount anew as well.
            return Words{who + " answers, so this client is wedged",
                         finding.reason == Reason::hung ? wedged : ""};
        case Answer::unreachable: return Words{"this host has no route to " + who, no_route};
        case Answer::refused:
            if (server.loopback) {
                return Words{"nothing listens at " + server.address +
                                 ", this host's tunnel to the file server",
                             dead_tunnel};
            }
            break;
        case Answer::silent: break;
    }
    return worked ? std::nullopt
                  : std::optional(Words{who + " is silent, and the mount never worked in this boot",
                                        never_reached});
}

}  // namespace

Finding attributed(Finding finding, const MountFaultTracker& tracker, const Facts& facts,
                   const Settings& settings) {
    const auto& server = facts.file_server;
    if (!is_dead_mount(finding) || !server.value || !tracker.began()) {
        return finding;
    }
    const bool answered = server.at.boot >= tracker.began()->boot;
    std::optional<Words> words;
    switch (tracker.fault()) {
        case MountFault::none:
        case MountFault::unknown: return finding;
        case MountFault::shared: words = of_shared(*server.value, answered, finding.excuse); break;
        case MountFault::instance:
            words =
                answered ? of_instance(*server.value, finding, facts.mount_worked) : std::nullopt;
            break;
    }
    if (!words) {
        return finding;
    }
    finding.output += "; " + words->output;
    return words->remedy.empty()
               ? finding
               : with_remedy(finding, fill_remedy(words->remedy, settings, facts.instance_id));
}

}  // namespace core
