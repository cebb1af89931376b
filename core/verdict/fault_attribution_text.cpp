// SPDX-License-Identifier: Apache-2.0
#include "core/verdict/fault_attribution_text.hpp"

#include "core/checks/finding_builder.hpp"

#include <optional>

namespace core {
namespace {

using Answer = FileServerFacts::Answer;

constexpr RemedyTemplate wait_for_it{
    "Wait and replace nothing, because it recovers automatically; the EFS console and the AWS "
    "Health Dashboard show the state of the file system.",
    {command::ask_servers}};
constexpr RemedyTemplate silent_for_long{
    "Find out from the EFS console and the AWS Health Dashboard how the file system is, and "
    "whether other instances reach it; shared_fault.hold limits how long this is excused.",
    {command::ask_servers}};
constexpr RemedyTemplate never_reached{
    "Let the security group of the EFS mount target accept TCP 2049 from this instance, and check "
    "the state of the file system.",
    {command::ask_servers}};
constexpr RemedyTemplate wedged{
    "This client is wedged and does not recover: replace the instance, or remount (the lines about "
    "rsyslog are for hosts that have it), and reboot it if that fails.",
    {command::nfs_messages, command::stop_users, command::stop_rsyslog, command::remount_by_force,
     command::start_rsyslog, command::start_users}};
constexpr RemedyTemplate dead_tunnel{
    "The local tunnel to the file server is dead: restart its watchdog, which starts it again; if "
    "that does not help, replace the instance.",
    {"sudo systemctl restart amazon-efs-mount-watchdog"}};
constexpr RemedyTemplate no_route{
    "Correct the routes of this host or the route table of its subnet; if they are correct, "
    "replace the instance.",
    {"ip route", "ip -br address"}};

/// The text about the server; without a remedy the finding keeps its own.
struct ServerText {
    std::string output;
    const RemedyTemplate* remedy = nullptr;
};

bool is_dead_mount(const Finding& finding) {
    return finding.check == Check::mount && finding.status != Status::pass &&
           (finding.reason == Reason::hung || finding.reason == Reason::io_error);
}

/// `answered`: in this fault; an earlier silence counts for reconnect_time, too.
ServerText of_shared(const FileServerFacts& server, bool answered, Excuse excuse) {
    const bool silent =
        answered && (server.answer == Answer::silent || server.answer == Answer::refused);
    const std::string state = silent ? " is silent, too" : " was silent a short time ago";
    const std::string text =
        "the file server " + server.address + state + ": every instance shares that";
    if (excuse == Excuse::shared_fault) {
        return {text + " (excused for shared_fault.hold)", &wait_for_it};
    }
    return {text + ", longer than shared_fault.hold excuses it", &silent_for_long};
}

std::optional<ServerText> of_instance(const FileServerFacts& server, const Finding& finding,
                                      bool worked) {
    const std::string name = "the file server " + server.address;
    switch (server.answer) {
        case Answer::not_asked: return std::nullopt;
        case Answer::no_address:
            return ServerText{"its options name no file server that could be asked"};
        case Answer::answers:
            // The table's remedy for an error remounts, too.
            return ServerText{name + " answers, so this client is wedged",
                              finding.reason == Reason::hung ? &wedged : nullptr};
        case Answer::unreachable: return ServerText{"this host has no route to " + name, &no_route};
        case Answer::refused:
            if (server.loopback) {
                return ServerText{"nothing listens at " + server.address +
                                      ", this host's tunnel to the file server",
                                  &dead_tunnel};
            }
            break;
        case Answer::silent: break;
    }
    return worked
               ? std::nullopt
               : std::optional(ServerText{
                     name + " is silent, and the mount never worked in this boot", &never_reached});
}

}  // namespace

Finding attributed(Finding finding, const MountFaultTracker& tracker, const Facts& facts,
                   const Settings& settings) {
    const auto& server = facts.file_server;
    if (!is_dead_mount(finding) || !server.value || !tracker.began()) {
        return finding;
    }
    const bool answered = server.at.boot >= tracker.began()->boot;
    std::optional<ServerText> text;
    switch (tracker.fault()) {
        case MountFault::none:
        case MountFault::unknown: return finding;
        case MountFault::shared: text = of_shared(*server.value, answered, finding.excuse); break;
        case MountFault::instance:
            text =
                answered ? of_instance(*server.value, finding, facts.mount_worked) : std::nullopt;
            break;
    }
    if (!text) {
        return finding;
    }
    finding.output += "; " + text->output;
    return text->remedy == nullptr
               ? finding
               : with_remedy(finding, filled(*text->remedy, settings, facts.instance_id));
}

}  // namespace core
