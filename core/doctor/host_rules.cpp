// SPDX-License-Identifier: Apache-2.0
// Settings, permissions, the log, the port, the clock.
#include "core/doctor/rules.hpp"
#include "core/parse/main_cf.hpp"

#include <algorithm>
#include <array>

namespace core::doctor {
namespace {

using Kind = PathFacts::Kind;

Seen settings(const Machine& machine) {
    const auto& problems = machine.facts.settings_problems;
    if (!problems.empty()) {
        return fail(list_of(problems) + "; what follows goes by the defaults");
    }
    const std::string& user = machine.facts.user_error;
    return user.empty() ? pass("valid")
                        : fail(user, "sudo systemd-sysusers, or correct the setting user");
}

/// Nobody but root may change what root goes by.
std::optional<Seen> not_roots_alone(const PathFacts& place, const std::string& mode) {
    if (place.uid != 0 || (place.mode & 022U) != 0) {
        return fail(
            place.path + " may be written to by others than root",
            "sudo chown root:root " + place.path + "; sudo chmod " + mode + " " + place.path);
    }
    return std::nullopt;
}

Seen settings_file(const Machine& machine) {
    const PathFacts& file = machine.facts.settings_file;
    switch (file.kind) {
        case Kind::absent: return pass("none: the defaults count");
        case Kind::file: break;
        case Kind::not_local:
        case Kind::unreadable: return unknown(file.error);
        case Kind::directory:
        case Kind::other:
            return fail(file.path + " is no regular file", "sudo ls -la " + file.path);
    }
    return not_roots_alone(file, "0644").value_or(pass(file.path));
}

Seen runtime_directory(const Machine& machine) {
    const PathFacts& place = machine.facts.runtime_directory;
    if (place.kind == Kind::absent) {
        return pass("none yet: the agent makes it");
    }
    if (place.kind != Kind::directory) {
        return place.kind == Kind::file || place.kind == Kind::other
                   ? fail(place.path + " is no directory", "sudo rm " + place.path +
                                                               "; sudo systemctl restart "
                                                               "postfix-elb-agent")
                   : unknown(place.error);
    }
    return not_roots_alone(place, "0755").value_or(pass(place.path));
}

std::optional<std::string> own_log(const Machine& machine) {
    const auto& text = machine.facts.main_cf;
    auto value = text ? main_cf_value(*text, "maillog_file") : std::nullopt;
    return value && value->starts_with('/') ? value : std::nullopt;
}

Seen log_source(const Machine& machine) {
    using Source = MaillogSource;
    const Source source = machine.settings.maillog.source;
    const auto own = own_log(machine);
    const auto in_queue = [&](const std::string& path) {
        return is_within(path, machine.settings.mount.path) ||
               is_within(path, machine.settings.queue.link);
    };
    if (own && in_queue(*own)) {
        return fail("maillog_file in main.cf is " + *own +
                        ", on the shared mount: whoever reads or writes it hangs with "
                        "it",
                    "sudo postconf -e maillog_file=/var/log/mail.log, sudo postfix reload");
    }
    std::vector<std::string> why;
    for (const PathFacts& log : machine.facts.logs) {
        if (log.kind == Kind::file) {
            return pass(log.path + (machine.facts.journal && source == Source::automatic
                                        ? ", and the journal"
                                        : ""));
        }
        why.push_back(log.kind == Kind::absent ? log.path + " does not exist"
                      : log.error.empty()      ? log.path + " is no regular file"
                                               : log.error);
    }
    if (source != Source::file && machine.facts.journal && !own) {
        return pass("the journal");
    }
    return warn(why.empty() ? "there is no journal" : list_of(why));
}

Seen log_kept(const Machine& machine) {
    const bool file = std::ranges::any_of(machine.facts.logs,
                                          [](const auto& log) { return log.kind == Kind::file; });
    if (file || machine.facts.journal_on_disk) {
        return pass(file ? "in a file" : "in the journal, on the disk");
    }
    return machine.facts.journal
               ? warn("only in a journal in memory: after a reboot nobody learns what happened")
               : warn("nowhere");
}

Seen port(const Machine& machine) {
    const auto& port = machine.facts.port;
    if (!port) {
        return unknown(port.error().message);
    }
    if (!port->taken) {
        return pass("nobody holds port {port}");
    }
    std::vector<std::string> holders;
    for (const PortFacts::Holder& holder : port->holders) {
        if (holder.program == "postfix-elb-agent" || holder.pid == 1) {
            return pass("port {port} is held by " +
                        std::string(holder.pid == 1 ? "systemd" : "the agent"));
        }
        holders.push_back(holder.program + " (pid " + std::to_string(holder.pid) + ")");
    }
    return holders.empty() ? unknown("port {port} is held by a process that cannot be told")
                           : fail("port {port} is held by " + list_of(holders));
}

Seen clock(const Machine& machine) {
    const auto& synchronised = machine.facts.clock_synchronised;
    if (!synchronised) {
        return unknown("the kernel does not say whether the clock is synchronised");
    }
    return *synchronised ? pass("synchronised")
                         : warn("not synchronised: times in logs and answers cannot be compared");
}

constexpr std::array rules{
    Rule{"settings", About::both, Needs::nothing, settings,
         "correct them, until postfix-elb-agent config check finds nothing"},
    Rule{"settings_file", About::both, Needs::nothing, settings_file, ""},
    Rule{"runtime_directory", About::both, Needs::nothing, runtime_directory, ""},
    Rule{"port", About::both, Needs::nothing, port,
         "stop that program, or set listen.port to another one; sudo ss -ltnp 'sport = :{port}'"},
    Rule{"log_source", About::both, Needs::nothing, log_source,
         "set maillog.path to the file that Postfix logs to: postconf maillog_file, grep -rs mail "
         "/etc/rsyslog.conf "
         "/etc/rsyslog.d"},
    Rule{"log_kept", About::both, Needs::nothing, log_kept,
         "sudo mkdir -p /var/log/journal, sudo systemctl restart systemd-journald; or install "
         "rsyslog"},
    Rule{"clock", About::machine, Needs::nothing, clock,
         "timedatectl; sudo apt-get install chrony, or sudo dnf install chrony; chronyc tracking"},
};

}  // namespace

std::span<const Rule> host_rules() {
    return rules;
}

}  // namespace core::doctor
