// SPDX-License-Identifier: Apache-2.0
#include "config/print.hpp"

#include "config/schema.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "unit/config/random_settings.hpp"
#include "unit/config/support.hpp"

using testing::Contains;
using testing::ElementsAre;
using testing::StartsWith;

namespace {

config::Loaded loaded_from(std::string_view text, const std::vector<std::string>& overrides = {}) {
    return config::load_text(text, "/etc/agent.json", overrides).value();
}

void expect_same(const core::Settings& one, const core::Settings& other,
                 const std::string& context) {
    for (const config::Key& key : config::schema()) {
        ASSERT_EQ(key.get(one), key.get(other)) << key.path << " in\n" << context;
    }
}

}  // namespace

TEST(Print, ShowsEverySettingAndWhereItCameFrom) {
    EXPECT_EQ(config::print(loaded_from("{\"mount\":\n{\"fstypes\": [\"nfs4\", \"ext4\"]}}",
                                        {"listen.port=25"})),
              R"({
  "listen": {
    "address": "::",                       // default
    "port": 25,                            // --set
    "connections_per_source": 64           // default
  },
  "instance_id": "auto",                   // default
  "imds": {
    "endpoint": "http://169.254.169.254"   // default
  },
  "mount": {
    "path": "/Mail",                       // default
    "fstypes": ["nfs4", "ext4"],           // /etc/agent.json:2
    "source": null,                        // default
    "wait": "5m",                          // default
    "deadline": "2s"                       // default
  },
  "queue": {
    "link": "/var/spool/postfix",          // default
    "skeleton": "/var/spool/postfix_org",  // default
    "after_user_data": false               // default
  },
  "maillog": {
    "source": "auto",                      // default
    "path": "auto"                         // default
  },
  "shared_fault": {
    "hold": "30m"                          // default
  },
  "checks": {
    "interval": "5s",                      // default
    "fail_after": 2,                       // default
    "pass_after": 1                        // default
  },
  "census": {
    "interval": "1m",                      // default
    "budget": 200                          // default
  },
  "drain": {
    "delay": "0s"                          // default
  },
  "user": "auto"                           // default
}
)");
}

TEST(Print, ThePrintedTextLoadsToTheSameSettings) {
    test::RandomSettings random(20);
    for (int i = 0; i < 500; ++i) {
        const config::Loaded before = loaded_from("{}", random.overrides());
        const std::string text = config::print(before);
        expect_same(before.settings, loaded_from(text).settings, text);
    }
}

TEST(Print, AFileNameWithALineEndStaysInItsComment) {
    const auto loaded =
        config::load_text("{\"user\": \"mail\"}", "a\n\"user\": \"root\" //", {}).value();
    EXPECT_EQ(loaded_from(config::print(loaded)).settings.user, "mail");
}

TEST(Print, EveryKeyThatIsMutatedIsReported) {
    test::RandomSettings random(21);
    const std::string whole = config::print(loaded_from("{}"));
    for (const config::Key& key : config::schema()) {
        for (int i = 0; i < 30; ++i) {
            const std::string name(config::name_of(key.path));
            const std::string mutant = random.mutated(name);
            const std::string section(config::section_of(key.path));
            const std::string path = section.empty() ? mutant : section + "." + mutant;
            if (config::find_key(path) || (section.empty() && config::is_section(path))) {
                continue;
            }
            const std::string member =
                "\"" + mutant + "\": " + config::to_json(key.get(core::Settings{}));
            const std::string text =
                section.empty() ? "{" + member + "}" : "{\"" + section + "\": {" + member + "}}";
            EXPECT_THAT(test::problems_in(text),
                        ElementsAre(StartsWith("agent.json:1: " + path + ": unknown key; ")));
            EXPECT_THAT(test::problems_of_override(path + "=x"),
                        ElementsAre(StartsWith("--set: " + path + ": unknown key; ")));
        }
    }
}

TEST(Schema, EveryKeyHasAPathAndADescription) {
    for (const config::Key& key : config::schema()) {
        EXPECT_EQ(config::find_key(key.path), &key);
        EXPECT_FALSE(key.words.empty()) << key.path;
        EXPECT_FALSE(key.accepts.empty()) << key.path;
        EXPECT_EQ(key.words.find('\n'), std::string_view::npos) << key.path;
    }
    EXPECT_EQ(config::find_key("mount"), nullptr);
    EXPECT_EQ(config::find_key(""), nullptr);
    EXPECT_TRUE(config::is_section("mount"));
    EXPECT_FALSE(config::is_section("user"));
    EXPECT_FALSE(config::is_section(""));
}

TEST(Schema, EveryDefaultIsAcceptedByItsOwnRow) {
    for (const config::Key& key : config::schema()) {
        core::Settings settings;
        EXPECT_TRUE(key.set(settings, key.get(settings))) << key.path;
    }
}

TEST(Schema, AValueThatIsRefusedChangesNothing) {
    for (const config::Key& key : config::schema()) {
        for (const config::Value& bad :
             {config::Value(std::int64_t{-1}), config::Value(std::string("\x01")),
              config::Value(std::vector<std::string>{}),
              config::Value(std::vector<std::string>{"nfs4", "/"})}) {
            core::Settings settings;
            EXPECT_FALSE(key.set(settings, bad)) << key.path;
            EXPECT_EQ(key.get(settings), key.get(core::Settings{})) << key.path;
        }
    }
}
