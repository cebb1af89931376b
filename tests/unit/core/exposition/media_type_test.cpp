// SPDX-License-Identifier: Apache-2.0
#include "core/exposition/media_type.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace core {
namespace {

constexpr std::array parameters{MediaParameter{"version", "1.0.0"},
                                MediaParameter{"charset", "utf-8"}, MediaParameter{"escaping", ""}};
constexpr MediaType openmetrics{"application", "openmetrics-text", parameters};
constexpr MediaType html{"text", "html", {}};

int weight(std::string_view accept, const MediaType& offered = openmetrics) {
    return media_preference(accept, offered).weight;
}

TEST(MediaPreference, AnAbsentOrBlankFieldRefusesNothing) {
    EXPECT_EQ(media_preference("", html), (Preference{1000, 0}));
    EXPECT_EQ(media_preference(" \t", html), (Preference{1000, 0}));
}

TEST(MediaPreference, AFieldThatNamesOtherTypesRefusesThisOne) {
    EXPECT_EQ(weight("text/plain, text/*;q=0.5"), 0);
    EXPECT_EQ(weight("application/openmetrics"), 0);
    EXPECT_EQ(weight("application/openmetrics-text2"), 0);
}

TEST(MediaPreference, TheMostPreciseRangeWinsAtAnyPosition) {
    for (const std::string_view accept :
         {"*/*;q=0.1, application/*;q=0.2, application/openmetrics-text;q=0.3, "
          "application/openmetrics-text;version=1.0.0;q=0.4",
          "application/openmetrics-text;version=1.0.0;q=0.4,application/"
          "openmetrics-text;q=0.3,application/*;q=0.2,"
          "*/*;q=0.1"}) {
        EXPECT_EQ(weight(accept), 400) << accept;
    }
    EXPECT_EQ(weight("*/*, application/openmetrics-text;q=0"), 0) << "refused by name";
    EXPECT_EQ(weight("text/html, */*;q=0.1", html), 1000);
    EXPECT_EQ(weight("text/html, */*;q=0.1"), 100);
}

TEST(MediaPreference, CaseAndQuotesAreIgnored) {
    EXPECT_EQ(weight("APPLICATION/OpenMetrics-Text ; Version=\"1.0.0\" ; CHARSET=UTF-8 ; Q=0.7"),
              700);
}

TEST(MediaPreference, AParameterThatTheOfferLacksNamesAnotherType) {
    EXPECT_EQ(weight("application/openmetrics-text;version=0.0.1"), 0);
    EXPECT_EQ(weight("application/openmetrics-text;version=1.0.0;level=2"), 0);
    EXPECT_EQ(weight("application/openmetrics-text;version=1.0.0;escaping=underscores;q=0.6"), 600)
        << "which the offer has, whatever the client says of it";
}

TEST(MediaPreference, AQuotedCommaOrSemicolonEndsNothing) {
    EXPECT_EQ(weight("text/x;a=\"b,application/openmetrics-text;q=1\", */*;q=0.2"), 200);
    EXPECT_EQ(weight("text/x;a=\"\\\",application/openmetrics-text\";q=1, */*;q=0.2"), 200);
    EXPECT_EQ(weight("text/x;a=\"never ended, application/openmetrics-text"), 0);
}

TEST(MediaPreference, WeightsHaveThreeDigits) {
    struct Said {
        const char* weight;
        int meant;
    };
    for (const Said& said :
         {Said{"0", 0}, Said{"0.", 0}, Said{"0.0", 0}, Said{"0.001", 1}, Said{"0.5", 500},
          Said{"0.999", 999}, Said{"1", 1000}, Said{"1.", 1000}, Said{"1.000", 1000},
          Said{".2", 200}, Said{"0.12345", 123}, Said{"0.0000000000000000000000000001", 0}}) {
        EXPECT_EQ(weight(std::string("*/*;q=") + said.weight), said.meant) << said.weight;
    }
}

TEST(MediaPreference, MalformedElementsAreSkipped) {
    for (const std::string_view broken : {"*/*;q=",
                                          "*/*;q",
                                          "*/*;q=2",
                                          "*/*;q=1.001",
                                          "*/*;q=-1",
                                          "*/*;q=a",
                                          "*/*;q=0.5.5",
                                          "*/*;q=10",
                                          "*/*;q=.",
                                          "*",
                                          "*;q=1",
                                          "*/openmetrics-text",
                                          "/",
                                          ",",
                                          ";;;",
                                          "application",
                                          "application/",
                                          "\x01\xff\"",
                                          "=;=,=",
                                          "application/openmetrics-text/x",
                                          "\"*/*\""}) {
        EXPECT_EQ(weight(broken), 0) << broken;
        EXPECT_EQ(weight(std::string(broken.starts_with('\x01') ? "" : broken) + ", */*;q=0.3"),
                  300)
            << broken;
    }
    EXPECT_EQ(weight("*/*;;q=0.5;"), 500) << "empty parameters are allowed";
    EXPECT_EQ(weight(",, , */*;q=0.5,"), 500) << "empty elements are allowed";
}

TEST(CodingPreference, MatchesNamesAndTheWildcard) {
    EXPECT_EQ(coding_preference("", "gzip"), Preference{});
    EXPECT_EQ(coding_preference("br, GZIP;q=0.5", "gzip"), (Preference{500, 2}));
    EXPECT_EQ(coding_preference("*;q=0.3, gzip;q=0", "gzip"), (Preference{0, 2}));
    EXPECT_EQ(coding_preference("*;q=0.3, gzip;q=0", "identity"), (Preference{300, 1}));
    EXPECT_EQ(coding_preference("gzipped", "gzip"), Preference{});
}

TEST(WantsGzip, FollowsTheClientsPreference) {
    for (const std::string_view yes :
         {"gzip", "gzip, deflate, br", "GZip;q=1.0, identity; q=0.5, *;q=0", "*", "gzip;q=0.1",
          "x-gzip", "gzip, compressed", "deflate;q=0.5, *;q=0.2", "gzip;q=0.5, identity;q=0.5",
          "identity;q=0", "identity;q=0, *", "br, identity;q=0"}) {
        EXPECT_TRUE(wants_gzip(yes)) << yes;
    }
    for (const std::string_view no :
         {"", " ", "identity", "br", "gzip;q=0", "gzip;q=0.000", "*;q=0", "gzip;q=0, *",
          "gzip;q=0.5, identity", "*;q=0, identity;q=0", "gzip;q=0, identity;q=0", "gzip;q=x",
          "gzipped", "deflate;gzip"}) {
        EXPECT_FALSE(wants_gzip(no)) << no;
    }
}

}  // namespace
}  // namespace core
