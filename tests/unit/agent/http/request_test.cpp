// SPDX-License-Identifier: Apache-2.0
#include "agent/http/request.hpp"

#include <gtest/gtest.h>

#include <string>

namespace agent {
namespace {

constexpr std::size_t limit = 8192;

ParseResult parse(std::string_view bytes) {
    std::size_t scanned = 0;
    return parse_request(bytes, scanned, limit);
}

struct Connection {
    const char* header;
    bool keep_alive;
};

TEST(HttpRequest, OneDotOneKeepsTheConnectionAndOneDotNoughtOnlyOnRequest) {
    constexpr Connection connections[]{
        {"GET / HTTP/1.1\r\n\r\n", true},
        {"GET / HTTP/1.1\r\nConnection: close\r\n\r\n", false},
        {"GET / HTTP/1.1\r\nCONNECTION: Close\r\n\r\n", false},
        {"GET / HTTP/1.0\r\n\r\n", false},
        {"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", true},
    };
    for (const Connection& connection : connections) {
        const ParseResult result = parse(connection.header);
        ASSERT_EQ(result.state, ParseState::complete) << connection.header;
        EXPECT_EQ(result.request.keep_alive, connection.keep_alive) << connection.header;
        EXPECT_EQ(result.consumed, std::string(connection.header).size());
    }
}

TEST(HttpRequest, ABodyThatWillNotBeReadEndsTheConnection) {
    for (const char* fields :
         {"Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n", "Transfer-Encoding: gzip\r\n",
          "Content-Length: 99999999999999\r\n"}) {
        const ParseResult result =
            parse(std::string("GET /health HTTP/1.1\r\n") + fields + "\r\nhello");
        ASSERT_EQ(result.state, ParseState::complete) << fields;
        EXPECT_FALSE(result.request.keep_alive) << fields;
    }
    EXPECT_TRUE(parse("GET /health HTTP/1.1\r\nContent-Length: 0\r\n\r\n").request.keep_alive);
}

TEST(HttpRequest, HasMethodAndTarget) {
    EXPECT_EQ(parse("GET /a?b HTTP/1.1\r\n\r\n").request.target, "/a?b");
    EXPECT_EQ(parse("GET /a HTTP/1.1\r\n\r\n").request.method, HttpMethod::get);
    EXPECT_EQ(parse("HEAD /a HTTP/1.1\r\n\r\n").request.method, HttpMethod::head);
    EXPECT_EQ(parse("POST /a HTTP/1.1\r\n\r\n").request.method, HttpMethod::other);
    EXPECT_EQ(parse("get /a HTTP/1.1\r\n\r\n").request.method, HttpMethod::other)
        << "methods are case-sensitive";
    EXPECT_EQ(parse("BREW /a HTTP/1.1\r\n\r\n").request.method, HttpMethod::other);
}

TEST(HttpRequest, HasTheFirstAcceptFieldsOfTheClient) {
    const ParseResult result = parse(
        "GET /metrics HTTP/1.1\r\nACCEPT:  text/html;q=0.5 , */* \r\nAccept-Encoding: gzip\r\n"
        "Accept: text/plain\r\naccept-encoding: br\r\n\r\n");
    EXPECT_EQ(result.request.accept, "text/html;q=0.5 , */*");
    EXPECT_EQ(result.request.accept_encoding, "gzip");
    const ParseResult silent = parse("GET /metrics HTTP/1.1\r\nAccept-Language: de\r\n\r\n");
    EXPECT_EQ(silent.request.accept, "");
    EXPECT_EQ(silent.request.accept_encoding, "");
}

TEST(HttpRequest, AFieldThatIsEmptyIsTheFirstOfItsNameToo) {
    EXPECT_EQ(parse("GET / HTTP/1.1\r\nAccept:\r\nAccept: text/html\r\n\r\n").request.accept, "");
}

/// Beast puts such a value together in a buffer that does not outlive it.
TEST(HttpRequest, AFieldThatIsFoldedOverLinesCountsAsEmpty) {
    for (const std::string folded : {"text/html,\r\n */*", "text/html,\r\n\t*/*\r\n  ;q=1"}) {
        const std::string bytes = "GET / HTTP/1.1\r\nAccept: " + folded +
                                  "\r\nAccept-Encoding: " + folded +
                                  "\r\nAccept: text/plain\r\n\r\n";
        const ParseResult result = parse(bytes);
        ASSERT_EQ(result.state, ParseState::complete);
        EXPECT_EQ(result.request.accept, "");
        EXPECT_EQ(result.request.accept_encoding, "");
    }
}

TEST(HttpRequest, ConsumesOneHeaderAndLeavesTheNextInPlace) {
    const std::string first = "GET /one HTTP/1.1\r\nHost: a\r\n\r\n";
    const std::string both = first + "GET /two HTTP/1.1\r\n\r\n";
    const ParseResult result = parse(both);
    EXPECT_EQ(result.request.target, "/one");
    EXPECT_EQ(result.consumed, first.size());
}

TEST(HttpRequest, SkipsEmptyLinesBeforeTheRequestLine) {
    const ParseResult result = parse("\r\n\r\n\r\nGET / HTTP/1.1\r\n\r\n");
    ASSERT_EQ(result.state, ParseState::complete);
    EXPECT_EQ(result.request.target, "/");
    EXPECT_EQ(parse("\r\n\r\n").state, ParseState::incomplete);
}

TEST(HttpRequest, IsTheSameInWhateverPiecesItArrives) {
    const std::string bytes = "\r\nGET /health HTTP/1.1\r\nHost: x\r\n\r\n";
    std::size_t scanned = 0;
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        ASSERT_EQ(parse_request(bytes.substr(0, size), scanned, limit).state,
                  ParseState::incomplete)
            << size;
    }
    const ParseResult result = parse_request(bytes, scanned, limit);
    ASSERT_EQ(result.state, ParseState::complete);
    EXPECT_EQ(result.request.target, "/health");
    EXPECT_EQ(result.consumed, bytes.size());
}

TEST(HttpRequest, WhatCanBeNoRequestIsRefusedWithoutWaitingForItsEnd) {
    using namespace std::string_view_literals;
    for (const std::string_view bytes :
         {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"sv, "\0\0\0"sv, "\n"sv, " GET"sv,
          "GET / HTTP/1.0\n"sv, "GET / HTTP/1.0\n\n"sv, "\x80\x9e"sv}) {
        EXPECT_EQ(parse(bytes).state, ParseState::malformed) << testing::PrintToString(bytes);
    }
}

TEST(HttpRequest, RefusesWhatIsNotTheFormOfARequest) {
    using namespace std::string_view_literals;
    for (const std::string_view bytes :
         {"GET\r\n\r\n"sv, "GET /\r\n\r\n"sv, "GET / HTTP/2.0\r\n\r\n"sv,
          "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"sv, "GET /a\0b HTTP/1.1\r\n\r\n"sv,
          "GET / HTTP/1.1\r\nno colon\r\n\r\n"sv, "GET /a b HTTP/1.1\r\n\r\n"sv,
          "GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"sv,
          "GET / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"sv}) {
        EXPECT_EQ(parse(bytes).state, ParseState::malformed) << testing::PrintToString(bytes);
        EXPECT_EQ(parse(bytes).consumed, 0u);
    }
}

TEST(HttpRequest, TooLargeIsMoreThanTheLimitWhetherItsEndIsThereOrNot) {
    const std::string head = "GET / HTTP/1.1\r\nX: ";
    const std::string end = "\r\n\r\n";
    const std::string fits = head + std::string(limit - head.size() - end.size(), 'x') + end;
    EXPECT_EQ(parse(fits).state, ParseState::complete);
    EXPECT_EQ(parse(fits.substr(0, limit - 1)).state, ParseState::incomplete);
    EXPECT_EQ(parse(head + std::string(limit, 'x')).state, ParseState::too_large);
    EXPECT_EQ(parse(head + "x" + fits.substr(head.size())).state, ParseState::too_large);
}

}  // namespace
}  // namespace agent
