// SPDX-License-Identifier: Apache-2.0
#include "agent/http/metrics_endpoint.hpp"

#include "agent/http/gzip.hpp"
#include "agent/http/routes.hpp"

#include <gmock/gmock.h>

#include <zlib.h>

#include <cstdlib>

namespace agent {
namespace {

using core::ExpositionFormat;
using std::chrono::milliseconds;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

std::string unpacked(std::string_view bytes) {
    z_stream stream{};
    EXPECT_EQ(::inflateInit2(&stream, MAX_WBITS + 16), Z_OK);
    std::string text(1 << 20, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream.avail_in = static_cast<uInt>(bytes.size());
    stream.next_out = reinterpret_cast<Bytef*>(text.data());
    stream.avail_out = static_cast<uInt>(text.size());
    EXPECT_EQ(::inflate(&stream, Z_FINISH), Z_STREAM_END);
    EXPECT_EQ(stream.avail_in, 0u) << "nothing behind its end";
    text.resize(stream.total_out);
    ::inflateEnd(&stream);
    return text;
}

class MetricsPageTest : public testing::Test {
   protected:
    std::string_view answer(std::string_view accept, std::string_view accept_encoding = "") {
        const HttpRequest request{HttpMethod::get, "/metrics", true, accept, accept_encoding};
        const PreparedResponse& response = page.answer(request, at, expires);
        EXPECT_EQ(response.status(), 200);
        return response.wire(PreparedResponse::Part::whole, PreparedResponse::Connection::close)
            .view();
    }
    std::string_view body(std::string_view accept, std::string_view accept_encoding = "") {
        const std::string_view whole = answer(accept, accept_encoding);
        return whole.substr(whole.find("\r\n\r\n") + 4);
    }

    int rendered = 0;
    MetricsPage page{[this](ExpositionFormat format) {
        return (format == ExpositionFormat::openmetrics ? "openmetrics " : "text ") +
               std::to_string(++rendered);
    }};
    core::BootTime at{std::chrono::seconds(1000)};
    core::BootTime expires = core::BootTime::max();
};

constexpr std::string_view prometheus_2 =
    "application/openmetrics-text;version=1.0.0,application/"
    "openmetrics-text;version=0.0.1;q=0.75,text/plain;"
    "version=0.0.4;q=0.5,*/*;q=0.1";
constexpr std::string_view prometheus_2_before_41 =
    "application/openmetrics-text; version=0.0.1,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
constexpr std::string_view prometheus_3 =
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/"
    "openmetrics-text;version=0.0.1;"
    "q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/"
    "*;q=0.2";
constexpr std::string_view prometheus_with_protobuf =
    "application/"
    "vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited,application/"
    "openmetrics-text;version=1.0.0;q=0.8,application/openmetrics-text;version=0.0.1;q=0.75,text/"
    "plain;version=0.0.4;"
    "q=0.5,*/*;q=0.1";

TEST_F(MetricsPageTest, AClientThatPrefersOpenMetricsGetsIt) {
    for (const std::string_view accept :
         {prometheus_2, prometheus_3, prometheus_with_protobuf,
          std::string_view("application/openmetrics-text"),
          std::string_view("application/openmetrics-text; version=1.0.0; charset=utf-8"),
          std::string_view("application/openmetrics-text, */*"),
          std::string_view("text/plain;q=0.5, application/*")}) {
        EXPECT_THAT(
            answer(accept),
            HasSubstr(
                "\r\nContent-Type: application/openmetrics-text; version=1.0.0; charset=utf-8\r\n"))
            << accept;
        EXPECT_THAT(body(accept), testing::StartsWith("openmetrics ")) << accept;
    }
}

TEST_F(MetricsPageTest, EverybodyElseGetsTextWhateverTheyAskFor) {
    for (const std::string_view accept :
         {prometheus_2_before_41, std::string_view(""), std::string_view("*/*"),
          std::string_view("text/plain"),
          std::string_view("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
          std::string_view("image/png"), std::string_view("garbage;;;\"q=,"),
          std::string_view("*/*;q=0"),
          std::string_view("application/openmetrics-text;version=2.0.0"),
          std::string_view("application/openmetrics-text;q=0, text/plain;q=0"),
          std::string_view("application/openmetrics-text;q=0.5, text/plain;q=0.6"),
          std::string_view("application/json"),
          std::string_view("text/*, application/openmetrics-text;q=0.9")}) {
        EXPECT_THAT(answer(accept),
                    HasSubstr("\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"))
            << accept;
        EXPECT_THAT(body(accept), testing::StartsWith("text ")) << accept;
    }
}

TEST_F(MetricsPageTest, GzipIsTheSamePageAndSaysSo) {
    const std::string_view packed = answer(prometheus_2, "gzip");
    EXPECT_THAT(packed, HasSubstr("\r\nContent-Encoding: gzip\r\n"));
    EXPECT_EQ(unpacked(body(prometheus_2, "gzip")), "openmetrics 1");
    EXPECT_THAT(packed, HasSubstr("\r\nContent-Length: " +
                                  std::to_string(body(prometheus_2, "gzip").size()) + "\r\n"));
    EXPECT_EQ(unpacked(body("", "*")), "text 2");
    EXPECT_THAT(answer("", "gzip;q=0, *"), Not(HasSubstr("Content-Encoding")));
}

TEST_F(MetricsPageTest, VaryNamesTheFieldsThatSelectTheAnswer) {
    for (const char* coding : {"", "gzip"}) {
        EXPECT_THAT(answer("", coding), HasSubstr("\r\nVary: Accept, Accept-Encoding\r\n"));
    }
}

TEST_F(MetricsPageTest, SimultaneousRequestsShareOnePageOfEachKind) {
    for (int scraper = 0; scraper < 50; ++scraper) {
        EXPECT_EQ(body(""), "text 1");
    }
    at += MetricsPage::life - milliseconds(1);
    EXPECT_EQ(body(""), "text 1");
    EXPECT_EQ(unpacked(body("", "gzip")), "text 2");
    EXPECT_EQ(body(prometheus_2), "openmetrics 3");
    EXPECT_EQ(rendered, 3);
}

TEST_F(MetricsPageTest, AnOldPageIsRenderedAgain) {
    EXPECT_EQ(body(""), "text 1");
    at += MetricsPage::life;
    EXPECT_EQ(body(""), "text 2");
}

TEST_F(MetricsPageTest, APageIsRenderedAgainWhenItsVerdictExpires) {
    expires = at + milliseconds(10);
    EXPECT_EQ(body(""), "text 1");
    at = expires;
    EXPECT_EQ(body(""), "text 2");
    at += milliseconds(1);
    EXPECT_EQ(body(""), "text 2") << "which has expired already, and lives as long as any other";
}

TEST_F(MetricsPageTest, ThatTheNextVerdictForgets) {
    HttpRoutes routes([this](ExpositionFormat) { return std::to_string(++rendered); });
    const auto get = [&] {
        return std::string(routes.answer({HttpMethod::get, "/metrics", true}, at).bytes.view());
    };
    EXPECT_THAT(get(), EndsWith("\r\n\r\n1"));
    EXPECT_THAT(get(), EndsWith("\r\n\r\n1"));
    routes.publish({});
    EXPECT_THAT(get(), EndsWith("\r\n\r\n2"));
}

TEST_F(MetricsPageTest, ARendererThatThrowsLeavesNothingBehind) {
    bool broken = true;
    MetricsPage fragile([&](ExpositionFormat) -> std::string {
        if (broken) {
            throw std::runtime_error("no metrics today");
        }
        return "text";
    });
    const HttpRequest request{HttpMethod::get, "/metrics", true};
    EXPECT_THROW(static_cast<void>(fragile.answer(request, at, expires)), std::runtime_error);
    broken = false;
    EXPECT_EQ(fragile.answer(request, at, expires).status(), 200);
}

TEST(Gzip, ReadsBackWhateverItIs) {
    std::string text;
    for (int i = 0; i < 5000; ++i) {
        text += "postfix_elb_agent_check_reason{check=\"mount\",reason=\"hung\"} " +
                std::to_string(i * i) + "\n";
    }
    const std::optional<std::string> packed = gzip(text);
    ASSERT_TRUE(packed);
    EXPECT_LT(packed->size(), text.size() / 5);
    EXPECT_EQ(unpacked(*packed), text);
    std::string noise;
    for (int i = 0; i < 100'000; ++i) {
        noise += static_cast<char>(i * 2654435761u >> 11);
    }
    EXPECT_EQ(unpacked(gzip(noise).value()), noise);
    EXPECT_EQ(unpacked(gzip("").value()), "");
}

}  // namespace
}  // namespace agent
