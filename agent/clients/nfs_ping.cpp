// SPDX-License-Identifier: Apache-2.0
#include "agent/clients/nfs_ping.hpp"

#include "agent/clients/deadline.hpp"
#include "core/base/duration.hpp"
#include "core/nfs/null_call.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <random>
#include <string>
#include <utility>

namespace agent {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using Answer = core::FileServerFacts::Answer;
using State = core::NfsNullReply::State;

namespace {

struct Meaning {
    int error_number;
    Answer answer;
};

// What else there is, is this host's own trouble: no descriptor, no port, a packet filter's EPERM.
constexpr std::array connect_errors{
    Meaning{ECONNREFUSED, Answer::refused}, Meaning{ENETUNREACH, Answer::unreachable},
    Meaning{ENETDOWN, Answer::unreachable}, Meaning{EHOSTUNREACH, Answer::silent},
    Meaning{EHOSTDOWN, Answer::silent},     Meaning{ETIMEDOUT, Answer::silent},
    Meaning{ECONNRESET, Answer::silent},    Meaning{ECONNABORTED, Answer::silent},
};

Answer answer_of_connect(const error_code& error) {
    const auto* const found =
        std::ranges::find(connect_errors, error.value(), &Meaning::error_number);
    const bool is_errno = error.category() == boost::system::system_category();
    return is_errno && found != connect_errors.end() ? found->answer : Answer::not_asked;
}

// How far it came. `error` is of the latest step.
struct Progress {
    const char* step = "connect";
    error_code error;
    bool connected = false;
};

}  // namespace

FileServerClient::FileServerClient(const asio::any_io_executor& executor)
    : executor_(executor), xid_(std::random_device{}()) {
}

asio::awaitable<core::FileServerFacts> FileServerClient::ask(const core::MountEntry& mount,
                                                             core::Duration deadline) {
    return ask_server(core::file_server_of(mount), deadline);
}

asio::awaitable<core::FileServerFacts> FileServerClient::ask_server(
    std::optional<core::FileServer> server, core::Duration deadline) {
    core::FileServerFacts facts;
    if (!server) {
        facts.answer = Answer::no_address;
        facts.error = "the mount's options name no server to ask";
        co_return facts;
    }
    facts.address = core::to_string(*server);
    facts.loopback = server->loopback;

    Progress progress;
    const auto address = asio::ip::make_address(server->address, progress.error);
    const tcp::endpoint endpoint(address, server->port);
    tcp::socket socket(executor_);
    const auto close = [&socket] {
        error_code ignored;
        socket.close(ignored);
    };
    const Deadline limit(executor_, std::chrono::steady_clock::now() + deadline, close);

    const core::NfsNullCall call = core::nfs_null_call(++xid_);
    core::NfsNullReply reply(xid_);
    std::array<char, core::NfsNullReply::reply_max> buffer{};

    if (!progress.error) {
        co_await socket.async_connect(endpoint,
                                      asio::redirect_error(asio::use_awaitable, progress.error));
        progress.connected = !progress.error;
    }
    if (!progress.error) {
        progress.step = "send an NFS NULL call";
        co_await asio::async_write(socket, asio::buffer(call),
                                   asio::redirect_error(asio::use_awaitable, progress.error));
    }
    while (!progress.error && reply.state() == State::incomplete) {
        progress.step = "read the answer to an NFS NULL call";
        const std::size_t size = co_await socket.async_read_some(
            asio::buffer(buffer), asio::redirect_error(asio::use_awaitable, progress.error));
        reply.feed(std::string_view(buffer.data(), size));
    }

    const std::string attempt = facts.address + ": " + progress.step + ": ";
    if (reply.state() == State::answered) {
        facts.answer = Answer::answers;
    } else if (reply.state() == State::malformed) {
        facts.answer = Answer::silent;
        facts.error = attempt + "no reply to it: " + std::string(reply.what());
    } else if (limit.expired()) {
        facts.answer = Answer::silent;
        facts.error = attempt + "no end within " + core::format_duration(deadline);
    } else {
        facts.answer = progress.connected ? Answer::silent : answer_of_connect(progress.error);
        facts.error =
            attempt + (progress.error == asio::error::eof ? "the other end closed the connection"
                                                          : progress.error.message());
    }
    co_return facts;
}

}  // namespace agent
