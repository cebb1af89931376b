// SPDX-License-Identifier: Apache-2.0
#include "agent/metrics/nfs_metrics.hpp"

#include <cstdint>
#include <string_view>

namespace agent {
namespace {

using core::NfsFigure;
using core::NfsTransport;

using core::CounterInfo;
using core::GaugeInfo;

struct Figure {
    NfsFigure figure;
    double unit;  ///< of the kernel's figure, in that of the metric
    CounterInfo family;
};

constexpr double milliseconds = 1e-3;
constexpr std::array<Figure, core::nfs_figure_count> figures{{
    {NfsFigure::operations,
     1,
     {"postfix_elb_agent_nfs_operations_total", "NFS operations requested.", {"operation"}}},
    {NfsFigure::transmissions,
     1,
     {"postfix_elb_agent_nfs_transmissions_total",
      "Transmissions of NFS requests; more than the operations if some were repeated.",
      {"operation"}}},
    {NfsFigure::major_timeouts,
     1,
     {"postfix_elb_agent_nfs_major_timeouts_total",
      "Times that all retries of an NFS request timed out (the kernel logs: server not "
      "responding).",
      {"operation"}}},
    {NfsFigure::errors,
     1,
     {"postfix_elb_agent_nfs_errors_total",
      "NFS operations that ended with an error, including missing files; Linux 5.3 and later.",
      {"operation"}}},
    {NfsFigure::queue_ms,
     milliseconds,
     {"postfix_elb_agent_nfs_queue_seconds_total",
      "Time that NFS requests waited for transmission.",
      {"operation"}}},
    {NfsFigure::response_ms,
     milliseconds,
     {"postfix_elb_agent_nfs_response_seconds_total",
      "Time from the transmission of NFS requests to the server's replies.",
      {"operation"}}},
    {NfsFigure::request_ms,
     milliseconds,
     {"postfix_elb_agent_nfs_request_seconds_total",
      "Time of NFS operations from request to completion.",
      {"operation"}}},
}};

struct OfTransport {
    std::uint64_t NfsTransport::*member;
    CounterInfo family;
};

constexpr std::array<OfTransport, 6> of_transport{{
    {&NfsTransport::connects,
     {"postfix_elb_agent_nfs_connects_total", "Connections made to the NFS server."}},
    {&NfsTransport::sends,
     {"postfix_elb_agent_nfs_sends_total",
      "Requests sent over the connection, which all mounts of one server share."}},
    {&NfsTransport::receives,
     {"postfix_elb_agent_nfs_receives_total", "Replies received over the connection."}},
    {&NfsTransport::bad_xids,
     {"postfix_elb_agent_nfs_bad_xids_total", "Replies received without an outstanding request."}},
    {&NfsTransport::in_flight_sum,
     {"postfix_elb_agent_nfs_in_flight_requests_total",
      "Outstanding requests, summed at each transmission; divided by nfs_sends_total, their "
      "average number."}},
    {&NfsTransport::backlog_sum,
     {"postfix_elb_agent_nfs_backlog_requests_total",
      "Requests waiting for a slot, summed at each transmission; divided by nfs_sends_total, their "
      "average number."}},
}};

constexpr CounterInfo bytes{"postfix_elb_agent_nfs_bytes_total",
                            "Bytes of files read from the NFS server and written to it.",
                            {"direction"}};
constexpr GaugeInfo age{"postfix_elb_agent_nfs_age_seconds",
                        "Time since the file system was mounted."};
constexpr GaugeInfo lease_expired{
    "postfix_elb_agent_nfs_lease_expired_seconds",
    "Time since the NFSv4 lease expired; 0 while the lease is valid."};

double number(std::uint64_t value) {
    return static_cast<double>(value);
}

}  // namespace

NfsMetrics::NfsMetrics(core::Exposition& exposition)
    : bytes_(exposition.add(bytes)),
      age_(exposition.add(age)),
      lease_expired_(exposition.add(lease_expired)) {
    for (const Figure& row : figures) {
        figures_[static_cast<std::size_t>(row.figure)] = &exposition.add(row.family);
    }
    for (std::size_t i = 0; i < of_transport.size(); ++i) {
        transport_[i] = &exposition.add(of_transport[i].family);
    }
}

void NfsMetrics::clear() {
    for (auto* family : figures_) {
        family->series.clear();
    }
    for (auto* family : transport_) {
        family->series.clear();
    }
    bytes_.series.clear();
    age_.series.clear();
    lease_expired_.series.clear();
}

void NfsMetrics::publish(const core::HostFacts& host) {
    clear();
    if (host.lease_expired) {
        lease_expired_.add().set(static_cast<double>(*host.lease_expired));
    }
    if (!host.nfs) {
        return;
    }
    publish_operations(*host.nfs);
    bytes_.add({"read"}).raise_to(number(host.nfs->bytes_read));
    bytes_.add({"write"}).raise_to(number(host.nfs->bytes_written));
    age_.add().set(number(host.nfs->age));
    if (host.nfs->transport) {
        publish_transport(*host.nfs->transport);
    }
}

void NfsMetrics::publish_operations(const core::NfsFacts& nfs) {
    for (const Figure& row : figures) {
        if (row.figure == NfsFigure::errors && !nfs.errors_known) {
            continue;
        }
        auto& family = *figures_[static_cast<std::size_t>(row.figure)];
        for (std::size_t i = 0; i < core::nfs_operation_count; ++i) {
            const auto operation = static_cast<core::NfsOperation>(i);
            family.add({to_string(operation)})
                .raise_to(number(nfs.of(operation, row.figure)) * row.unit);
        }
    }
}

void NfsMetrics::publish_transport(const core::NfsTransport& transport) {
    for (std::size_t i = 0; i < of_transport.size(); ++i) {
        transport_[i]->add().raise_to(number(transport.*(of_transport[i].member)));
    }
}

}  // namespace agent
