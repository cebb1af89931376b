// SPDX-License-Identifier: Apache-2.0
// Bytes of a mail log, in slices of any size: through the line splitter to the history of starts
// and to what is counted of deliveries, whose page must stay one. The first byte is the length of
// the slices.
#include "agent/metrics/delivery_metrics.hpp"
#include "core/exposition/exposition_text.hpp"
#include "core/maillog/delivery_line.hpp"
#include "core/maillog/line_splitter.hpp"
#include "core/maillog/startup_history.hpp"
#include "core/maillog/startup_line.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

namespace {

namespace chrono = std::chrono;

const core::WallTime now = chrono::sys_days(chrono::year(2026) / 11 / 22) + chrono::hours(12);
const core::WallTime boot_began = now - chrono::hours(24);

/// A page takes longer than all the rest: one input in so many makes one.
constexpr std::uint8_t inputs_for_a_page = 8;

void require(bool holds) {
    if (!holds) {
        std::abort();
    }
}

core::WallTime as_utc(const std::tm& t) {
    return chrono::sys_days(chrono::year(t.tm_year + 1900) / (t.tm_mon + 1) / t.tm_mday) +
           chrono::hours(t.tm_hour) + chrono::minutes(t.tm_min) + chrono::seconds(t.tm_sec);
}

bool is_within(std::string_view part, std::string_view whole) {
    return part.empty() || (part.data() >= whole.data() &&
                            part.data() + part.size() <= whole.data() + whole.size());
}

/// What holds for every line.
void look_at_delivery(std::string_view line) {
    using Kind = core::DeliveryLine::Kind;
    const core::DeliveryLine parsed = core::parse_delivery_line(line);
    const bool of_postfix = parsed.kind != Kind::unreadable && parsed.kind != Kind::foreign;
    require(of_postfix != parsed.service.empty() && parsed.stage < core::smtp_stages.size());
    for (const std::string_view part :
         {parsed.relay, parsed.code, parsed.sasl_method, parsed.tls.trust, parsed.tls.protocol,
          parsed.tls.cipher, parsed.tls.algorithm_bits}) {
        require(is_within(part, line));
    }
    if (parsed.kind == Kind::delivery) {
        require(static_cast<std::size_t>(parsed.program) < core::transports.size());
        require(std::all_of(parsed.delays.begin(), parsed.delays.end(),
                            [](double d) { return d >= 0 && d < 1e16; }));
    }
}

void look_at_page(std::string_view page, std::size_t lines) {
    require(std::all_of(page.begin(), page.end(),
                        [](char c) { return c == '\n' || (c >= ' ' && c <= '~'); }));
    require(page.find("_log_lines_total{source=\"file\"} " + std::to_string(lines) + "\n") !=
            std::string::npos);
}

bool is_printable(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    const std::size_t slice = std::size_t{1} + data[0];
    std::string_view rest(reinterpret_cast<const char*>(data + 1), size - 1);
    core::LineSplitter splitter;
    core::StartupHistory history(as_utc);
    core::Exposition exposition;
    std::optional<agent::DeliveryMetrics> metrics;
    if (data[0] % inputs_for_a_page == 0) {
        metrics.emplace(exposition);
    }
    std::size_t lines = 0;
    const auto on_line = [&](std::string_view line) {
        require(!line.empty() && line.size() <= core::LineSplitter::max_line);
        require(line.find_first_of(std::string_view("\n\0", 2)) == std::string_view::npos);
        if (const auto event = core::parse_maillog_line(line, now, as_utc)) {
            require(is_printable(event->text) && event->text.size() <= core::max_event_text + 3);
        }
        history.feed(line, boot_began, now);
        look_at_delivery(line);
        if (metrics) {
            metrics->count(line, agent::DeliveryMetrics::Source::file);
            ++lines;
        }
    };
    while (!rest.empty()) {
        splitter.feed(rest.substr(0, slice), on_line);
        rest.remove_prefix(std::min(slice, rest.size()));
    }
    splitter.finish(on_line);
    if (metrics) {
        look_at_page(core::prometheus_text(exposition), lines);
    }
    if (history.last_failure() && history.last_started()) {
        require(history.last_failure()->at != *history.last_started());
    }
    return 0;
}
