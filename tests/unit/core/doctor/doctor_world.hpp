// SPDX-License-Identifier: Apache-2.0
// A Debian 12 machine with a correct set-up, of which a test breaks one part.
#pragma once

#include "core/doctor/doctor.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace tests {

inline constexpr const char* mine = "i-0123456789abcdef0";
inline constexpr const char* other = "i-0fedcba9876543210";
inline constexpr const char* good_options = "_netdev,nofail,nfsvers=4.1,hard,noresvport";

inline core::UnitProperties loaded(std::string name, std::string active, std::string sub,
                                   std::string file_state) {
    core::UnitProperties unit;
    unit.name = std::move(name);
    unit.load_state = "loaded";
    unit.active_state = std::move(active);
    unit.sub_state = std::move(sub);
    unit.unit_file_state = std::move(file_state);
    unit.type = "forking";
    return unit;
}

class DoctorWorld : public testing::Test {
   protected:
    DoctorWorld() {
        auto agent = loaded("postfix-elb-agent.service", "active", "running", "enabled");
        agent.after = {"local-fs.target"};
        agent.default_dependencies = false;
        agent.active_since_us = agent.active_since_monotonic_us = 10;

        auto group = loaded("postfix.service", "active", "exited", "enabled");
        group.type = "oneshot";
        group.after = {"postfix@-.service"};

        auto postfix = loaded("postfix@-.service", "active", "running", "indirect");
        postfix.after = {"remote-fs.target", "Mail.mount", "basic.target"};
        postfix.default_dependencies = false;
        postfix.start_timeout_us = 3'600'000'000;
        postfix.before_start = {
            {{"/usr/sbin/postfix-elb-agent", "gate", "--unit", "postfix@-.service"}, false}};
        postfix.active_since_us = postfix.active_since_monotonic_us = 20;

        auto socket = loaded("postfix-elb-agent.socket", "active", "running", "enabled");
        socket.listens = {"[::]:8025"};

        auto cloud = loaded("cloud-final.service", "active", "exited", "enabled");
        cloud.after = {"multi-user.target"};
        auto multi_user = loaded("multi-user.target", "active", "active", "static");
        multi_user.after = {"postfix.service", "basic.target"};

        facts.units = std::vector{
            agent,
            group,
            postfix,
            socket,
            loaded("postfix-elb-agent-nfs-identity.service", "active", "exited", "enabled"),
            cloud,
            multi_user,
            loaded("Mail.mount", "active", "mounted", "generated")};
        facts.root = true;
        facts.cycles = std::vector<std::string>{};
        facts.linked_at_us = 9;
        facts.settings_file = {core::PathFacts::Kind::absent, "/etc/postfix-elb-agent/agent.json",
                               0, 0, ""};
        facts.runtime_directory = directory("/run/postfix-elb-agent");
        facts.instance_id = mine;
        facts.fstab = std::string("srv:/ /Mail nfs4 ") + good_options + " 0 0\n";
        facts.mountinfo = std::string("1 2 0:40 / /Mail rw - nfs4 srv:/ rw,vers=4.1,hard\n");
        facts.mount_point = {core::PathFacts::Kind::not_local, "/Mail", 0, 0,
                             "/Mail is covered by a mount"};
        facts.nfs_identifier = std::string(mine) + "\n";
        facts.nfs4_unique_id = std::string("\n");
        facts.host_name = "mx1";
        facts.link = {core::LinkFacts::Kind::symlink, std::string("/Mail/") + mine, ""};
        facts.skeleton_place = directory("/var/spool/postfix_org");
        facts.skeleton = core::SkeletonFacts{"/var/spool/postfix_org", 0, {}, {}};
        core::ProcessFacts master;
        master.pid = 771;
        master.unit = "postfix@-.service";
        facts.masters = std::vector{master};
        facts.main_cf = std::string("myhostname = mx1\nqueue_directory = /var/spool/postfix\n");
        facts.check = core::CheckAnswer{core::Status::pass, "", {}};
        facts.logs = {{core::PathFacts::Kind::file, "/var/log/mail.log", 0640, 0, ""}};
        facts.journal = facts.journal_on_disk = true;
        facts.port = core::PortFacts{true, {{1, "systemd"}, {500, "postfix-elb-agent"}}};
        facts.clock_synchronised = true;
        facts.machine_id = core::Result<std::string>("uninitialized\n");
        facts.host_name_file = core::Error{core::Errc::missing, "open /etc/hostname: No such file"};
        facts.cloud_init = true;
    }

    static core::PathFacts directory(const std::string& path) {
        return {core::PathFacts::Kind::directory, path, 0755, 0, ""};
    }

    /// Stops and cleans the machine, as for an image.
    void becomes_an_image() {
        subject = core::DoctorSubject::image;
        facts.mountinfo = std::string();
        facts.mount_point = directory("/Mail");
        facts.link = {core::LinkFacts::Kind::absent, "", ""};
        facts.masters = std::vector<core::ProcessFacts>{};
        facts.port = core::PortFacts{};
        facts.instance_id = "";
    }

    core::UnitProperties& unit(std::string_view name) {
        return *std::ranges::find(*facts.units, name, &core::UnitProperties::name);
    }
    core::UnitProperties& agent() { return unit("postfix-elb-agent.service"); }
    core::UnitProperties& postfix() { return unit("postfix@-.service"); }

    /// As on Red Hat and Debian 13.
    void has_a_single_unit() {
        core::UnitProperties single = postfix();
        single.name = "postfix.service";
        single.unit_file_state = "enabled";
        unit("postfix.service") = single;
        postfix().load_state = "not-found";
        facts.masters->front().unit = "postfix.service";
    }

    [[nodiscard]] core::DoctorFinding finding(std::string_view check) const {
        const auto findings = core::diagnose(facts, settings, subject);
        const auto found = std::ranges::find(findings, check, &core::DoctorFinding::check);
        if (found == findings.end()) {
            ADD_FAILURE() << "no finding " << check;
            return {};
        }
        return *found;
    }

    /// "fail: the output"
    [[nodiscard]] std::string said(std::string_view check) const {
        const core::DoctorFinding found = finding(check);
        return std::string(core::to_string(found.status)) + ": " + found.output;
    }
    /// The advice and the commands, a line each.
    [[nodiscard]] std::string remedy(std::string_view check) const {
        const core::Remedy remedy = finding(check).remedy;
        std::string text = remedy.advice;
        for (const std::string& command : remedy.commands) {
            text += "\n" + command;
        }
        return text;
    }
    [[nodiscard]] std::vector<std::string> commands(std::string_view check) const {
        return finding(check).remedy.commands;
    }

    /// The findings that do not pass.
    [[nodiscard]] std::vector<std::string> troubles() const {
        std::vector<std::string> names;
        for (const auto& found : core::diagnose(facts, settings, subject)) {
            if (found.status != core::DoctorStatus::pass) {
                names.push_back(std::string(found.check) + ": " + found.output);
            }
        }
        return names;
    }

    core::DoctorFacts facts;
    core::Settings settings;
    core::DoctorSubject subject = core::DoctorSubject::machine;
};

}  // namespace tests
