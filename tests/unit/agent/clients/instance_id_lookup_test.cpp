// SPDX-License-Identifier: Apache-2.0
#include "agent/clients/instance_id_lookup.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <exception>
#include <optional>
#include <string>

#include "support/imds_process.hpp"

namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using agent::Identity;
using agent::IdentityFiles;
using agent::IdentitySource;
using core::Errc;
using test::ImdsProcess;
using testing::HasSubstr;

constexpr const char* other_id = "i-0fedcba987654321f";

core::Result<Identity> resolve(ImdsProcess& imds, const IdentityFiles& files,
                               const std::string& setting = "auto") {
    asio::io_context context;
    agent::ImdsPolicy policy;
    policy.attempt = 20s;
    policy.overall = 60s;
    policy.attempts = 2;
    policy.first_pause = 1ms;
    agent::ImdsClient client(context.get_executor(), imds.endpoint(), policy);
    std::optional<core::Result<Identity>> result;
    const auto keep = [&result](const std::exception_ptr& thrown, core::Result<Identity> resolved) {
        ASSERT_FALSE(thrown);
        result = std::move(resolved);
    };
    asio::co_spawn(context, agent::resolve_identity(setting, files, client), keep);
    context.run();
    return std::move(result).value();
}

TEST(IdentityTest, ALiteralIsUsedAndNoSourceIsRead) {
    ImdsProcess imds;
    IdentityFiles files;
    files.dmi_asset_tag = other_id;
    const auto found = resolve(imds, files, "mail-relay-7");
    EXPECT_EQ(found.value(), (Identity{"mail-relay-7", IdentitySource::settings}));
    EXPECT_EQ(imds.requests(), "");
}

TEST(IdentityTest, ALiteralThatIsAPathIsRefused) {
    ImdsProcess imds;
    const auto found = resolve(imds, {}, "../../etc");
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code, Errc::malformed);
}

TEST(IdentityTest, TheAssetTagComesFirstAndNeedsNoNetwork) {
    ImdsProcess imds;
    const auto found = resolve(imds, {std::string(other_id) + "\n", "i-00000001", "i-00000002"});
    EXPECT_EQ(found.value(), (Identity{other_id, IdentitySource::dmi_asset_tag}));
    EXPECT_EQ(imds.requests(), "");
}

TEST(IdentityTest, WhatIsRememberedComesBeforeTheNetwork) {
    ImdsProcess imds;
    const auto found =
        resolve(imds, {"Default string\n", std::string(other_id) + "\n", "i-00000002"});
    EXPECT_EQ(found.value(), (Identity{other_id, IdentitySource::remembered}));
    EXPECT_EQ(imds.requests(), "");
}

TEST(IdentityTest, TheMetadataServiceIsQueriedWhenNoFileHasAnId) {
    ImdsProcess imds;
    const auto found = resolve(imds, {"", "", other_id});
    EXPECT_EQ(found.value(), (Identity{ImdsProcess::instance_id, IdentitySource::imds}));
}

TEST(IdentityTest, CloudInitIsUsedWhenTheMetadataServiceCannotAnswer) {
    ImdsProcess imds;
    for (const char* fault : {"always_503", "forbidden", "reset", "tokens_refused"}) {
        imds.set_faults(fault);
        const auto found = resolve(imds, {"", "", std::string(other_id) + "\n"});
        EXPECT_EQ(found.value(), (Identity{other_id, IdentitySource::cloud_init})) << fault;
    }
}

TEST(IdentityTest, AnAnswerThatIsNoIdIsRefusedByNameAndTheNextSourceIsAsked) {
    ImdsProcess imds;
    for (const char* fault : {"html_page", "empty_body", "path_traversal", "garbage"}) {
        imds.set_faults(fault);
        const auto found = resolve(imds, {"", "", other_id});
        EXPECT_EQ(found.value(), (Identity{other_id, IdentitySource::cloud_init})) << fault;
    }
}

TEST(IdentityTest, TheErrorSaysOfEachSourceWhyItDidNotAnswer) {
    struct Case {
        const char* fault;
        const char* text;
    };
    ImdsProcess imds;
    for (const Case& each :
         {Case{"html_page",
               "the metadata service gave an HTML or XML page instead of an instance id"},
          Case{"empty_body", "the metadata service gave an empty answer instead of an instance id"},
          Case{"path_traversal", "the metadata service gave a path instead of an instance id"},
          Case{"garbage", "the metadata service gave something else instead of an instance id"},
          Case{"always_503", "HTTP 503: the metadata service cannot answer now"},
          Case{"forbidden", "HTTP 403: access is forbidden"}}) {
        imds.set_faults(each.fault);
        const auto found = resolve(imds, {"Default string\n", "", "iid-datasource-none\n"});
        ASSERT_FALSE(found) << each.fault;
        EXPECT_EQ(found.error().code, Errc::unavailable);
        const std::string& message = found.error().message;
        EXPECT_THAT(message, HasSubstr(each.text));
        EXPECT_THAT(message, HasSubstr("the DMI asset tag gave something else instead of an "
                                       "instance id: \"Default string\""));
        EXPECT_THAT(message,
                    HasSubstr("the id remembered in this boot is absent, empty or unreadable"));
        EXPECT_THAT(message, HasSubstr("cloud-init gave something else instead of an instance id: "
                                       "\"iid-datasource-none\""));
        EXPECT_THAT(message, HasSubstr("set instance_id if this is not an EC2 instance"));
        EXPECT_EQ(message.find('\n'), std::string::npos);
    }
}

}  // namespace
