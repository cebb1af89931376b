// SPDX-License-Identifier: Apache-2.0
// Asks the file server itself, over the network and without the mount: one NFS NULL call over TCP,
// RFC 8881.
//
// From any port: NULL needs no authentication and a server answers it whatever the port is (Linux
// nfsd checks the port against an export, and NULL names none), so that an unprivileged process can
// ask. No name is ever resolved.
//
// Known limit: efs-proxy (amazon-efs-utils 2 and later) serves one connection at a time, the
// kernel's. While it has that one it accepts ours and closes it at once, without asking EFS
// ("Unexpected connection, ignoring", its src/proxy/src/controller.rs). That is `silent`, as it
// proves nothing of the server. stunnel (efs-utils 1) passes the call on. efs-proxy ends on a
// connection that was reset, so this client closes its connections in order.
#pragma once

#include "core/model/facts.hpp"
#include "core/model/settings.hpp"
#include "core/nfs/server_address.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <optional>

namespace agent {

/// For one event loop, which must run for anything to happen; outlives what it started.
class FileServerClient {
   public:
    explicit FileServerClient(const boost::asio::any_io_executor& executor);

    /// One connection, one call, closed afterwards; all of it within `deadline`. Never throws.
    /// `mount` is not needed once this has returned. The answer: answers       any well-formed RPC
    /// reply to the call (core/nfs/null_call.hpp) silent        no answer in time; closed, reset or
    /// garbage; or the network says that the other end is not there
    ///               (EHOSTUNREACH)
    /// refused       ECONNREFUSED
    /// unreachable   ENETUNREACH, ENETDOWN: this host has no way there
    /// no_address    core::file_server_of() finds none
    /// not_asked     this host could not ask (no descriptor or port left, forbidden): that says
    /// nothing of the server `error` is one line that names the address and what happened, unless
    /// it answers.
    [[nodiscard]] boost::asio::awaitable<core::FileServerFacts> ask(const core::MountEntry& mount,
                                                                    core::Duration deadline);

   private:
    [[nodiscard]] boost::asio::awaitable<core::FileServerFacts> ask_server(
        std::optional<core::FileServer> server, core::Duration deadline);

    boost::asio::any_io_executor executor_;
    std::uint32_t xid_;  ///< of the latest call
};

}  // namespace agent
