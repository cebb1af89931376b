// SPDX-License-Identifier: Apache-2.0
// Each form by way of the key that has it, so that a row of the schema with the wrong form is seen,
// too.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/config/support.hpp"

using test::problems_of_override;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

namespace {

void expect_good(const std::string& key, const std::vector<std::string>& values) {
    for (const std::string& value : values) {
        EXPECT_THAT(problems_of_override(key + "=" + value), IsEmpty());
    }
}

void expect_bad(const std::string& key, const std::string& words,
                const std::vector<std::string>& values) {
    for (const std::string& value : values) {
        EXPECT_THAT(problems_of_override(key + "=" + value), ElementsAre(HasSubstr(words)))
            << key << "=" << value;
    }
}

}  // namespace

TEST(Forms, ListenAddressIsAnIpLiteral) {
    expect_good("listen.address", {"::", "::1", "0.0.0.0", "10.1.2.3", "2001:db8::5"});
    expect_bad("listen.address", "is not an IP address",
               {"", "localhost", "1.2.3", "1.2.3.4.5", "[::1]", "::1%lo", "1.2.3.4:80"});
}

TEST(Forms, ListenPortHasBounds) {
    expect_good("listen.port", {"0", "1", "65535"});
    expect_bad("listen.port", "is out of range", {"-1", "65536", "9223372036854775807"});
    expect_bad("listen.port", "expected a whole number",
               {"", "http", "80.0", "1e2", "true", "9223372036854775808", "99999999999999999999"});
}

TEST(Forms, ImdsEndpointIsAnAddressOverHttpWithoutAPath) {
    expect_good("imds.endpoint", {"http://169.254.169.254", "http://127.0.0.1:1338",
                                  "http://[fd00:ec2::254]", "http://[::1]:80"});
    expect_bad("imds.endpoint", "does not begin with http://",
               {"", "169.254.169.254", "https://169.254.169.254", "ftp://1.2.3.4"});
    expect_bad("imds.endpoint", "has a path",
               {"http://169.254.169.254/", "http://169.254.169.254/latest", "http://1.2.3.4?x"});
    expect_bad("imds.endpoint", "has no IP address as its host",
               {"http://", "http://metadata", "http://::1", "http://[1.2.3.4]", "http://[::1",
                "http://[]", "http://a@1.2.3.4"});
    expect_bad("imds.endpoint", "has a port that is not 1 to 65535",
               {"http://1.2.3.4:", "http://1.2.3.4:0", "http://1.2.3.4:65536", "http://1.2.3.4:8x",
                "http://[::1]80"});
}

TEST(Forms, PathsAreAbsoluteAndNormal) {
    for (const char* key : {"mount.path", "queue.link", "queue.skeleton", "maillog.path"}) {
        expect_good(key, {"/a", "/a/b.c/..d", "/a b"});
        expect_bad(key, "absolute path", {"", "a", "./a", "a/b"});
        expect_bad(key, "is the root directory", {"/"});
        expect_bad(key, "ends in a slash; leave it away", {"/a/", "/a/b/"});
        expect_bad(key, "has an empty component", {"//a", "/a//b", "//"});
        expect_bad(key, "has a component \".\" or \"..\"", {"/.", "/a/./b", "/a/..", "/../a"});
        expect_bad(key, "has a control character", {"/a\nb", "/a\x7f"});
        expect_bad(key, "has a component of more than 255 bytes", {"/" + std::string(256, 'a')});
        std::string deep;
        for (int i = 0; i < 2048; ++i) {
            deep += "/a";
        }
        expect_bad(key, "is longer than 4095 bytes", {deep});
    }
}

TEST(Forms, InstanceIdIsAutoOrASinglePathComponent) {
    expect_good("instance_id", {"auto", "i-0123456789abcdef0", "relay 1"});
    expect_bad("instance_id", "a single path component",
               {"", "..", "a/b", ".postfix-elb-agent", std::string(256, 'a')});
}

TEST(Forms, FilesystemTypesAreWords) {
    expect_good("mount.fstypes", {"nfs4", "9p,fuse.sshfs"});
    expect_bad("mount.fstypes", "is not a file system type",
               {"", ",", "a b", "nfs4,/", std::string(65, 'a')});
    expect_bad("mount.fstypes", "the list is empty", {"[]"});
}

TEST(Forms, MountSourceIsNullOrNotEmpty) {
    expect_good("mount.source", {"null", "fs-1.efs.eu-west-1.amazonaws.com:/", "127.0.0.1:/"});
    expect_bad("mount.source", "is empty; null stands for any source", {""});
    expect_bad("mount.source", "has a control character", {"a\tb"});
    expect_bad("mount.source", "is longer than 4095 bytes", {std::string(4096, 'a')});
}

TEST(Forms, UserIsANameAndNotRoot) {
    expect_good("user", {"auto", "nobody", "postfix-elb-agent", "_mail", "svc.mail"});
    expect_bad("user", "is not a user's name", {"", "0", "-a", "a b", "a:b", std::string(33, 'a')});
    expect_bad("user", "would leave the server its power", {"root"});
}

TEST(Forms, MaillogSourceIsOneOfThree) {
    expect_good("maillog.source", {"auto", "file", "journal"});
    expect_bad("maillog.source", "is not one of auto, file, journal", {"", "syslog", "File"});
}

TEST(Forms, DurationsAndCountsHaveBounds) {
    struct Bounds {
        const char* key;
        std::vector<std::string> good;
        std::vector<std::string> bad;
    };
    const std::vector<Bounds> table{
        {"mount.wait", {"0s", "1d"}, {"86400001ms", "2d"}},
        {"mount.deadline", {"100ms", "1m"}, {"0s", "99ms", "61s"}},
        {"shared_fault.hold", {"0s", "1d"}, {"86400001ms"}},
        {"checks.interval", {"100ms", "1h"}, {"0s", "99ms", "3600001ms"}},
        {"checks.fail_after", {"1", "100"}, {"0", "-1", "101"}},
        {"checks.pass_after", {"1", "100"}, {"0", "-1", "101"}},
        {"census.interval", {"0s", "1d"}, {"86400001ms"}},
        {"census.budget", {"1", "1000000"}, {"0", "-1", "1000001"}},
        {"drain.delay", {"0s", "1h"}, {"61m"}},
    };
    for (const Bounds& row : table) {
        expect_good(row.key, row.good);
        expect_bad(row.key, "is out of range; expected a", row.bad);
    }
    expect_bad("mount.wait", "a duration is a whole number and a unit",
               {"", "5", "-5s", "1.5s", "forever"});
}
