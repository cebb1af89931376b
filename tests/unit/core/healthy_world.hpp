// SPDX-License-Identifier: Apache-2.0
// The facts of a host on which all is well, as a starting point: a test spoils what it is about.
#pragma once

#include "core/base/time.hpp"
#include "core/model/facts.hpp"
#include "core/model/settings.hpp"

#include <string>

#include "unit/core/time_points.hpp"

namespace test {

inline constexpr const char* own_id = "i-0123456789abcdef0";
inline constexpr const char* own_queue = "/Mail/i-0123456789abcdef0";
inline constexpr const char* own_pid_file = "/Mail/i-0123456789abcdef0/pid/master.pid";
inline constexpr const char* own_owner_file = "/Mail/.postfix-elb-agent/owners/i-0123456789abcdef0";
inline constexpr const char* other_queue = "/Mail/i-0fedcba9876543210";

/// The advice, and each command on a line of its own.
inline std::string text_of(const core::Remedy& remedy) {
    std::string text = remedy.advice;
    for (const std::string& command : remedy.commands) {
        text += "\n" + command;
    }
    return text;
}

inline core::ProcessFacts master(int pid, const std::string& queue) {
    core::ProcessFacts process;
    process.pid = pid;
    process.exe = "/usr/lib/postfix/sbin/master";
    process.cwd = queue;
    process.start_ticks = 4711;
    process.is_master = true;
    process.holds_lock = true;
    process.lock_inode = 131448;
    process.lock_path = queue + "/pid/master.pid";
    return process;
}

inline core::MountEntry nfs_mount() {
    return {"/Mail",       "0:40",
            "nfs4",        "fs-0123.efs.eu-central-1.amazonaws.com:/",
            "rw,relatime", "rw,vers=4.1,addr=10.0.0.5",
            false};
}

inline core::OwnerRecord owner(const std::string& id, const std::string& hostname) {
    return {id, "b007", hostname, hostname, "2026-11-22T09:00:05.000Z"};
}

struct World {
    core::Settings settings;
    core::Facts facts;
    core::TimePoint now = moment();

    World() {
        facts.instance_id = own_id;

        core::HostFacts host;
        host.mount = nfs_mount();
        host.lease_expired = 0;
        host.link = {core::LinkFacts::Kind::symlink, own_queue, ""};
        host.named = master(771, own_queue);
        host.masters = {master(771, own_queue)};
        facts.host.value = host;

        core::MountFacts mount;
        mount.answer = core::MountFacts::Answer::answered;
        mount.took_us = 2100;
        mount.queue_dir.kind = core::QueueDirFacts::Kind::directory;
        mount.pid_file = {core::PidFileFacts::Kind::present, 771, 131448, 1, "", ""};
        mount.ownership.state = core::OwnershipFacts::State::held;
        mount.ownership.holder = owner(own_id, "ip-10-0-0-7");
        facts.mount.value = mount;

        core::StartupLogFacts log;
        log.source = core::StartupLogFacts::Source::reading;
        log.path = "/var/log/mail.log";
        log.last_started = moment(std::chrono::seconds(-60)).wall;
        facts.startup_log.value = log;

        core::RelinkProgress relink;
        relink.state = core::RelinkProgress::State::done;
        relink.text = "done";
        facts.relink.value = relink;
        facts.relink.at = moment(std::chrono::minutes(-5));

        look_again();
    }

    /// All that is looked at every round was looked at just now.
    void look_again() {
        facts.host.at = now;
        facts.mount.at = now;
        facts.startup_log.at = now;
    }

    void pass_time(std::chrono::milliseconds time) {
        now.wall += time;
        now.boot += time;
    }

    core::HostFacts& host() { return *facts.host.value; }
    core::MountFacts& mount() { return *facts.mount.value; }
    core::StartupLogFacts& log() { return *facts.startup_log.value; }
    core::RelinkProgress& relink() { return *facts.relink.value; }

    /// No master at all; the pid file stays, as it does when Postfix stops.
    void stop_postfix() {
        host().named.reset();
        host().masters.clear();
    }
};

}  // namespace test
