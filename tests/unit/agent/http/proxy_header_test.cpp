// SPDX-License-Identifier: Apache-2.0
#include "agent/http/proxy_header.hpp"

#include <gtest/gtest.h>

#include <string>

namespace agent {
namespace {

using namespace std::string_literals;

const std::string signature = "\r\n\r\n\0\r\nQUIT\n"s;
constexpr int local = 0x20;
constexpr int proxy = 0x21;

/// The fixed part of version 2, and as many bytes as it announces.
std::string version_2(int command, int family, std::size_t length) {
    return signature + static_cast<char>(command) + static_cast<char>(family) +
           static_cast<char>(length >> 8) + static_cast<char>(length & 0xff) +
           std::string(length, '\xa5');
}

void expect_skipped(const std::string& header) {
    const ProxyHeader whole = parse_proxy_header(header + "GET / HTTP/1.1\r\n\r\n");
    EXPECT_EQ(whole.state, ParseState::complete) << testing::PrintToString(header);
    EXPECT_EQ(whole.size, header.size()) << testing::PrintToString(header);
    for (std::size_t size = 0; size < header.size(); ++size) {
        ASSERT_EQ(parse_proxy_header(header.substr(0, size)).state, ParseState::incomplete)
            << size << " bytes of " << testing::PrintToString(header);
    }
}

void expect_malformed(const std::string& header) {
    EXPECT_EQ(parse_proxy_header(header).state, ParseState::malformed_proxy)
        << testing::PrintToString(header.substr(0, 120));
}

TEST(ProxyHeader, VersionOneIsSkipped) {
    for (const char* line :
         {"PROXY TCP4 10.0.3.7 10.0.1.12 56324 8025", "PROXY TCP4 0.0.0.0 255.255.255.255 0 65535",
          "PROXY TCP6 2001:db8::7 ::1 56324 8025", "PROXY UNKNOWN",
          "PROXY UNKNOWN ffff:f...f:ffff anything 65535 65535"}) {
        expect_skipped(std::string(line) + "\r\n");
    }
}

TEST(ProxyHeader, VersionTwoIsSkipped) {
    constexpr std::size_t tlvs = 84;
    expect_skipped(version_2(local, 0x00, 0));
    expect_skipped(version_2(local, 0x00, tlvs));
    expect_skipped(version_2(local, 0x99, 0));  // the family of LOCAL is to be ignored
    expect_skipped(version_2(proxy, 0x00, 0));
    expect_skipped(version_2(proxy, 0x00, tlvs));
    for (const int transport : {1, 2}) {
        expect_skipped(version_2(proxy, 0x10 | transport, 12));
        expect_skipped(version_2(proxy, 0x10 | transport, 12 + tlvs));
        expect_skipped(version_2(proxy, 0x20 | transport, 36));
        expect_skipped(version_2(proxy, 0x30 | transport, 216 + tlvs));
    }
}

TEST(ProxyHeader, BytesOfAnotherKindAreNoHeader) {
    for (const std::string& bytes :
         {"GET / HTTP/1.1\r\n"s, "POST /health HTTP/1.1\r\n"s, "PRO "s, "\r\n\r\nGET /"s,
          "\x16\x03\x01"s, signature.substr(0, 11) + "?"}) {
        const ProxyHeader none = parse_proxy_header(bytes);
        EXPECT_EQ(none.state, ParseState::complete) << testing::PrintToString(bytes);
        EXPECT_EQ(none.size, 0U) << testing::PrintToString(bytes);
    }
}

TEST(ProxyHeader, AMalformedVersionOneIsRefused) {
    for (const char* line :
         {"PROXY", "PROXY ", "PROXY TCP4", "PROXY tcp4 1.2.3.4 1.2.3.4 1 2", "PROXYUNKNOWN",
          "PROXY  UNKNOWN", "PROXY TCP5 1.2.3.4 1.2.3.4 1 2", "PROXY TCP4 1.2.3.4 1.2.3.4 1",
          "PROXY TCP4 1.2.3.4 1.2.3.4 1 2 3", "PROXY TCP4 1.2.3.4 1.2.3.4 1 65536",
          "PROXY TCP4 ::1 ::1 1 2", "PROXY TCP6 1.2.3.4 1.2.3.4 1 2",
          "PROXY TCP4 1.2.3.4 1.2.3 1 2", "PROXY TCP4 1.2.3.4  1.2.3.4 1 2",
          "PROXY TCP4 1.2.3.4 1.2.3.4 -1 2", "PROXY /health HTTP/1.1"}) {
        expect_malformed(std::string(line) + "\r\n");
    }
    expect_malformed("PROXY UNKNOWN\n");
}

TEST(ProxyHeader, AMalformedVersionTwoIsRefused) {
    expect_malformed(version_2(0x11, 0x11, 12));  // version 1
    expect_malformed(version_2(0x22, 0x11, 12));  // neither LOCAL nor PROXY
    expect_malformed(version_2(proxy, 0x11, 11));
    expect_malformed(version_2(proxy, 0x21, 35));
    expect_malformed(version_2(proxy, 0x31, 215));
    for (const int family : {0x01, 0x10, 0x13, 0x41}) {
        expect_malformed(version_2(proxy, family, 216));
    }
}

TEST(ProxyHeader, ItsLengthIsBounded) {
    const std::string longest = "PROXY UNKNOWN " + std::string(91, 'x') + "\r\n";
    ASSERT_EQ(longest.size(), 107U);
    expect_skipped(longest);
    expect_malformed("PROXY UNKNOWN " + std::string(92, 'x') + "\r\n");
    expect_malformed("PROXY UNKNOWN " + std::string(93, 'x'));
    EXPECT_EQ(parse_proxy_header(version_2(local, 0, 4096)).size, proxy_header_limit);
    expect_malformed(version_2(local, 0, 4097));
    expect_malformed(version_2(local, 0, 65535).substr(0, 16));
}

}  // namespace
}  // namespace agent
