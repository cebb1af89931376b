// SPDX-License-Identifier: Apache-2.0
#include "config/load.hpp"

#include "config/schema.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "unit/config/support.hpp"

using namespace std::chrono_literals;
using test::problems_in;
using test::settings_of;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

namespace {

// The settings of the design, as an operator would write them all.
constexpr std::string_view every_default = R"({
  // as shipped
  "listen":      {"address": "::", "port": 8025, "connections_per_source": 64},
  "instance_id": "auto",
  "imds":        {"endpoint": "http://169.254.169.254"},
  "mount":       {"path": "/Mail", "fstypes": ["nfs4"], "source": null, "wait": "5m", "deadline": "2s"},
  "queue":       {"link": "/var/spool/postfix", "skeleton": "/var/spool/postfix_org", "after_user_data": false},
  "maillog":     {"source": "auto", "path": "auto"},
  "shared_fault": {"hold": "30m"},
  "checks":      {"interval": "5s", "fail_after": 2, "pass_after": 1},
  "census":      {"interval": "60s", "budget": 200},
  "drain":       {"delay": "0s"},
  "user":        "auto"
})";

}  // namespace

TEST(Load, AnEmptyObjectGivesTheDefaults) {
    const config::Loaded loaded = config::load_text("{}", "agent.json", {}).value();
    for (const config::Key& key : config::schema()) {
        EXPECT_EQ(key.get(loaded.settings), key.get(core::Settings{})) << key.path;
        EXPECT_EQ(loaded.origins.find(key.path)->second, "default") << key.path;
    }
    EXPECT_EQ(loaded.origins.size(), config::schema().size());
}

TEST(Load, AFileOfAllDefaultsGivesTheDefaults) {
    const config::Loaded loaded = config::load_text(every_default, "agent.json", {}).value();
    for (const config::Key& key : config::schema()) {
        EXPECT_EQ(key.get(loaded.settings), key.get(core::Settings{})) << key.path;
        EXPECT_THAT(loaded.origins.find(key.path)->second, StartsWith("agent.json:")) << key.path;
    }
}

TEST(Load, EveryTypeOfValueReachesItsSetting) {
    const core::Settings settings = settings_of(R"({
      "listen": {"address": "127.0.0.1", "port": 0}, "instance_id": "relay-1", "imds": {"endpoint": "http://[::1]:81"},
      "mount": {"path": "/m", "fstypes": ["ext4", "fuse.sshfs"], "source": "fs:/", "wait": "0s", "deadline": "250ms"},
      "maillog": {"source": "file", "path": "/var/log/maillog"}, "checks": {"fail_after": 100}, "user": "mail"})");
    EXPECT_EQ(settings.listen.address, "127.0.0.1");
    EXPECT_EQ(settings.listen.port, 0);
    EXPECT_EQ(settings.instance_id, "relay-1");
    EXPECT_EQ(settings.imds.endpoint, "http://[::1]:81");
    EXPECT_EQ(settings.mount.path, "/m");
    EXPECT_THAT(settings.mount.fstypes, ElementsAre("ext4", "fuse.sshfs"));
    EXPECT_EQ(settings.mount.source, "fs:/");
    EXPECT_EQ(settings.mount.wait, 0s);
    EXPECT_EQ(settings.mount.deadline, 250ms);
    EXPECT_EQ(settings.maillog.source, core::MaillogSource::file);
    EXPECT_EQ(settings.maillog.path, "/var/log/maillog");
    EXPECT_EQ(settings.checks.fail_after, 100);
    EXPECT_EQ(settings.user, "mail");
}

TEST(Load, AnOriginNamesTheLineOfItsKey) {
    const config::Loaded loaded =
        config::load_text(
            "{ // one\n \"mount\": {\n\n  \"wait\":\n    \"1m\", /* a\nb */ \"deadline\": "
            "\"1s\"},\n \"user\": \"mail\"}",
            "a.json", {"drain.delay=1s"})
            .value();
    EXPECT_EQ(loaded.origins.at("mount.wait"), "a.json:4");
    EXPECT_EQ(loaded.origins.at("mount.deadline"), "a.json:6");
    EXPECT_EQ(loaded.origins.at("user"), "a.json:7");
    EXPECT_EQ(loaded.origins.at("drain.delay"), "--set");
    EXPECT_EQ(loaded.origins.at("mount.path"), "default");
}

TEST(Load, AnUnknownKeyIsRefusedWithTheNearestKnownOne) {
    const auto hint = [](std::string_view text) { return problems_in(text).at(0); };
    EXPECT_EQ(hint(R"({"mount": {"dedline": "1s"}})"),
              "agent.json:1: mount.dedline: unknown key; did you mean mount.deadline?");
    EXPECT_THAT(hint(R"({"mounts": {"path": "/m"}})"),
                HasSubstr("mounts: unknown key; did you mean mount?"));
    EXPECT_THAT(hint(R"({"deadline": "1s"})"), HasSubstr("did you mean mount.deadline?"));
    EXPECT_THAT(hint(R"({"queue": {"interval": "1s"}})"),
                HasSubstr("did you mean checks.interval?"));
    EXPECT_THAT(hint(R"({"instanceid": "x"})"), HasSubstr("did you mean instance_id?"));
    EXPECT_THAT(hint(R"({"mount.path": "/m"})"), HasSubstr("unknown key"));
    EXPECT_THAT(hint(R"({"mount": {"xyzzy_plugh": 1}})"),
                HasSubstr("unknown key; known here: path, fstypes, source, wait, deadline"));
    EXPECT_THAT(hint(R"({"xyzzy_plugh": 1})"),
                HasSubstr("known here: listen, instance_id, imds, mount, queue"));
}

TEST(Load, AWrongTypeIsRefusedAndTheRightOneNamed) {
    EXPECT_THAT(
        problems_in(R"({"listen": {"port": "8025"}})"),
        ElementsAre(
            "agent.json:1: listen.port: \"8025\" is a string; expected a whole number from 0 to "
            "65535; 0 is any free port"));
    EXPECT_THAT(problems_in(R"({"listen": {"port": 80.5}})").at(0),
                HasSubstr("is a number that is not whole or too large; expected"));
    EXPECT_THAT(problems_in(R"({"mount": {"wait": 5}})").at(0),
                HasSubstr("mount.wait: 5 is a whole number; expected a duration from 0s to 1d, a "
                          "string with a unit"));
    EXPECT_THAT(problems_in(R"({"mount": {"path": null}})").at(0),
                HasSubstr("is null; expected an absolute path"));
    EXPECT_THAT(problems_in(R"({"mount": {"path": {"a": 1}}})").at(0),
                HasSubstr("is an object; expected an absolute path"));
    EXPECT_THAT(problems_in(R"({"mount": {"fstypes": "nfs4"}})").at(0),
                HasSubstr("\"nfs4\" is a string; expected a list"));
    EXPECT_THAT(problems_in(R"({"mount": {"fstypes": ["nfs4", 4]}})").at(0),
                HasSubstr("has a whole number in it"));
    EXPECT_THAT(problems_in(R"({"mount": {"source": false}})").at(0),
                HasSubstr("is a boolean; expected"));
    EXPECT_THAT(problems_in(R"({"queue": {"after_user_data": "yes"}})"),
                ElementsAre("agent.json:1: queue.after_user_data: \"yes\" is a string; expected "
                            "`true` or `false`"));
    EXPECT_THAT(problems_in(R"({"queue": {"after_user_data": 1}})").at(0),
                HasSubstr("1 is a whole number; expected `true` or `false`"));
    EXPECT_THAT(problems_in(R"({"mount": "/Mail"})").at(0),
                HasSubstr("mount: is a string; expected an object with path, fstypes"));
    EXPECT_THAT(problems_in(R"(["mount"])").at(0),
                HasSubstr("the file holds a list; expected an object"));
}

TEST(Load, AKeyGivenTwiceIsRefused) {
    EXPECT_THAT(problems_in("{\"user\": \"mail\",\n\"user\": \"mail\"}"),
                ElementsAre("agent.json:2: user: given twice, also on line 1"));
    EXPECT_THAT(problems_in("{\"drain\": {},\n\"drain\": {}}"),
                ElementsAre("agent.json:2: drain: given twice, also on line 1"));
}

TEST(Load, MalformedJsonIsRefusedWithLineAndColumn) {
    EXPECT_THAT(problems_in("{\n  \"user\": mail\n}").at(0),
                StartsWith("agent.json:2: not JSON at column 11: "));
    EXPECT_THAT(problems_in("").at(0), StartsWith("agent.json:1: not JSON at column 1: "));
    EXPECT_THAT(problems_in("{} {}").at(0), StartsWith("agent.json:1: not JSON at column 4: "));
    EXPECT_THAT(problems_in("{\"user\": \"\xff\"}").at(0),
                StartsWith("agent.json:1: not JSON at column 11: "));
    EXPECT_THAT(problems_in("{\"user\": 1e999}").at(0), StartsWith("agent.json:1: not JSON"));
    EXPECT_THAT(problems_in(std::string(500000, '[')).at(0),
                HasSubstr("nested more than 16 levels deep"));
}

TEST(Load, EveryMistakeIsReportedInTheOrderOfTheFile) {
    EXPECT_THAT(
        problems_in(R"({
  "listen": {"address": "localhost", "port": 65536},
  "mont": {},
  "mount": {"deadline": "2"},
  "checks": {"interval": "5s", "interval": "6s"}
})",
                    {"queue.link=spool", "drain.delay"}),
        ElementsAre(HasSubstr("agent.json:2: listen.address: \"localhost\" is not an IP address"),
                    HasSubstr("agent.json:2: listen.port: 65536 is out of range"),
                    HasSubstr("agent.json:3: mont: unknown key; did you mean mount?"),
                    HasSubstr("agent.json:4: mount.deadline: \"2\" has no unit"),
                    HasSubstr("agent.json:5: checks.interval: given twice, also on line 5"),
                    HasSubstr("--set: queue.link: \"spool\" is not an absolute path"),
                    HasSubstr("--set: \"drain.delay\" has no \"=\"")));
}

TEST(Load, VeryManyMistakesAreCounted) {
    std::string text = "{";
    for (int i = 0; i < 500; ++i) {
        text += "\"k" + std::to_string(i) + "\": 1,\n";
    }
    const auto problems = problems_in(text + "\"user\": \"mail\"}");
    ASSERT_THAT(problems, SizeIs(config::problems_max + 1));
    EXPECT_EQ(problems.back(), "agent.json: 400 more problems are not listed");
}

TEST(Load, AProblemIsOnePrintableLine) {
    const auto problems =
        problems_in("{\"a\\nb\\u0000\": 1, \"mount\": {\"path\": \"/\\u001b[31m\"}}");
    ASSERT_THAT(problems, SizeIs(2));
    for (const std::string& problem : problems) {
        for (const char byte : problem) {
            EXPECT_GE(byte, ' ') << problem;
        }
    }
}

TEST(Load, SetTakesATextAsGiven) {
    EXPECT_EQ(settings_of("{}", {"mount.wait=7s"}).mount.wait, 7s);
    EXPECT_EQ(settings_of("{}", {"mount.wait=\"7s\""}).mount.wait, 7s);
    EXPECT_EQ(settings_of("{}", {"instance_id=12345"}).instance_id, "12345");
    EXPECT_EQ(settings_of("{}", {"instance_id=null"}).instance_id, "null");
    EXPECT_EQ(settings_of("{}", {"mount.source=fs-1=a:/"}).mount.source, "fs-1=a:/");
    EXPECT_EQ(settings_of(R"({"mount": {"source": "a"}})", {"mount.source=null"}).mount.source,
              std::nullopt);
    EXPECT_EQ(settings_of("{}", {"listen.port=25"}).listen.port, 25);
    EXPECT_EQ(settings_of("{}", {"maillog.source=journal"}).maillog.source,
              core::MaillogSource::journal);
}

TEST(Load, ABooleanIsTrueOrFalseAndNothingElse) {
    EXPECT_TRUE(settings_of(R"({"queue": {"after_user_data": true}})").queue.after_user_data);
    EXPECT_FALSE(
        settings_of(R"({"queue": {"after_user_data": true}})", {"queue.after_user_data=false"})
            .queue.after_user_data);
    EXPECT_THAT(
        test::problems_of_override("queue.after_user_data=yes"),
        ElementsAre(
            "--set: queue.after_user_data: \"yes\" is a string; expected `true` or `false`"));
}

TEST(Load, SetTakesAListWithCommasOrAsJson) {
    EXPECT_THAT(settings_of("{}", {"mount.fstypes=ext4"}).mount.fstypes, ElementsAre("ext4"));
    EXPECT_THAT(settings_of("{}", {"mount.fstypes=ext4,tmpfs"}).mount.fstypes,
                ElementsAre("ext4", "tmpfs"));
    EXPECT_THAT(settings_of("{}", {R"(mount.fstypes=["ext4", "tmpfs"])"}).mount.fstypes,
                ElementsAre("ext4", "tmpfs"));
    EXPECT_THAT(test::problems_of_override("mount.fstypes=ext4,"),
                ElementsAre(HasSubstr("\"\" is not a file system type")));
}

TEST(Load, TheLastSetWinsOverTheFile) {
    EXPECT_EQ(settings_of(R"({"user": "a"})", {"user=b"}).user, "b");
    EXPECT_EQ(settings_of(R"({"user": "a"})", {"user=b", "user=c"}).user, "c");
}

TEST(Load, AMistakeInSetNamesSet) {
    EXPECT_THAT(test::problems_of_override("listen.port=http"),
                ElementsAre("--set: listen.port: \"http\" is a string; expected a whole number "
                            "from 0 to 65535; 0 is any free port"));
    EXPECT_THAT(test::problems_of_override("mount.dedline=1s"),
                ElementsAre("--set: mount.dedline: unknown key; did you mean mount.deadline?"));
    EXPECT_THAT(test::problems_of_override("mount=/Mail"),
                ElementsAre("--set: mount: is a section; set its keys one by one: path, fstypes, "
                            "source, wait, deadline"));
    EXPECT_THAT(test::problems_of_override("user=\xff"),
                ElementsAre("--set: user: \"\\xff\" is not UTF-8"));
    EXPECT_THAT(test::problems_of_override("=5"),
                ElementsAre(StartsWith("--set: \"\": unknown key")));
}

TEST(Load, AFileWithAMistakeIsRefusedDespiteSet) {
    EXPECT_THAT(problems_in(R"({"listen": {"port": -1}})", {"listen.port=1"}),
                ElementsAre(HasSubstr("agent.json:1: listen.port: -1 is out of range")));
}
