// SPDX-License-Identifier: Apache-2.0
// The EC2 instance metadata service, version 2 (a session token, then items), with bounded
// patience. Does not fall back to version 1, resolve names, follow redirections or keep
// connections. Source: EC2 User Guide, "Use the Instance Metadata Service to access instance
// metadata".
#pragma once

#include "agent/clients/imds_response.hpp"
#include "core/base/result.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>

namespace agent {

struct ImdsPolicy {
    std::chrono::milliseconds attempt =
        std::chrono::seconds(2);  ///< one connection, first byte to last
    std::chrono::milliseconds overall =
        std::chrono::seconds(20);  ///< one fetch, all attempts and pauses
    int attempts = 8;              ///< at most, within overall
    std::chrono::milliseconds first_pause =
        std::chrono::milliseconds(100);  ///< doubles; half of it is random
    std::chrono::milliseconds longest_pause = std::chrono::seconds(5);
    std::chrono::seconds token_ttl = std::chrono::hours(6);  ///< the service allows 1 s to 6 h
    std::uint32_t header_limit = 8 * 1024;                   ///< bytes of an answer's header
    std::uint64_t body_limit = 16 * 1024;                    ///< bytes of an answer's body
};

/// http://<IPv4 address or [IPv6 address]>[:port], as the settings schema demands. Error:
/// malformed.
[[nodiscard]] core::Result<boost::asio::ip::tcp::endpoint> parse_imds_endpoint(
    std::string_view endpoint);

/// For one event loop, which must run for anything to happen; outlives what it started.
class ImdsClient {
   public:
    ImdsClient(boost::asio::any_io_executor executor, boost::asio::ip::tcp::endpoint endpoint,
               ImdsPolicy policy = {});

    /// The body of GET <path>. The token is cached; one that is refused (401) is replaced once.
    /// Errors that waiting does not cure come at once: missing (404), denied (401 with a new token;
    /// 403: the service is switched off), malformed (400, any other status, an answer that is not
    /// HTTP or too large). refused, unavailable (5xx, 429, a broken connection) and timed_out come
    /// after the policy's patience is used up.
    [[nodiscard]] boost::asio::awaitable<core::Result<std::string>> fetch(std::string path);

   private:
    using TimePoint = std::chrono::steady_clock::time_point;
    struct Question;

    [[nodiscard]] boost::asio::awaitable<core::Result<std::string>> attempt(const std::string& path,
                                                                            TimePoint until);
    [[nodiscard]] boost::asio::awaitable<core::Result<void>> renew_token(TimePoint until);
    [[nodiscard]] boost::asio::awaitable<core::Result<ImdsAnswer>> ask(const Question& question,
                                                                       TimePoint until);
    [[nodiscard]] std::chrono::milliseconds pause_after(int attempt);

    boost::asio::any_io_executor executor_;
    boost::asio::ip::tcp::endpoint endpoint_;
    ImdsPolicy policy_;
    std::string name_;   ///< http://<endpoint>, for messages
    std::string token_;  ///< "" while there is none
    std::minstd_rand random_;
};

}  // namespace agent
