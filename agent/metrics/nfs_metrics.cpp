// SPDX-License-Identifier: Apache-2.0
#include "agent/metrics/nfs_metrics.hpp"

#include <cstdint>
#include <string_view>

namespace agent {
namespace {

using core::NfsFigure;
using core::NfsTransport;

struct Figure {
    NfsFigure figure;
    double unit;  ///< of what the kernel counts in, in that of the metric
    std::string_view name;
    std::string_view help;
};

constexpr double milliseconds = 1e-3;
constexpr std::array<Figure, core::nfs_figure_count> figures{{
    {NfsFigure::operations, 1, "postfix_elb_agent_nfs_operations_total",
     "NFS operations asked for."},
    {NfsFigure::transmissions, 1, "postfix_elb_agent_nfs_transmissions_total",
     "Sendings of NFS requests; what exceeds the operations was sent again."},
    {NfsFigure::major_timeouts, 1, "postfix_elb_agent_nfs_major_timeouts_total",
     "NFS requests whose retries were all in vain, each time."},
    {NfsFigure::errors, 1, "postfix_elb_agent_nfs_errors_total",
     "NFS operations that ended with an error, a missing file among them."},
    {NfsFigure::queue_ms, milliseconds, "postfix_elb_agent_nfs_queue_seconds_total",
     "Time that NFS requests waited before they were sent."},
    {NfsFigure::response_ms, milliseconds, "postfix_elb_agent_nfs_response_seconds_total",
     "Time from the sending of NFS requests to the server's answers."},
    {NfsFigure::request_ms, milliseconds, "postfix_elb_agent_nfs_request_seconds_total",
     "Time of NFS operations from the asking to the end."},
}};

struct OfTransport {
    std::uint64_t NfsTransport::*member;
    std::string_view name;
    std::string_view help;
};

constexpr std::array<OfTransport, 6> of_transport{{
    {&NfsTransport::connects, "postfix_elb_agent_nfs_connects_total",
     "Connections made to the NFS server."},
    {&NfsTransport::sends, "postfix_elb_agent_nfs_sends_total",
     "Requests sent over the connection, which mounts of one server share."},
    {&NfsTransport::receives, "postfix_elb_agent_nfs_receives_total",
     "Answers received over the connection."},
    {&NfsTransport::bad_xids, "postfix_elb_agent_nfs_bad_xids_total",
     "Answers received to what was not asked any more."},
    {&NfsTransport::in_flight_sum, "postfix_elb_agent_nfs_in_flight_requests_total",
     "Requests under way, added up at each sending: over nfs_sends_total, how many there are on "
     "the average."},
    {&NfsTransport::backlog_sum, "postfix_elb_agent_nfs_backlog_requests_total",
     "Requests waiting for a slot, added up at each sending: over nfs_sends_total, how many there "
     "are on the average."},
}};

double number(std::uint64_t value) {
    return static_cast<double>(value);
}

}  // namespace

NfsMetrics::NfsMetrics(core::Exposition& exposition)
    : bytes_(exposition.counters("postfix_elb_agent_nfs_bytes_total",
                                 "Bytes of files read from the NFS server and written to it.")),
      age_(exposition.gauges("postfix_elb_agent_nfs_age_seconds",
                             "How long ago the file system was mounted.")),
      lease_expired_(
          exposition.gauges("postfix_elb_agent_nfs_lease_expired_seconds",
                            "For how long the NFSv4 lease has been expired; 0 while it stands.")) {
    for (const Figure& row : figures) {
        figures_[static_cast<std::size_t>(row.figure)] = &exposition.counters(row.name, row.help);
    }
    for (std::size_t i = 0; i < of_transport.size(); ++i) {
        transport_[i] = &exposition.counters(of_transport[i].name, of_transport[i].help);
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
    bytes_.add({{"direction", "read"}}).raise_to(number(host.nfs->bytes_read));
    bytes_.add({{"direction", "write"}}).raise_to(number(host.nfs->bytes_written));
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
            family.add({{"operation", to_string(operation)}})
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
