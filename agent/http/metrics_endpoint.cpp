// SPDX-License-Identifier: Apache-2.0
#include "agent/http/metrics_endpoint.hpp"

#include "agent/http/gzip.hpp"
#include "core/exposition/media_type.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

namespace agent {
namespace {

using core::ExpositionFormat;
using core::MediaParameter;

/// The parameters of content_type that a client may request. Prometheus 3 also requests a way of
/// escaping names: any value matches, because these names need no escaping.
constexpr std::array text_parameters{MediaParameter{"version", "0.0.4"},
                                     MediaParameter{"charset", "utf-8"},
                                     MediaParameter{"escaping", ""}};
constexpr std::array openmetrics_parameters{MediaParameter{"version", "1.0.0"},
                                            MediaParameter{"charset", "utf-8"},
                                            MediaParameter{"escaping", ""}};
constexpr core::MediaType text_type{"text", "plain", text_parameters};
constexpr core::MediaType openmetrics_type{"application", "openmetrics-text",
                                           openmetrics_parameters};

constexpr std::string_view varies = "Vary: Accept, Accept-Encoding\r\n";
constexpr std::string_view varies_and_packed =
    "Vary: Accept, Accept-Encoding\r\nContent-Encoding: gzip\r\n";

ExpositionFormat format_for(std::string_view accept) {
    return core::media_preference(accept, openmetrics_type) >
                   core::media_preference(accept, text_type)
               ? ExpositionFormat::openmetrics
               : ExpositionFormat::prometheus;
}

}  // namespace

PreparedResponse MetricsPage::make(ExpositionFormat format, bool packed) const {
    const std::string_view type =
        format == ExpositionFormat::openmetrics ? content_type::openmetrics : content_type::metrics;
    const std::string page = render_(format);
    if (packed) {
        if (const std::optional<std::string> bytes = gzip(page)) {
            return {200, type, *bytes, varies_and_packed};
        }
    }
    return {200, type, page, varies};
}

const PreparedResponse& MetricsPage::answer(const HttpRequest& request, core::BootTime now,
                                            core::BootTime expires) {
    const ExpositionFormat format = format_for(request.accept);
    const bool packed = core::wants_gzip(request.accept_encoding);
    Cached& cached = cached_[static_cast<std::size_t>(format)][packed ? 1 : 0];
    if (now >= cached.until) {
        cached.response = make(format, packed);
        cached.until = now < expires ? std::min(now + life, expires) : now + life;
    }
    return cached.response;
}

}  // namespace agent
