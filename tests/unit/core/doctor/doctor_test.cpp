// SPDX-License-Identifier: Apache-2.0
// What is said as a whole: order, statuses, remedies; and of the host itself.
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

TEST_F(Doctor, AMachineThatIsSetUpWellPassesEverything) {
    EXPECT_THAT(troubles(), IsEmpty());
    EXPECT_EQ(core::worst_of(core::diagnose(facts, settings, subject)), DoctorStatus::pass);
}

TEST_F(Doctor, SoDoesOneWithASingleUnit) {
    has_a_single_unit();
    EXPECT_THAT(troubles(), IsEmpty());
}

TEST_F(Doctor, AnImageThatIsSetUpWellPassesEverything) {
    becomes_an_image();
    EXPECT_THAT(troubles(), IsEmpty());
}

TEST_F(Doctor, TheWorstComesFirstAndNothingIsLeftOut) {
    const std::size_t all = core::diagnose(facts, settings, subject).size();
    facts.clock_synchronised = false;
    facts.fstab = std::string();
    facts.mountinfo = std::string();
    facts.masters = Error{Errc::denied, "which processes are Postfix's can be told by root only"};
    const auto findings = core::diagnose(facts, settings, subject);
    EXPECT_EQ(findings.size(), all);
    EXPECT_TRUE(std::ranges::is_sorted(findings, std::greater{}, &core::DoctorFinding::status));
    EXPECT_EQ(findings.front().status, DoctorStatus::fail);
    EXPECT_EQ(core::worst_of(findings), DoctorStatus::fail);
}

TEST_F(Doctor, NamesAreStableAndEachIsThereOnce) {
    for (const auto about : {core::DoctorSubject::machine, core::DoctorSubject::image}) {
        std::set<std::string_view> names;
        for (const auto& found : core::diagnose(facts, settings, about)) {
            EXPECT_TRUE(names.insert(found.check).second) << found.check;
            EXPECT_EQ(found.check.find_first_not_of("abcdefghijklmnopqrstuvwxyz_"),
                      std::string_view::npos);
        }
    }
}

TEST_F(Doctor, WhateverDoesNotPassHasARemedyWithoutPlaceholders) {
    facts = core::DoctorFacts{};
    facts.root = true;
    facts.settings_problems = {"x"};
    facts.units = std::vector<core::UnitProperties>{};
    for (const auto about : {core::DoctorSubject::machine, core::DoctorSubject::image}) {
        for (const auto& found : core::diagnose(facts, settings, about)) {
            const bool bad =
                found.status == DoctorStatus::warn || found.status == DoctorStatus::fail;
            EXPECT_EQ(bad, !found.remedy.empty()) << found.check << ": " << found.output;
            EXPECT_EQ((found.output + found.remedy).find("{mount"), std::string::npos)
                << found.remedy;
            EXPECT_EQ((found.output + found.remedy).find("{link"), std::string::npos)
                << found.remedy;
        }
    }
}

TEST_F(Doctor, WhatSystemdWouldTellIsUnknownWithoutIt) {
    facts.units =
        Error{Errc::unavailable, "systemd cannot be asked over the system bus: no such file"};
    EXPECT_EQ(said("systemd"),
              "unknown: systemd cannot be asked over the system bus: no such file");
    EXPECT_EQ(said("agent_unit"), "unknown: not known without systemd");
    EXPECT_EQ(said("postfix_gate"), "unknown: not known without systemd");
    EXPECT_EQ(said("mount_fstab"), "pass: line 1: srv:/, nfs4") << "what files tell is told";
    EXPECT_EQ(core::worst_of(core::diagnose(facts, settings, subject)), DoctorStatus::unknown);
}

TEST_F(Doctor, WhoeverIsNotRootIsToldToAskAsRoot) {
    facts.root = false;
    facts.check = Error{Errc::denied, "what check says can be told by root only"};
    EXPECT_EQ(said("running"), "unknown: what check says can be told by root only");
    EXPECT_EQ(remedy("running"), "sudo postfix-elb-agent doctor");
}

TEST_F(Doctor, SettingsThatAreNotValidAreOneFindingAmongOthers) {
    facts.settings_problems = {"agent.json:3: mount.pth: unknown key", "agent.json:4: x"};
    EXPECT_EQ(said("settings"),
              "fail: agent.json:3: mount.pth: unknown key and agent.json:4: x; what follows goes "
              "by the defaults");
    facts.settings_problems.clear();
    facts.user_error = "there is no user x";
    EXPECT_EQ(said("settings"), "fail: there is no user x");
}

TEST_F(Doctor, NobodyButRootMayWriteTheSettings) {
    facts.settings_file = {Kind::file, "/etc/x.json", 0644, 0, ""};
    EXPECT_EQ(said("settings_file"), "pass: /etc/x.json");
    facts.settings_file.mode = 0666;
    EXPECT_EQ(said("settings_file"), "fail: /etc/x.json may be written to by others than root");
    EXPECT_EQ(remedy("settings_file"),
              "sudo chown root:root /etc/x.json; sudo chmod 0644 /etc/x.json");
    facts.settings_file.mode = 0644;
    facts.settings_file.uid = 1000;
    EXPECT_THAT(said("settings_file"), StartsWith("fail"));
    facts.settings_file.kind = Kind::other;
    EXPECT_EQ(said("settings_file"), "fail: /etc/x.json is no regular file");
}

TEST_F(Doctor, NobodyButRootMayWriteIntoTheRunTimeDirectory) {
    facts.runtime_directory.mode = 0777;
    EXPECT_THAT(said("runtime_directory"),
                StartsWith("fail: /run/postfix-elb-agent may be written to"));
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
    EXPECT_EQ(said("port"), "pass: nobody holds port 8025");
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

TEST_F(Doctor, ALogThatIsGoneAfterARebootIsWarnedOf) {
    facts.logs.clear();
    EXPECT_EQ(said("log_kept"), "pass: in the journal, on the disk");
    facts.journal_on_disk = false;
    EXPECT_THAT(said("log_kept"), StartsWith("warn: only in a journal in memory"));
    EXPECT_THAT(remedy("log_kept"), StartsWith("sudo mkdir -p /var/log/journal"));
}

TEST_F(Doctor, AClockThatNobodySetsIsWarnedOf) {
    facts.clock_synchronised = false;
    EXPECT_THAT(said("clock"), StartsWith("warn: not synchronised"));
    facts.clock_synchronised.reset();
    EXPECT_THAT(said("clock"), StartsWith("unknown"));
}

TEST_F(Doctor, WhatCheckSaysIsPassedOn) {
    facts.check = core::CheckAnswer{core::Status::fail, "mount missing: nothing is mounted",
                                    "sudo mount /Mail"};
    EXPECT_EQ(said("running"), "fail: mount missing: nothing is mounted");
    EXPECT_EQ(remedy("running"), "sudo mount /Mail");
    facts.check->status = core::Status::warn;
    EXPECT_THAT(said("running"), StartsWith("warn"));
}

}  // namespace
