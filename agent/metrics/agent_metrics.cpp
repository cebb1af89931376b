// SPDX-License-Identifier: Apache-2.0
#include "agent/metrics/agent_metrics.hpp"

#include "agent/base/clock.hpp"
#include "agent/base/version.hpp"
#include "agent/metrics/nfs_metrics.hpp"
#include "agent/metrics/process_usage.hpp"
#include "core/exposition/exposition.hpp"
#include "core/exposition/exposition_text.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

namespace agent {
namespace {

using core::Counter;
using core::Gauge;
using core::MetricFamily;
using State = core::RelinkProgress::State;

namespace family {
using core::CounterInfo;
using core::GaugeInfo;

constexpr GaugeInfo build_info{
    "postfix_elb_agent_build_info", "Always 1; the label is the version.", {"version"}};
constexpr GaugeInfo health_status{
    "postfix_elb_agent_health_status",
    "1 for the state that the endpoint (health, readyz) reports, 0 for the others.",
    {"endpoint", "state"}};
constexpr GaugeInfo check_status{
    "postfix_elb_agent_check_status",
    "1 for the state of the check, 0 for the others; all 0 before the first round.",
    {"check", "state"}};
constexpr GaugeInfo check_reason{"postfix_elb_agent_check_reason",
                                 "1 for the reason for which the check does not pass.",
                                 {"check", "reason"}};
constexpr GaugeInfo check_age{"postfix_elb_agent_check_age_seconds",
                              "Age of the facts behind the check; since boot if there are none.",
                              {"check"}};
constexpr GaugeInfo check_duration{"postfix_elb_agent_check_duration_seconds",
                                   "Duration of the latest probe behind the check.",
                                   {"check"}};
constexpr CounterInfo check_transitions{"postfix_elb_agent_check_transitions_total",
                                        "Changes of the check into the state.",
                                        {"check", "state"}};
constexpr GaugeInfo relink_outcome{
    "postfix_elb_agent_relink_outcome",
    "1 for the state of the relink (pending, done, refused, failed), 0 for the others.",
    {"outcome"}};
constexpr GaugeInfo relink_duration{
    "postfix_elb_agent_relink_duration_seconds",
    "Time from the first round with a pending relink to its end; 0 until then."};
constexpr GaugeInfo mount_fault{"postfix_elb_agent_mount_fault",
                                "1 for the cause of a mount that does not answer (instance, "
                                "shared, unknown); all 0 while it answers.",
                                {"attribution"}};
constexpr GaugeInfo probe_stuck{"postfix_elb_agent_mount_probe_stuck",
                                "1 while a request to the mount worker is overdue."};
constexpr GaugeInfo postfix_up{"postfix_up",
                               "1 if a master is proven to work in this instance's queue."};
constexpr CounterInfo http_requests{"postfix_elb_agent_http_requests_total",
                                    "HTTP answers by status code and path.",
                                    {"code", "path"}};
constexpr CounterInfo http_evictions{
    "postfix_elb_agent_http_connections_evicted_total",
    "Connections closed to make room: too many of their source (source) or in total (total), or no "
    "descriptor or memory left (shortage).",
    {"why"}};
constexpr CounterInfo cpu{"process_cpu_seconds_total", "CPU time of the server process."};
constexpr GaugeInfo virtual_memory{"process_virtual_memory_bytes",
                                   "Virtual memory of the server process."};
constexpr GaugeInfo resident{"process_resident_memory_bytes",
                             "Resident memory of the server process."};
constexpr GaugeInfo open_fds{"process_open_fds", "Open descriptors of the server process."};
constexpr GaugeInfo max_fds{"process_max_fds", "Limit of open descriptors of the server process."};
constexpr GaugeInfo start_time{"process_start_time_seconds",
                               "Start time of the server process, in seconds since the epoch."};
}  // namespace family

constexpr std::array statuses{core::Status::pass, core::Status::warn, core::Status::fail};
constexpr std::array<int, 8> codes{200, 503, 404, 405, 400, 408, 431, 500};
constexpr std::array outcomes{std::pair{State::pending, "pending"}, std::pair{State::done, "done"},
                              std::pair{State::refused, "refused"},
                              std::pair{State::failed, "failed"}};
constexpr std::array attributions{core::MountFault::instance, core::MountFault::shared,
                                  core::MountFault::unknown};

template <class E>
constexpr std::size_t index(E value) {
    return static_cast<std::size_t>(value);
}

/// One gauge per status, of which one is 1.
using StateGauges = std::array<Gauge*, statuses.size()>;

StateGauges state_gauges(MetricFamily<Gauge>& of, std::string_view value) {
    StateGauges gauges_of{};
    for (const core::Status status : statuses) {
        gauges_of[index(status)] = &of.add({value, to_string(status)});
    }
    return gauges_of;
}

void set_state(const StateGauges& gauges_of, core::Status now) {
    for (const core::Status status : statuses) {
        gauges_of[index(status)]->set(status == now ? 1 : 0);
    }
}

double seconds(core::Duration duration) {
    return std::chrono::duration<double>(duration).count();
}

}  // namespace

struct Metrics::Series {
    ProcessUsage process;
    core::Exposition exposition;

    MetricFamily<Gauge>& health_status = exposition.add(family::health_status);
    StateGauges health = state_gauges(health_status, "health");
    StateGauges ready = state_gauges(health_status, "readyz");

    struct OfCheck {
        StateGauges status{};
        std::vector<std::pair<core::Reason, Gauge*>> reasons;
        std::array<Counter*, statuses.size()> transitions{};
        Gauge* age = nullptr;
    };
    std::array<OfCheck, core::check_count> checks;
    Gauge& mount_duration =
        exposition.add(family::check_duration).add({to_string(core::Check::mount)});

    std::array<Gauge*, outcomes.size()> relink_outcome{};
    Gauge& relink_duration = exposition.add_single(family::relink_duration);
    Gauge& probe_stuck = exposition.add_single(family::probe_stuck);
    std::array<Gauge*, attributions.size()> mount_fault{};
    Gauge& postfix_up = exposition.add_single(family::postfix_up);

    QueueMetrics queue{exposition};
    NfsMetrics nfs{exposition};
    core::BootTime host_at{-1};  ///< of the facts in `nfs`

    DeliveryMetrics deliveries{exposition};

    MetricFamily<Counter>& requests = exposition.add(family::http_requests);
    std::array<std::array<Counter*, codes.size()>, route_count> request_counters{};
    std::array<Counter*, evictions.size()> eviction_counters{};

    Counter& cpu = exposition.add_single(family::cpu);
    Gauge& virtual_memory = exposition.add_single(family::virtual_memory);
    Gauge& resident = exposition.add_single(family::resident);
    Gauge& open_fds = exposition.add_single(family::open_fds);
    Gauge& max_fds = exposition.add_single(family::max_fds);
    Gauge& start_time = exposition.add_single(family::start_time);

    std::optional<core::Verdict> verdict;
    std::optional<core::BootTime> relink_began;  ///< while it is pending
    core::BootTime expires = core::BootTime::max();

    explicit Series(ProcessUsage collector) : process(std::move(collector)) {
        exposition.add(family::build_info).add({version()}).set(1);
        add_checks();
        MetricFamily<Gauge>& fault = exposition.add(family::mount_fault);
        for (std::size_t i = 0; i < attributions.size(); ++i) {
            mount_fault[i] = &fault.add({to_string(attributions[i])});
        }
        MetricFamily<Gauge>& outcome = exposition.add(family::relink_outcome);
        for (const auto& [state, name] : outcomes) {
            relink_outcome[index(state)] = &outcome.add({name});
        }
        MetricFamily<Counter>& evicted = exposition.add(family::http_evictions);
        for (const Eviction why : evictions) {
            eviction_counters[index(why)] = &evicted.add({to_string(why)});
        }
        set_state(health, core::Status::fail);
        set_state(ready, core::Status::fail);
        relink_outcome[index(State::pending)]->set(1);
    }

    void add_checks() {
        MetricFamily<Gauge>& status = exposition.add(family::check_status);
        MetricFamily<Gauge>& reason = exposition.add(family::check_reason);
        MetricFamily<Gauge>& age = exposition.add(family::check_age);
        MetricFamily<Counter>& transitions = exposition.add(family::check_transitions);
        for (const core::Check check : core::all_checks()) {
            const std::string_view name = to_string(check);
            OfCheck& of_check = checks[index(check)];
            of_check.status = state_gauges(status, name);
            of_check.age = &age.add({name});
            for (const core::Status to : statuses) {
                of_check.transitions[index(to)] = &transitions.add({name, to_string(to)});
            }
        }
        for (const core::ReasonInfo& info : core::all_reasons()) {
            Gauge& gauge = reason.add({to_string(info.check), to_string(info.reason)});
            checks[index(info.check)].reasons.emplace_back(info.reason, &gauge);
        }
    }

    void publish_check(const core::Finding& finding, const core::Finding* before) {
        OfCheck& of_check = checks[index(finding.check)];
        set_state(of_check.status, finding.status);
        for (const auto& [reason, gauge] : of_check.reasons) {
            gauge->set(reason == finding.reason ? 1 : 0);
        }
        if (before != nullptr && before->status != finding.status) {
            of_check.transitions[index(finding.status)]->increment();
        }
    }

    void publish_relink(const core::Facts& facts, core::BootTime now) {
        const State outcome = facts.relink.value ? facts.relink.value->state : State::pending;
        for (const auto& [state, name] : outcomes) {
            relink_outcome[index(state)]->set(state == outcome ? 1 : 0);
        }
        if (outcome == State::pending) {
            relink_began = relink_began.value_or(now);
        } else if (relink_began) {
            relink_duration.set(seconds(facts.relink.at.boot - *relink_began));
            relink_began.reset();
        }
    }

    void observe(core::TimePoint now) {
        const bool fresh = verdict && now.boot < expires;
        set_state(health, fresh ? verdict->health : core::Status::fail);
        set_state(ready, fresh ? verdict->ready : core::Status::fail);
        for (std::size_t i = 0; i < checks.size(); ++i) {
            const core::BootTime at = verdict ? verdict->checks[i].at.boot : core::BootTime{};
            checks[i].age->set(seconds(now.boot - at));
        }
        queue.observe(now);
        deliveries.observe(now.wall);
        const ProcessUse use = process.observe(now);
        cpu.raise_to(use.cpu_seconds);
        virtual_memory.set(static_cast<double>(use.virtual_bytes));
        resident.set(static_cast<double>(use.resident_bytes));
        open_fds.set(use.open_descriptors);
        max_fds.set(static_cast<double>(use.max_descriptors));
        start_time.set(use.start_time);
    }
};

Metrics::Metrics(ProcessUsage process) : series_(std::make_unique<Series>(std::move(process))) {
}
Metrics::~Metrics() = default;

void Metrics::publish(const core::Verdict& verdict, const core::Facts& facts,
                      core::BootTime expires) {
    const std::optional<core::Verdict> before = std::exchange(series_->verdict, verdict);
    series_->expires = expires;
    for (std::size_t i = 0; i < verdict.checks.size(); ++i) {
        series_->publish_check(verdict.checks[i], before ? &before->checks[i] : nullptr);
    }
    const core::Finding& master = verdict.checks[index(core::Check::master_pid)];
    const bool no_master =
        master.status == core::Status::fail || master.excuse != core::Excuse::none;
    series_->postfix_up.set(no_master ? 0 : 1);
    for (std::size_t i = 0; i < attributions.size(); ++i) {
        series_->mount_fault[i]->set(attributions[i] == verdict.mount_fault ? 1 : 0);
    }
    series_->publish_relink(facts, verdict.at.boot);
    series_->probe_stuck.set(facts.mount_hung_since ? 1 : 0);
    if (facts.host.value &&
        std::exchange(series_->host_at, facts.host.at.boot) != facts.host.at.boot) {
        series_->nfs.publish(*facts.host.value);
    }
    if (facts.mount.value) {
        const std::chrono::microseconds took(facts.mount.value->took_us);
        series_->mount_duration.set(std::chrono::duration<double>(took).count());
    }
}

QueueMetrics& Metrics::queue() {
    return series_->queue;
}

DeliveryMetrics& Metrics::deliveries() {
    return series_->deliveries;
}

void Metrics::counted(Route route, int status) {
    const auto code =
        static_cast<std::size_t>(std::find(codes.begin(), codes.end() - 1, status) - codes.begin());
    Counter*& counter = series_->request_counters[route][code];
    if (counter == nullptr) {
        counter = &series_->requests.add({std::to_string(codes[code]), route_path(route)});
    }
    counter->increment();
}

void Metrics::counted(Eviction why) {
    series_->eviction_counters[index(why)]->increment();
}

const core::Exposition& Metrics::exposition() const {
    return series_->exposition;
}

std::string Metrics::render(core::ExpositionFormat format) {
    series_->observe(now());
    return format == core::ExpositionFormat::openmetrics
               ? core::openmetrics_text(series_->exposition)
               : core::prometheus_text(series_->exposition);
}

}  // namespace agent
