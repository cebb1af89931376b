// SPDX-License-Identifier: Apache-2.0
#include "agent/metrics/delivery_metrics.hpp"

#include "agent/metrics/delivery_families.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

namespace agent {
namespace {

using core::Counter;
using core::DeliveryLine;
using core::Exposition;
using core::Gauge;
using core::Histogram;
using core::MetricFamily;
using delivery::Kind;
using Source = DeliveryMetrics::Source;

template <class E>
constexpr std::size_t index(E value) {
    return static_cast<std::size_t>(value);
}

using FourDelays = std::array<Histogram*, delivery::delay_stages.size()>;

void observe_delays(const FourDelays& parts, const std::array<double, 4>& delays) {
    for (std::size_t i = 0; i < parts.size(); ++i) {
        parts[i]->observe(delays[i]);
    }
}

/// One series for each value of the family's only label.
template <class Metric, std::size_t Size>
std::array<Metric*, Size> one_for_each(MetricFamily<Metric>& family,
                                       const std::array<std::string_view, Size>& values) {
    std::array<Metric*, Size> series{};
    std::transform(values.begin(), values.end(), series.begin(),
                   [&](std::string_view value) { return &family.add({value}); });
    return series;
}

}  // namespace

struct DeliveryMetrics::Series {
    DeliveryFamilies families;
    std::array<Counter*, delivery::capped_families.size()> dropped =
        one_for_each(families.of(delivery::dropped), delivery::capped_families);

    std::array<Counter*, index(Kind::bounced) + 1> by_kind{};  ///< nullptr: not one counter

    FourDelays smtp_delays =
        one_for_each(families.of(delivery::smtp_delay), delivery::delay_stages);
    FourDelays lmtp_delays =
        one_for_each(families.of(delivery::lmtp_delay), delivery::delay_stages);
    CappedFamily<Histogram> pipe_delays = capped(delivery::pipe_delay);
    MetricFamily<Histogram>& delay_family = families.of(delivery::delay);
    std::array<FourDelays, core::transports.size()> delays{};
    MetricFamily<Counter>& delivery_family = families.of(delivery::deliveries);
    std::array<std::array<Counter*, core::delivery_statuses.size()>, core::transports.size()>
        deliveries{};
    std::array<Counter*, core::delivery_statuses.size()> smtp_status =
        one_for_each(families.of(delivery::smtp_status), core::delivery_statuses);
    Counter& smtp_deferred = families.of(delivery::smtp_deferred).add();
    Gauge& smtp_status_deferred = families.of(delivery::smtp_status_deferred).add();
    CappedFamily<Counter> smtp_tls = capped(delivery::smtp_tls);
    Counter& virtual_delivered = families.of(delivery::virtual_delivered).add();

    Histogram& queued_recipients = families.of(delivery::queued_recipients).add();
    Histogram& queued_size = families.of(delivery::queued_size).add();

    std::array<Counter*, core::smtp_stages.size()> lost =
        one_for_each(families.of(delivery::lost), core::smtp_stages);
    CappedFamily<Counter> accepted = capped(delivery::accepted);
    CappedFamily<Counter> rejected = capped(delivery::rejected);
    CappedFamily<Counter> all_rejected = capped(delivery::all_rejected);
    CappedFamily<Counter> smtpd_tls = capped(delivery::smtpd_tls);

    CappedFamily<Counter> messages = capped(delivery::messages);
    CappedFamily<Counter> unsupported = capped(delivery::unsupported);

    std::array<Counter*, delivery::sources.size()> lines =
        one_for_each(families.of(delivery::lines), delivery::sources);
    std::array<Counter*, delivery::drops.size()> lines_dropped =
        one_for_each(families.of(delivery::lines_dropped), delivery::drops);
    std::array<Gauge*, delivery::sources.size()> source =
        one_for_each(families.of(delivery::source), delivery::sources);
    Gauge& lag = families.of(delivery::lag).add();
    /// The time stamp of the last line, while more lines follow.
    std::optional<core::WallTime> behind_since;

    explicit Series(Exposition& page) : families(page) {
        for (const auto& row : delivery::counted_kinds) {
            by_kind[index(row.kind)] = &page.add_single(row.family);
        }
    }

    template <class Metric>
    CappedFamily<Metric> capped(const core::FamilyInfo<Metric>& family) {
        const auto row = std::find(delivery::capped_families.begin(),
                                   delivery::capped_families.end(), family.name);
        return {families.of(family), *dropped.at(row - delivery::capped_families.begin())};
    }

    void count(const DeliveryLine& line);
    void count_delivery(const DeliveryLine& line);
    void add_transport(std::size_t transport);
    void count_smtp(const DeliveryLine& line);
    void count_reject(const DeliveryLine& line);
    void count_tls(const DeliveryLine& line);
};

/// Called at the first delivery. Why: the series of a transport that is not used are only clutter.
void DeliveryMetrics::Series::add_transport(std::size_t transport) {
    const std::string_view name = core::transports[transport];
    for (std::size_t i = 0; i < core::delivery_statuses.size(); ++i) {
        deliveries[transport][i] = &delivery_family.add({name, core::delivery_statuses[i]});
    }
    for (std::size_t i = 0; i < delivery::delay_stages.size(); ++i) {
        delays[transport][i] = &delay_family.add({name, delivery::delay_stages[i]});
    }
}

void DeliveryMetrics::Series::count_smtp(const DeliveryLine& line) {
    observe_delays(smtp_delays, line.delays);
    smtp_status[index(line.status)]->increment();
    if (line.status == core::DeliveryStatus::deferred) {
        smtp_deferred.increment();
        smtp_status_deferred.set(smtp_deferred.value());
    }
}

void DeliveryMetrics::Series::count_delivery(const DeliveryLine& line) {
    const std::size_t transport = index(line.program);
    if (deliveries[transport][0] == nullptr) {
        add_transport(transport);
    }
    deliveries[transport][index(line.status)]->increment();
    observe_delays(delays[transport], line.delays);
    switch (line.program) {
        case core::MailProgram::smtp: return count_smtp(line);
        case core::MailProgram::lmtp: return observe_delays(lmtp_delays, line.delays);
        case core::MailProgram::pipe:
            for (std::size_t i = 0; i < delivery::delay_stages.size(); ++i) {
                if (Histogram* part = pipe_delays.of({line.relay, delivery::delay_stages[i]})) {
                    part->observe(line.delays[i]);
                }
            }
            return;
        case core::MailProgram::virtual_:
            if (line.delivered_to_maildir) {
                virtual_delivered.increment();
            }
            return;
        default: return;
    }
}

void increment_one(CappedFamily<Counter>& family, std::initializer_list<std::string_view> values) {
    if (Counter* counter = family.of(values)) {
        counter->increment();
    }
}

void DeliveryMetrics::Series::count_reject(const DeliveryLine& line) {
    const std::string_view stage = core::smtp_stages[line.stage];
    increment_one(all_rejected, {stage, line.code, line.by_milter ? "milter" : "smtpd"});
    if (line.noqueue && !line.by_milter && stage == "RCPT" && !line.code.empty()) {
        increment_one(rejected, {line.code});
    }
}

void DeliveryMetrics::Series::count_tls(const DeliveryLine& line) {
    const DeliveryLine::Tls& tls = line.tls;
    increment_one(line.program == core::MailProgram::smtpd ? smtpd_tls : smtp_tls,
                  {tls.trust, tls.protocol, tls.cipher, tls.secret_bits, tls.algorithm_bits});
}

void DeliveryMetrics::Series::count(const DeliveryLine& line) {
    const std::string_view level = core::log_levels[index(line.level)];
    if (line.level != core::LogLevel::none) {
        increment_one(messages, {line.service, level});
    }
    if (Counter* const counter = by_kind[index(line.kind)]) {
        return counter->increment();
    }
    switch (line.kind) {
        case Kind::unreadable: return lines_dropped[index(delivery::Drop::unreadable)]->increment();
        case Kind::unsupported: return increment_one(unsupported, {line.service, level});
        case Kind::delivery: return count_delivery(line);
        case Kind::lost: return lost[line.stage]->increment();
        case Kind::accepted: return increment_one(accepted, {line.sasl_method});
        case Kind::rejected: return count_reject(line);
        case Kind::tls: return count_tls(line);
        case Kind::queued:
            queued_size.observe(line.size);
            return queued_recipients.observe(line.recipients);
        default: return;  // foreign
    }
}

DeliveryMetrics::DeliveryMetrics(Exposition& exposition)
    : series_(std::make_unique<Series>(exposition)) {
}
DeliveryMetrics::~DeliveryMetrics() = default;

void DeliveryMetrics::count(std::string_view line, Source source) {
    series_->lines[index(source)]->increment();
    series_->count(core::parse_delivery_line(line));
}

void DeliveryMetrics::set_source(std::optional<Source> source) {
    for (std::size_t i = 0; i < delivery::sources.size(); ++i) {
        series_->source[i]->set(source && index(*source) == i ? 1 : 0);
    }
}

void DeliveryMetrics::set_behind(std::optional<core::WallTime> stamp) {
    series_->behind_since = stamp;
}

void DeliveryMetrics::set_lines_cut(std::uint64_t total) {
    series_->lines_dropped[index(delivery::Drop::too_long)]->raise_to(static_cast<double>(total));
}

void DeliveryMetrics::observe(core::WallTime now) {
    const std::chrono::duration<double> lag = now - series_->behind_since.value_or(now);
    series_->lag.set(std::max(lag.count(), 0.0));
}

}  // namespace agent
