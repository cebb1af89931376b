// SPDX-License-Identifier: Apache-2.0
// Settings, permissions, the log, the port, the clock.
#include "core/doctor/remedies.hpp"
#include "core/parse/main_cf.hpp"

#include <algorithm>

namespace core::doctor {
namespace {

using Kind = PathFacts::Kind;

Remedy correct_settings(const Machine& machine) {
    const std::string file = shell_quoted(machine.facts.settings_file.path);
    return {"Correct the settings until the last command finds no error.",
            {"sudoedit " + file, "postfix-elb-agent config check --config " + file}};
}

Remedy create_user(const std::string& user) {
    const std::string create =
        user == "auto" ? "sudo systemd-sysusers"
                       : "sudo useradd --system --no-create-home --shell /usr/sbin/nologin " +
                             shell_quoted(user);
    return {"Create the user, or name another one in the setting user.", {create}};
}

std::optional<Seen> writable_by_others(const PathFacts& place, const std::string& mode) {
    if (place.uid != 0 || (place.mode & 022U) != 0) {
        return fail(place.path + " is writable by users other than root",
                    protect(place.path, mode));
    }
    return std::nullopt;
}

std::optional<std::string> own_log(const Machine& machine) {
    const auto& text = machine.facts.main_cf;
    auto value = text ? main_cf_value(*text, "maillog_file") : std::nullopt;
    return value && value->starts_with('/') ? value : std::nullopt;
}

bool is_on_the_share(const Machine& machine, const std::string& path) {
    return is_within(path, machine.settings.mount.path) ||
           is_within(path, machine.settings.queue.link);
}

std::string why_no_log(const PathFacts& log) {
    if (log.kind == Kind::absent) {
        return log.path + " does not exist";
    }
    return log.error.empty() ? log.path + " is not a regular file" : log.error;
}

}  // namespace

Seen settings(const Machine& machine) {
    const auto& problems = machine.facts.settings_problems;
    if (!problems.empty()) {
        return fail(list_of(problems) + "; the other findings use the default settings",
                    correct_settings(machine));
    }
    const std::string& error = machine.facts.user_error;
    return error.empty() ? pass("valid") : fail(error, create_user(machine.settings.user));
}

Seen settings_file(const Machine& machine) {
    const PathFacts& file = machine.facts.settings_file;
    switch (file.kind) {
        case Kind::absent: return pass("none: the defaults apply");
        case Kind::file: break;
        case Kind::not_local:
        case Kind::unreadable: return unknown(file.error);
        case Kind::directory:
        case Kind::other:
            return fail(file.path + " is not a regular file",
                        {"Move it aside; without a settings file the defaults apply.",
                         {move_aside(file.path)}});
    }
    return writable_by_others(file, "0644").value_or(pass(file.path));
}

Seen runtime_directory(const Machine& machine) {
    const PathFacts& place = machine.facts.runtime_directory;
    switch (place.kind) {
        case Kind::absent: return pass("does not exist yet: the agent creates it");
        case Kind::directory: break;
        case Kind::not_local:
        case Kind::unreadable: return unknown(place.error);
        case Kind::file:
        case Kind::other:
            return fail(place.path + " is not a directory",
                        {"Move it aside; the agent creates the directory when it starts.",
                         {move_aside(place.path), "sudo systemctl restart postfix-elb-agent"}});
    }
    return writable_by_others(place, "0755").value_or(pass(place.path));
}

Seen port(const Machine& machine) {
    const auto& port = machine.facts.port;
    if (!port) {
        return unknown(port.error().message);
    }
    if (!port->taken) {
        return pass("port {port} is free");
    }
    std::vector<std::string> holders;
    Remedy remedy{"Stop that program, or set listen.port to a free port.",
                  {"sudo ss -ltnp 'sport = :{port}'"}};
    for (const PortFacts::Holder& holder : port->holders) {
        if (holder.program == "postfix-elb-agent" || holder.pid == 1) {
            const std::string owner = holder.pid == 1 ? "systemd" : "the agent";
            return pass("port {port} is held by " + owner);
        }
        const std::string pid = std::to_string(holder.pid);
        holders.push_back(holder.program + " (pid " + pid + ")");
        remedy.commands.push_back("systemctl status --no-pager " + pid);
    }
    return holders.empty() ? unknown("port {port} is held by an unknown process")
                           : fail("port {port} is held by " + list_of(holders), std::move(remedy));
}

Seen log_source(const Machine& machine) {
    const MaillogSource source = machine.settings.maillog.source;
    const bool journal = source != MaillogSource::file && machine.facts.journal;
    const auto own = own_log(machine);
    if (own && is_on_the_share(machine, *own)) {
        return fail("maillog_file in main.cf is " + *own +
                        ", on the shared mount: each reader and writer hangs with the mount",
                    {"Log to the local disk.",
                     {"sudo postconf -e maillog_file=/var/log/mail.log", "sudo postfix reload"}});
    }
    std::vector<std::string> why;
    for (const PathFacts& log : machine.facts.logs) {
        if (log.kind == Kind::file) {
            const bool both = machine.facts.journal && source == MaillogSource::automatic;
            return pass(both ? log.path + ", and the journal" : log.path);
        }
        why.push_back(why_no_log(log));
    }
    if (journal && !own) {
        return pass("the journal");
    }
    return warn(why.empty() ? "there is no journal" : list_of(why),
                {"Set maillog.source and maillog.path to the place where Postfix logs: the file "
                 "that these commands print, else the journal.",
                 {"postconf maillog_file", "grep -rs mail /etc/rsyslog.conf /etc/rsyslog.d"}});
}

Seen log_kept(const Machine& machine) {
    if (std::ranges::find(machine.facts.logs, Kind::file, &PathFacts::kind) !=
        machine.facts.logs.end()) {
        return pass("in a file");
    }
    if (machine.facts.journal_on_disk) {
        return pass("in the journal, on the disk");
    }
    if (!machine.facts.journal) {
        return warn("Postfix's log is not kept",
                    {"Install a log daemon.",
                     {install_package("rsyslog"), "sudo systemctl enable --now rsyslog"}});
    }
    return warn("only in a journal in memory: a reboot erases the log",
                {"Keep the journal on the disk.",
                 {"sudo mkdir -p /var/log/journal", "sudo systemctl restart systemd-journald",
                  "sudo journalctl --flush"}});
}

Seen clock(const Machine& machine) {
    const auto& synchronised = machine.facts.clock_synchronised;
    if (!synchronised) {
        return unknown("the kernel does not report whether the clock is synchronised");
    }
    return *synchronised
               ? pass("synchronised")
               : warn("not synchronised: times in logs and answers cannot be compared",
                      {"Install a time daemon, and wait until it has set the clock.",
                       {install_package("chrony"),
                        "sudo systemctl enable --now chronyd || sudo systemctl enable --now chrony",
                        "chronyc waitsync 30"}});
}

}  // namespace core::doctor
