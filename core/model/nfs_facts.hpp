// SPDX-License-Identifier: Apache-2.0
// What an NFS client has counted of one mount since it was mounted: /proc/self/mountstats, of which
// the reading is in core/nfs/mountstats.hpp. Facts as in core/model/facts.hpp: they cross the wire.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace core {

/// The operations of NFSv4 that a mail queue lives on; `other` is the sum of all the rest.
enum class NfsOperation {
    access,
    close,
    commit,
    create,
    getattr,
    link,
    lock,
    locku,
    lookup,
    open,
    read,
    readdir,
    remove,
    rename,
    sequence,
    setattr,
    write,
    other,
};
inline constexpr std::size_t nfs_operation_count = 18;

/// The label "operation".
[[nodiscard]] std::string_view to_string(NfsOperation operation) noexcept;

/// What is counted of each. Linux, net/sunrpc/stats.c, rpc_clnt_show_stats().
enum class NfsFigure {
    operations,      ///< that were asked for
    transmissions,   ///< of a request; more than operations: some were sent again
    major_timeouts,  ///< "server not responding"
    errors,          ///< that ended with an error, such as "no such file"
    queue_ms,        ///< waited before they were sent, in sum
    response_ms,     ///< from being sent to the server's answer, in sum
    request_ms,      ///< from the asking to the end, in sum
};
inline constexpr std::size_t nfs_figure_count = 7;

/// The connection to the server, which mounts of one server share; summed over several (nconnect).
/// net/sunrpc/xprtsock.c.
struct NfsTransport {
    std::uint64_t connects = 0;
    std::uint64_t sends = 0;
    std::uint64_t receives = 0;
    std::uint64_t bad_xids = 0;  ///< answers without a pending request
    std::uint64_t in_flight_sum =
        0;                          ///< how many requests were under way, added up at each sending
    std::uint64_t backlog_sum = 0;  ///< how many waited for a slot, added up at each sending
    bool operator==(const NfsTransport&) const = default;
};

struct NfsFacts {
    std::array<std::array<std::uint64_t, nfs_figure_count>, nfs_operation_count> figures{};
    bool errors_known = false;              ///< the kernel counts errors (5.3 and later)
    std::uint64_t age = 0;                  ///< seconds since the mount
    std::uint64_t bytes_read = 0;           ///< from the server
    std::uint64_t bytes_written = 0;        ///< to the server
    std::optional<NfsTransport> transport;  ///< absent unless it is TCP
    bool operator==(const NfsFacts&) const = default;

    [[nodiscard]] std::uint64_t of(NfsOperation operation, NfsFigure figure) const {
        return figures[static_cast<std::size_t>(operation)][static_cast<std::size_t>(figure)];
    }
};

}  // namespace core
