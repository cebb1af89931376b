// SPDX-License-Identifier: Apache-2.0
// The findings of `doctor` on units: one fault at a time.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/core/doctor/doctor_world.hpp"

namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

class DoctorUnits : public tests::DoctorWorld {};

TEST_F(DoctorUnits, AnAgentThatIsMissingMaskedOrDisabledIsAFault) {
    agent().unit_file_state = "disabled";
    EXPECT_EQ(said("agent_unit"), "fail: not enabled (disabled): it does not start at boot");
    EXPECT_THAT(commands("agent_unit"),
                ElementsAre("sudo systemctl enable postfix-elb-agent.service"));
    agent().load_state = "masked";
    EXPECT_THAT(commands("agent_unit"),
                ElementsAre("sudo systemctl unmask postfix-elb-agent.service"));
    agent().load_state = "bad-setting";
    EXPECT_THAT(said("agent_unit"), EndsWith("not usable: bad-setting"));
    agent().load_state = "not-found";
    EXPECT_EQ(said("agent_unit"), "fail: postfix-elb-agent.service is not installed");
    EXPECT_THAT(said("agent_active"), StartsWith("unknown"));
}

TEST_F(DoctorUnits, AStartingAgentReportsWhatItWaitsFor) {
    agent().active_state = "activating";
    agent().sub_state = "start";
    agent().status_text = "waits for /Mail";
    EXPECT_EQ(said("agent_active"),
              "warn: it is starting, and Postfix waits for it: waits for /Mail");
    agent().sub_state = "auto-restart";
    EXPECT_THAT(said("agent_active"), StartsWith("fail"));
    agent().active_state = agent().sub_state = "failed";
    EXPECT_EQ(said("agent_active"), "fail: failed (failed): waits for /Mail");
}

TEST_F(DoctorUnits, AnAgentThatRequiresTheMountIsAFault) {
    agent().mounts_required = {"/run/postfix-elb-agent", "/Mail"};
    EXPECT_THAT(said("agent_order"), StartsWith("fail: it requires the mount"));
    agent().mounts_required = {"/run/postfix-elb-agent", "/Mailing"};
    EXPECT_THAT(said("agent_order"), StartsWith("pass"));
    agent().required = {"Mail.mount"};
    EXPECT_THAT(said("agent_order"), StartsWith("fail: it requires the mount"));
    agent().required.clear();
    agent().after = {"Mail.mount"};
    EXPECT_THAT(said("agent_order"), StartsWith("warn: it starts only after the mount"));
}

TEST_F(DoctorUnits, AnAgentThatWaitsForUserDataIsAFault) {
    for (const char* name : {"cloud-final.service", "cloud-init.target"}) {
        agent().after = {name};
        EXPECT_THAT(said("agent_order"),
                    StartsWith("fail: it waits for the last stage of cloud-init"));
        EXPECT_THAT(remedy("agent_order"), HasSubstr("queue.after_user_data"));
    }
}

TEST_F(DoctorUnits, AMissingOrWrongSocketIsWarnedOf) {
    auto& socket = unit("postfix-elb-agent.socket");
    socket.listens = {"8025"};
    EXPECT_THAT(said("agent_socket"), StartsWith("pass"));
    socket.listens = {"[::]:18025"};
    EXPECT_EQ(
        said("agent_socket"),
        "warn: listens on [::]:18025, listen.port is 8025: the port of systemd is the one in use");
    EXPECT_THAT(remedy("agent_socket"), HasSubstr("ListenStream=8025"));
    socket.unit_file_state = "disabled";
    EXPECT_THAT(said("agent_socket"), StartsWith("warn: not enabled"));
    socket.load_state = "not-found";
    EXPECT_THAT(said("agent_socket"),
                StartsWith("warn: postfix-elb-agent.socket is not installed"));
}

TEST_F(DoctorUnits, AfterCloudFinalIsACycleWhereThatIsAfterMultiUser) {
    postfix().after.emplace_back("cloud-final.service");
    EXPECT_EQ(said("ordering_cycle"),
              "fail: postfix.service after postfix@-.service after cloud-final.service after "
              "multi-user.target after "
              "postfix.service: systemd drops one of them at boot");
    EXPECT_THAT(remedy("ordering_cycle"), HasSubstr("queue.after_user_data"));
    unit("cloud-final.service").after.clear();
    EXPECT_EQ(said("ordering_cycle"), "pass: none, and none at this boot")
        << "as on Amazon Linux 2023";
    EXPECT_THAT(said("postfix_boot_order"),
                StartsWith("warn: it waits for the last stage of cloud-init"));
}

TEST_F(DoctorUnits, ACycleInTheJournalIsAFault) {
    facts.cycles = std::vector<std::string>{"x: Found ordering cycle on postfix.service/start"};
    EXPECT_EQ(said("ordering_cycle"),
              "fail: at this boot: x: Found ordering cycle on postfix.service/start");
    facts.cycles = core::Error{core::Errc::missing, "there is no journal that this user may read"};
    EXPECT_EQ(said("ordering_cycle"),
              "unknown: the journal: there is no journal that this user may read");
}

TEST_F(DoctorUnits, FilesThatSystemdHasNotReadAreWarnedOf) {
    postfix().needs_daemon_reload = true;
    EXPECT_EQ(said("daemon_reload"),
              "warn: files were changed after systemd read them: postfix@-.service");
    EXPECT_THAT(commands("daemon_reload"), ElementsAre("sudo systemctl daemon-reload"));
}

TEST_F(DoctorUnits, PostfixMustBeInstalledAndEnabled) {
    unit("postfix.service").unit_file_state = "disabled";
    EXPECT_EQ(said("postfix_unit"),
              "fail: postfix.service is not enabled: Postfix does not start at boot");
    postfix().load_state = "not-found";
    EXPECT_THAT(said("postfix_unit"),
                StartsWith("fail: neither postfix.service nor postfix@-.service"))
        << "the unit that runs /bin/true is not it";
    EXPECT_EQ(said("postfix_gate"), "unknown: no unit runs Postfix here");
}

TEST_F(DoctorUnits, ASingleUnitThatRunsPostfixWinsOverATemplate) {
    unit("postfix.service").type = "forking";
    EXPECT_THAT(said("postfix_unit"), StartsWith("pass: postfix.service runs Postfix"));
    EXPECT_THAT(said("postfix_gate"),
                StartsWith("fail: postfix.service starts Postfix without asking"));
}

TEST_F(DoctorUnits, APostfixWithoutGateIsAFault) {
    postfix().before_start = {{{"/usr/lib/postfix/configure-instance.sh", "-"}, false},
                              {{"/usr/sbin/postfix-elb-agent", "check"}, false}};
    EXPECT_EQ(said("postfix_gate"),
              "fail: postfix@-.service starts Postfix without asking postfix-elb-agent gate");
    EXPECT_THAT(remedy("postfix_gate"),
                HasSubstr("/usr/lib/systemd/system/postfix@-.service.d/10-postfix-elb-agent.conf"));
    postfix().needs_daemon_reload = true;
    EXPECT_THAT(commands("postfix_gate"),
                ElementsAre("sudo systemctl daemon-reload", "sudo postfix-elb-agent doctor"));
}

TEST_F(DoctorUnits, AGateWhoseRefusalIsIgnoredIsAFault) {
    postfix().before_start[0].failure_ignored = true;
    EXPECT_THAT(said("postfix_gate"), StartsWith("fail: postfix@-.service ignores the answer"));
    postfix().before_start.push_back({{"/usr/sbin/postfix-elb-agent", "gate"}, false});
    EXPECT_THAT(said("postfix_gate"), StartsWith("pass"));
}

TEST_F(DoctorUnits, ADropInForAnIdleUnitIsWarnedOf) {
    facts.drop_ins = {"/etc/systemd/system/postfix.service.d"};
    EXPECT_EQ(said("postfix_drop_ins"),
              "warn: /etc/systemd/system/postfix.service.d has no effect: postfix@-.service runs "
              "Postfix here");
    EXPECT_THAT(
        commands("postfix_drop_ins"),
        ElementsAre("sudo mkdir -p /etc/systemd/system/postfix@-.service.d",
                    "sudo find /etc/systemd/system/postfix.service.d -name '*.conf' -exec mv -n -t "
                    "/etc/systemd/system/postfix@-.service.d {} +",
                    "sudo rmdir /etc/systemd/system/postfix.service.d",
                    "sudo systemctl daemon-reload"));
    facts.drop_ins = {"/etc/systemd/system/postfix@.service.d",
                      "/etc/systemd/system/postfix-elb-agent.service.d"};
    EXPECT_THAT(said("postfix_drop_ins"), StartsWith("pass"));
    has_a_single_unit();
    EXPECT_THAT(said("postfix_drop_ins"),
                StartsWith("warn: /etc/systemd/system/postfix@.service.d has no effect"));
}

TEST_F(DoctorUnits, APidFileOnTheMountIsAFault) {
    for (const char* path : {"/var/spool/postfix/pid/master.pid", "/Mail/i-0/pid/master.pid"}) {
        postfix().pid_file = path;
        EXPECT_THAT(said("postfix_pid_file"), StartsWith("fail: PIDFile=" + std::string(path)));
    }
    EXPECT_THAT(commands("postfix_pid_file"),
                ElementsAre("sudo mkdir -p /etc/systemd/system/postfix@-.service.d",
                            "printf '%s\\n' '[Service]' PIDFile= | sudo tee "
                            "/etc/systemd/system/postfix@-.service.d/90-pid-file.conf",
                            "sudo systemctl daemon-reload"));
    postfix().pid_file = "/run/postfix.pid";
    EXPECT_THAT(said("postfix_pid_file"), StartsWith("pass"));
}

TEST_F(DoctorUnits, AStartMustHaveTimeForTheMountAndTheQueue) {
    postfix().start_timeout_us = 90'000'000;
    EXPECT_THAT(said("postfix_start_timeout"), StartsWith("warn: a start may take only 90s"));
    postfix().start_timeout_us = 600'000'000;
    EXPECT_THAT(said("postfix_start_timeout"), StartsWith("pass"));
    settings.mount.wait = std::chrono::hours(1);
    EXPECT_THAT(said("postfix_start_timeout"), StartsWith("warn"));
    EXPECT_THAT(remedy("postfix_start_timeout"), HasSubstr(" TimeoutStartSec=65m "));
    postfix().start_timeout_us = UINT64_MAX;
    EXPECT_THAT(said("postfix_start_timeout"), StartsWith("pass"));
}

TEST_F(DoctorUnits, PostfixMustStopBeforeItsMount) {
    settings.mount.path = "/srv/my-mail";
    EXPECT_EQ(said("postfix_stop_order"),
              R"(warn: at shutdown srv-my\x2dmail.mount can stop before Postfix)");
    EXPECT_THAT(remedy("postfix_stop_order"),
                HasSubstr(R"(After=remote-fs.target srv-my\x2dmail.mount)"));
}

TEST_F(DoctorUnits, ARequirementThatCanCancelTheStartIsWarnedOf) {
    postfix().required = {"Mail.mount", "sysinit.target"};
    postfix().mounts_required = {"/Mail/x"};
    EXPECT_THAT(
        said("postfix_requires"),
        StartsWith("warn: postfix@-.service requires Mail.mount and a mount for /Mail/x: if"));
    postfix().required = {"postfix-elb-agent.service"};
    EXPECT_THAT(said("postfix_requires"), HasSubstr("postfix-elb-agent.service"));
}

TEST_F(DoctorUnits, APostfixThatDelaysTheBootIsWarnedOf) {
    postfix().default_dependencies = true;
    EXPECT_THAT(said("postfix_boot_order"), StartsWith("warn: multi-user.target"));
}

TEST_F(DoctorUnits, APostfixThatStartedBeforeTheLinkIsWarnedOf) {
    postfix().active_since_us = postfix().active_since_monotonic_us = 5;
    EXPECT_EQ(said("postfix_started_after"),
              "warn: Postfix started before the agent had linked the queue");
    facts.linked_at_us.reset();
    EXPECT_THAT(said("postfix_started_after"), StartsWith("warn"));
    postfix().active_state = "failed";
    EXPECT_EQ(said("postfix_started_after"), "pass: Postfix does not run");
}

TEST_F(DoctorUnits, ALaterRestartOfTheAgentIsNoLateStart) {
    agent().active_since_us = agent().active_since_monotonic_us = 100;
    EXPECT_THAT(said("postfix_started_after"), StartsWith("pass"));
}

TEST_F(DoctorUnits, AMasterThatSystemdDidNotStartIsWarnedOf) {
    facts.masters->front().unit = "";
    EXPECT_EQ(said("postfix_process"),
              "warn: a master that systemd did not start (a person or a script did): pid 771 in no "
              "unit");
    facts.masters->front().unit = "cloud-final.service";
    EXPECT_THAT(said("postfix_process"), EndsWith("pid 771 in cloud-final.service"));
    facts.masters->clear();
    EXPECT_EQ(said("postfix_process"), "pass: no master runs");
}

TEST_F(DoctorUnits, PostfixMustUseTheLinkedQueue) {
    facts.main_cf = std::string("queue_directory = /var/spool/other\n");
    EXPECT_EQ(said("postfix_queue_directory"),
              "fail: queue_directory in main.cf is /var/spool/other, and the setting queue.link is "
              "/var/spool/postfix");
    facts.main_cf = std::string("# empty\n");
    EXPECT_THAT(said("postfix_queue_directory"), StartsWith("pass")) << "Postfix's own default";
    settings.queue.link = "/srv/queue";
    EXPECT_THAT(said("postfix_queue_directory"), StartsWith("fail"));
    facts.main_cf = std::string("queue_directory = $x/queue\n");
    EXPECT_THAT(said("postfix_queue_directory"), StartsWith("unknown"));
    facts.main_cf =
        core::Error{core::Errc::missing, "open /etc/postfix/main.cf: No such file or directory"};
    EXPECT_THAT(said("postfix_queue_directory"),
                StartsWith("fail: /etc/postfix/main.cf is missing"));
}

}  // namespace
