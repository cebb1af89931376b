// SPDX-License-Identifier: Apache-2.0
// All findings together: order, statuses, remedies; and the rules of the host itself.
#include "core/doctor/doctor.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "unit/core/doctor/doctor_world.hpp"

namespace {

using core::DoctorStatus;
using core::Errc;
using core::Error;
using Kind = core::PathFacts::Kind;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

class Doctor : public tests::DoctorWorld {};

std::string remedy_text(const core::Remedy& remedy) {
    std::string text = remedy.advice;
    for (const std::string& command : remedy.commands) {
        text += "\n" + command;
    }
    return text;
}

TEST_F(Doctor, ACorrectMachinePassesEverything) {
    EXPECT_THAT(troubles(), IsEmpty());
    EXPECT_EQ(core::worst_of(core::diagnose(facts, settings, subject)), DoctorStatus::pass);
}

TEST_F(Doctor, ACorrectMachineWithASingleUnitPassesEverything) {
    has_a_single_unit();
    EXPECT_THAT(troubles(), IsEmpty());
}

TEST_F(Doctor, ACorrectImagePassesEverything) {
    becomes_an_image();
    EXPECT_THAT(troubles(), IsEmpty());
}

TEST_F(Doctor, TheWorstComesFirstAndEveryFindingIsThere) {
    const std::size_t all = core::diagnose(facts, settings, subject).size();
    facts.clock_synchronised = false;
    facts.fstab = std::string();
    facts.mountinfo = std::string();
    facts.masters = Error{Errc::denied, "only root can read which processes are Postfix's"};
    const auto findings = core::diagnose(facts, settings, subject);
    EXPECT_EQ(findings.size(), all);
    EXPECT_TRUE(std::ranges::is_sorted(findings, std::greater{}, &core::DoctorFinding::status));
    EXPECT_EQ(findings.front().status, DoctorStatus::fail);
    EXPECT_EQ(core::worst_of(findings), DoctorStatus::fail);
}

TEST_F(Doctor, EachNameOccursOnce) {
    for (const auto about : {core::DoctorSubject::machine, core::DoctorSubject::image}) {
        std::set<std::string_view> names;
        for (const auto& found : core::diagnose(facts, settings, about)) {
            EXPECT_TRUE(names.insert(found.check).second) << found.check;
            EXPECT_EQ(found.check.find_first_not_of("abcdefghijklmnopqrstuvwxyz_"),
                      std::string_view::npos);
        }
    }
}

TEST_F(Doctor, EveryFaultHasARemedyWithoutPlaceholders) {
    facts = core::DoctorFacts{};
    facts.root = true;
    facts.settings_problems = {"x"};
    facts.units = std::vector<core::UnitProperties>{};
    for (const auto about : {core::DoctorSubject::machine, core::DoctorSubject::image}) {
        for (const auto& found : core::diagnose(facts, settings, about)) {
            const bool bad =
                found.status == DoctorStatus::warn || found.status == DoctorStatus::fail;
            EXPECT_EQ(bad, !found.remedy.advice.empty()) << found.check << ": " << found.output;
            EXPECT_EQ(bad, !found.remedy.commands.empty()) << found.check << ": " << found.output;
            const std::string text = found.output + remedy_text(found.remedy);
            for (const char* placeholder : {"{mount", "{link", "{skeleton", "{unit", "{port"}) {
                EXPECT_EQ(text.find(placeholder), std::string::npos) << text;
            }
        }
    }
}

TEST_F(Doctor, FindingsOnUnitsAreUnknownWithoutSystemd) {
    facts.units =
        Error{Errc::unavailable, "systemd cannot be asked over the system bus: no such file"};
    EXPECT_EQ(said("systemd"),
              "unknown: systemd cannot be asked over the system bus: no such file");
    EXPECT_EQ(said("agent_unit"), "unknown: systemd does not answer");
    EXPECT_EQ(said("postfix_gate"), "unknown: systemd does not answer");
    EXPECT_EQ(said("mount_fstab"), "pass: line 1: srv:/, nfs4") << "files are read";
    EXPECT_EQ(core::worst_of(core::diagnose(facts, settings, subject)), DoctorStatus::unknown);
}

TEST_F(Doctor, AnotherUserIsAdvisedToRunItAsRoot) {
    facts.root = false;
    facts.check = Error{Errc::denied, "only root can run the checks"};
    EXPECT_EQ(said("running"), "unknown: only root can run the checks");
    EXPECT_THAT(commands("running"), ElementsAre("sudo postfix-elb-agent doctor"));
    becomes_an_image();
    facts.masters = Error{Errc::denied, "only root can read it"};
    EXPECT_THAT(commands("image_postfix_stopped"),
                ElementsAre("sudo postfix-elb-agent doctor --image"));
}

TEST_F(Doctor, InvalidSettingsAreOneFindingAmongOthers) {
    facts.settings_problems = {"agent.json:3: mount.pth: unknown key", "agent.json:4: x"};
    EXPECT_EQ(said("settings"),
              "fail: agent.json:3: mount.pth: unknown key and agent.json:4: x; the other findings "
              "use the default settings");
    facts.settings_problems.clear();
    facts.user_error = "there is no user x";
    EXPECT_EQ(said("settings"), "fail: there is no user x");
    EXPECT_THAT(commands("settings"), ElementsAre("sudo systemd-sysusers"));
    settings.user = "x";
    EXPECT_THAT(commands("settings"),
                ElementsAre("sudo useradd --system --no-create-home --shell /usr/sbin/nologin x"));
}

TEST_F(Doctor, OnlyRootMayWriteTheSettings) {
    facts.settings_file = {Kind::file, "/etc/x.json", 0644, 0, ""};
    EXPECT_EQ(said("settings_file"), "pass: /etc/x.json");
    facts.settings_file.mode = 0666;
    EXPECT_EQ(said("settings_file"), "fail: /etc/x.json is writable by users other than root");
    EXPECT_THAT(commands("settings_file"),
                ElementsAre("sudo chown root:root /etc/x.json", "sudo chmod 0644 /etc/x.json"));
    facts.settings_file.path = "/etc/my agent.json";
    EXPECT_THAT(commands("settings_file"), ElementsAre("sudo chown root:root '/etc/my agent.json'",
                                                       "sudo chmod 0644 '/etc/my agent.json'"));
    facts.settings_file.path = "/etc/x.json";
    facts.settings_file.mode = 0644;
    facts.settings_file.uid = 1000;
    EXPECT_THAT(said("settings_file"), StartsWith("fail"));
    facts.settings_file.kind = Kind::other;
    EXPECT_EQ(said("settings_file"), "fail: /etc/x.json is not a regular file");
}

TEST_F(Doctor, OnlyRootMayWriteIntoTheRunTimeDirectory) {
    facts.runtime_directory.mode = 0777;
    EXPECT_THAT(said("runtime_directory"),
                StartsWith("fail: /run/postfix-elb-agent is writable by"));
    facts.runtime_directory.kind = Kind::absent;
    EXPECT_THAT(said("runtime_directory"), StartsWith("pass"));
}

TEST_F(Doctor, AnotherProgramOnThePortIsNamed) {
    facts.port = core::PortFacts{true, {{771, "nginx"}}};
    EXPECT_EQ(said("port"), "fail: port 8025 is held by nginx (pid 771)");
    EXPECT_THAT(remedy("port"), HasSubstr("'sport = :8025'"));
    facts.port = core::PortFacts{true, {}};
    EXPECT_THAT(said("port"), StartsWith("unknown"));
    facts.port = core::PortFacts{};
    EXPECT_EQ(said("port"), "pass: port 8025 is free");
    facts.port = core::PortFacts{true, {{1, "systemd"}}};
    EXPECT_EQ(said("port"), "pass: port 8025 is held by systemd");
}

TEST_F(Doctor, TheLogIsAFileOrTheJournal) {
    EXPECT_EQ(said("log_source"), "pass: /var/log/mail.log, and the journal");
    facts.logs[0].kind = Kind::absent;
    EXPECT_EQ(said("log_source"), "pass: the journal");
    settings.maillog.source = core::MaillogSource::file;
    EXPECT_EQ(said("log_source"), "warn: /var/log/mail.log does not exist");
    settings.maillog.source = core::MaillogSource::journal;
    facts.logs.clear();
    facts.journal = false;
    EXPECT_EQ(said("log_source"), "warn: there is no journal");
}

TEST_F(Doctor, ALogOnTheSharedMountIsAFault) {
    for (const char* path : {"/Mail/mail.log", "/var/spool/postfix/mail.log"}) {
        facts.main_cf = std::string("maillog_file = ") + path + "\n";
        EXPECT_THAT(said("log_source"),
                    StartsWith("fail: maillog_file in main.cf is " + std::string(path)));
    }
    facts.main_cf = std::string("maillog_file = /Mailing/x\n");
    EXPECT_THAT(said("log_source"), StartsWith("pass"));
}

TEST_F(Doctor, ALogThatARebootErasesIsWarnedOf) {
    facts.logs.clear();
    EXPECT_EQ(said("log_kept"), "pass: in the journal, on the disk");
    facts.journal_on_disk = false;
    EXPECT_THAT(said("log_kept"), StartsWith("warn: only in a journal in memory"));
    EXPECT_THAT(remedy("log_kept"), HasSubstr("\nsudo mkdir -p /var/log/journal\n"));
}

TEST_F(Doctor, AClockWithoutSynchronisationIsWarnedOf) {
    facts.clock_synchronised = false;
    EXPECT_THAT(said("clock"), StartsWith("warn: not synchronised"));
    facts.clock_synchronised.reset();
    EXPECT_THAT(said("clock"), StartsWith("unknown"));
}

TEST_F(Doctor, TheVerdictOfCheckIsPassedOn) {
    facts.check = core::CheckAnswer{core::Status::fail,
                                    "mount missing: nothing is mounted",
                                    {"Mount it.", {"sudo mount /Mail"}}};
    EXPECT_EQ(said("running"), "fail: mount missing: nothing is mounted");
    EXPECT_EQ(remedy("running"), "Mount it.\nsudo mount /Mail");
    facts.check->status = core::Status::warn;
    EXPECT_THAT(said("running"), StartsWith("warn"));
}

}  // namespace
