// SPDX-License-Identifier: Apache-2.0
#include "core/nfs/client_id_plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using core::NfsIdentityFacts;
using Write = core::NfsIdentityPlan::Write;
using testing::HasSubstr;
using testing::Not;

namespace {

/// An EC2 instance whose kernel has both files, before a name was set.
NfsIdentityFacts instance() {
    NfsIdentityFacts facts;
    facts.setting = "auto";
    facts.asset_tag = "i-0123456789abcdef0\n";
    facts.product_uuid = "ec2A1B2C-3d4e-5f60-7182-93a4b5c6d7e8\n";
    facts.now.net = "(null)\n";
    facts.now.parameter = "\n";
    return facts;
}

core::NfsIdentityPlan plan(const NfsIdentityFacts& facts) {
    const auto made = core::plan_nfs_identity(facts);
    EXPECT_TRUE(made) << made.error().message;
    return made ? *made : core::NfsIdentityPlan{};
}

std::string refusal(const NfsIdentityFacts& facts) {
    const auto made = core::plan_nfs_identity(facts);
    return made ? "not refused: " + made->words : made.error().message;
}

}  // namespace

TEST(NfsIdentifier, TheOneOfTheNetworkNamespaceWins) {
    EXPECT_EQ(core::nfs_identifier({"net\n", "parameter\n"}), "net");
    EXPECT_EQ(core::nfs_identifier({"(null)\n", "parameter\n"}), "parameter");
    EXPECT_EQ(core::nfs_identifier({"\n", "parameter"}), "parameter");
    EXPECT_EQ(core::nfs_identifier({std::nullopt, "parameter\n"}), "parameter");
}

TEST(NfsIdentifier, IsEmptyWhereNoneIsSet) {
    EXPECT_EQ(core::nfs_identifier({"(null)\n", "\n"}), "");
    EXPECT_EQ(core::nfs_identifier({std::nullopt, "(null)\n"}), "");
    EXPECT_EQ(core::nfs_identifier({}), "");
}

TEST(NfsIdentifier, IsCutWhereTheKernelCutsIt) {
    EXPECT_EQ(core::nfs_identifier({std::string(80, 'x') + "\n", {}}), std::string(63, 'x'));
}

TEST(NfsIdentity, TheAssetTagIsWrittenToTheNetworkNamespace) {
    const auto made = plan(instance());
    EXPECT_EQ(made.write, Write::net);
    EXPECT_EQ(made.identifier, "i-0123456789abcdef0");
    EXPECT_EQ(made.words,
              "the name of the NFS client is now \"i-0123456789abcdef0\" (the DMI asset tag)");
}

TEST(NfsIdentity, AnOlderKernelHasOnlyTheParameter) {
    NfsIdentityFacts facts = instance();
    facts.now.net.reset();
    EXPECT_EQ(plan(facts).write, Write::parameter);
}

TEST(NfsIdentity, TheSettingComesBeforeTheHardware) {
    NfsIdentityFacts facts = instance();
    facts.setting = "relay-7";
    EXPECT_EQ(plan(facts).identifier, "relay-7");
}

TEST(NfsIdentity, EachSourceIsAskedInItsTurn) {
    NfsIdentityFacts facts = instance();
    facts.remembered = "i-0000000000000000a\n";
    facts.cloud_init = "i-0000000000000000b\n";
    facts.asset_tag = "Not Specified\n";
    EXPECT_EQ(plan(facts).identifier, "i-0000000000000000a");
    facts.remembered = "";
    EXPECT_EQ(plan(facts).identifier, "i-0000000000000000b");
    facts.cloud_init = "iid-datasource-none\n";
    EXPECT_EQ(plan(facts).identifier, "ec2a1b2c-3d4e-5f60-7182-93a4b5c6d7e8");
    EXPECT_THAT(plan(facts).words, HasSubstr("(the DMI product UUID)"));
}

TEST(NfsIdentity, AUuidThatSaysNothingIsNone) {
    NfsIdentityFacts facts = instance();
    facts.asset_tag = "";
    for (const char* uuid :
         {"", "00000000-0000-0000-0000-000000000000\n", "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF\n",
          "Not Settable\n", "ec2a1b2c-3d4e-5f60-7182-93a4b5c6d7e8-more\n"}) {
        facts.product_uuid = uuid;
        EXPECT_THAT(refusal(facts),
                    HasSubstr("set instance_id in /etc/postfix-elb-agent/agent.json"))
            << uuid;
    }
}

TEST(NfsIdentity, ANameThatTheKernelWouldCutIsNotUsed) {
    NfsIdentityFacts facts = instance();
    facts.setting = std::string(64, 'a');
    EXPECT_EQ(plan(facts).identifier, "ec2a1b2c-3d4e-5f60-7182-93a4b5c6d7e8")
        << "two of one beginning would be one";
    facts.product_uuid = "";
    EXPECT_THAT(refusal(facts), HasSubstr("at most 63 bytes"));
    facts.setting = std::string(63, 'a');
    EXPECT_EQ(plan(facts).identifier, facts.setting);
}

TEST(NfsIdentity, WhatAnAdministratorHasSetIsKept) {
    NfsIdentityFacts facts = instance();
    facts.now.parameter = "from-modprobe-d\n";
    EXPECT_EQ(plan(facts).write, Write::nothing) << "the other file would win over it";
    EXPECT_EQ(plan(facts).words,
              "the name of the NFS client is already \"from-modprobe-d\", which the agent did not "
              "set; it "
              "is kept");
    facts = instance();
    facts.now.net = "mine\n";
    EXPECT_EQ(plan(facts).write, Write::nothing);
    facts.asset_tag = facts.product_uuid = "";
    EXPECT_EQ(plan(facts).identifier, "mine") << "then nothing has to name this instance";
}

TEST(NfsIdentity, ASecondRunHasNothingToDo) {
    NfsIdentityFacts facts = instance();
    facts.now.net = "i-0123456789abcdef0\n";
    EXPECT_EQ(plan(facts).write, Write::nothing);
    EXPECT_THAT(plan(facts).words, HasSubstr("is already \"i-0123456789abcdef0\"; nothing to do"));
}

TEST(NfsIdentity, AnExistingMountKeepsItsName) {
    NfsIdentityFacts facts = instance();
    EXPECT_THAT(plan(facts).words, Not(HasSubstr("next mount")));
    facts.mounted = true;
    EXPECT_EQ(plan(facts).write, Write::net);
    EXPECT_THAT(plan(facts).words, HasSubstr("from the next mount on"));
}

TEST(NfsIdentity, WithoutNfsThereIsAdvice) {
    NfsIdentityFacts facts = instance();
    facts.now = {};
    EXPECT_THAT(refusal(facts), HasSubstr("NFS is not loaded; load it (sudo modprobe nfs)"));
}
