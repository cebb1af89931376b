// SPDX-License-Identifier: Apache-2.0
#include "agent/server/server.hpp"

#include "agent/base/clock.hpp"
#include "agent/base/log.hpp"
#include "agent/clients/imds_client.hpp"
#include "agent/clients/instance_id_lookup.hpp"
#include "agent/http/listener.hpp"
#include "agent/http/routes.hpp"
#include "agent/ipc/control.hpp"
#include "agent/maillog/log_counter.hpp"
#include "agent/metrics/agent_metrics.hpp"
#include "agent/server/census_scheduler.hpp"
#include "agent/server/health_monitor.hpp"
#include "agent/server/published_answers.hpp"
#include "agent/server/status_notifier.hpp"
#include "config/load.hpp"
#include "core/verdict/history.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

namespace agent {
namespace asio = boost::asio;

namespace {

using std::chrono::milliseconds;

/// How long pending answers may take when the agent ends.
constexpr milliseconds last_answers{2000};
/// The pause between two lookups of the id. The metadata service may start after the agent.
constexpr milliseconds identity_pause{5000};

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

asio::ip::tcp::endpoint imds_endpoint(const core::Settings& settings) {
    return parse_imds_endpoint(settings.imds.endpoint).value();  // the settings are validated
}

HttpLimits http_limits(const core::Settings& settings) {
    HttpLimits limits;
    limits.connections_per_source = settings.listen.connections_per_source;
    return limits;
}

class Server {
   public:
    Server(ServerInputs inputs, ProcessUsage process);

    int run();

   private:
    void publish(const core::Verdict& verdict, const core::Facts& facts, core::BootTime expires);
    void on_control(ControlMessage message);
    void start_answering();
    void take_listener(FileDescriptor socket);
    void start(asio::awaitable<void> task);
    [[nodiscard]] asio::awaitable<void> start_answering_in_time();
    [[nodiscard]] asio::awaitable<void> listen_to_supervisor();
    [[nodiscard]] asio::awaitable<void> identify();
    void begin_drain();
    [[nodiscard]] asio::awaitable<void> drain();
    [[nodiscard]] asio::awaitable<void> pause(core::Duration duration);

    asio::io_context io_{BOOST_ASIO_CONCURRENCY_HINT_UNSAFE};
    asio::posix::stream_descriptor control_;
    Metrics metrics_;
    LogCounter log_counter_;
    core::History history_;
    HttpRoutes routes_;
    HttpListener listener_;
    StatusNotifier notifier_;
    ImdsClient imds_;
    HealthMonitor monitor_;
    CensusScheduler census_;
    std::vector<FileDescriptor> waiting_;  ///< listeners; nothing is accepted from them yet
    asio::steady_timer drain_delay_{io_};
    core::BootTime expires_{0};  ///< of the latest answers; later with each round
    bool first_round_ended_ = false;
    bool mount_worked_ = false;  ///< earlier in this boot
    bool answering_ = false;
    bool draining_ = false;
    int exit_status_ = 0;
};

Server::Server(ServerInputs inputs, ProcessUsage process)
    : control_(io_, inputs.control.release()),
      metrics_(std::move(process)),
      log_counter_(metrics_.deliveries(), std::move(inputs.log_position)),
      routes_([this](core::ExpositionFormat format) { return metrics_.render(format); }),
      listener_(io_, routes_,
                {[this](Route route, int status) { metrics_.counted(route, status); },
                 [this](Eviction why) { metrics_.counted(why); }},
                http_limits(inputs.settings)),
      notifier_(control_.native_handle(), std::move(inputs.log_sinks)),
      imds_(io_.get_executor(), imds_endpoint(inputs.settings)),
      monitor_(io_, inputs.settings,
               [this](const core::Verdict& verdict, const core::Facts& facts,
                      core::BootTime expires) { publish(verdict, facts, expires); }),
      census_(io_, monitor_, metrics_.queue()),
      waiting_(std::move(inputs.listeners)),
      mount_worked_(inputs.mount_worked) {
    control_.non_blocking(true);
    expires_ = now().boot + longest_round(monitor_.settings());
    FactCollector& collector = monitor_.collector();
    collector.set_log_counter(log_counter_);
    if (mount_worked_) {
        collector.set_mount_worked();
    }
    collector.client(WorkerKind::host).connect(std::move(inputs.host_channel));
    collector.client(WorkerKind::mount).connect(std::move(inputs.mount_channel));
    collector.client(WorkerKind::systemd).connect(std::move(inputs.systemd_channel));
}

void Server::publish(const core::Verdict& verdict, const core::Facts& facts,
                     core::BootTime expires) {
    metrics_.publish(verdict, facts, expires);
    const bool round_ended = std::exchange(expires_, expires) < expires;
    first_round_ended_ = first_round_ended_ || round_ended;
    if (first_round_ended_) {  // "not looked at yet" is not a change
        history_.note(verdict);
    }
    if (census_.latest()) {
        history_.note(*census_.latest());
    }
    routes_.publish(make_answers(verdict, facts.relink, history_, expires));
    if (round_ended) {
        notifier_.round_ended();
        if (core::may_start(facts, monitor_.settings(), now())) {
            notifier_.postfix_may_start();
        }
    }
    notifier_.announce(verdict);
    census_.reconsider();
    if (verdict.health != core::Status::fail) {
        start_answering();
    }
}

void Server::start_answering() {
    answering_ = true;
    for (FileDescriptor& socket : std::exchange(waiting_, {})) {
        if (const auto started = listener_.start(std::move(socket)); !started) {
            log(Priority::error, started.error().message);
            exit_status_ = 1;
            io_.stop();
        }
    }
}

/// Takes a listener that could not be bound when the agent started.
void Server::take_listener(FileDescriptor socket) {
    if (draining_) {
        return;
    }
    waiting_.push_back(std::move(socket));
    if (answering_) {
        start_answering();
    }
}

/// Starts answering without a verdict after at most three mount deadlines, as a first round may
/// take. Until then clients wait in the listen backlog. Why: on a restart of the agent a working
/// host must not answer "not yet", which load balancers take for a fault.
asio::awaitable<void> Server::start_answering_in_time() {
    if (mount_worked_) {
        constexpr int requests = 3;
        co_await pause(requests * monitor_.settings().mount.deadline);
    }
    start_answering();
}

void Server::on_control(ControlMessage message) {
    const auto connect = [&](WorkerKind kind) {
        monitor_.collector().client(kind).connect(std::move(message.descriptor));
        monitor_.worker_started(kind);
    };
    switch (message.kind) {
        case ControlKind::host_channel: connect(WorkerKind::host); break;
        case ControlKind::mount_channel: connect(WorkerKind::mount); break;
        case ControlKind::systemd_channel: connect(WorkerKind::systemd); break;
        case ControlKind::listener: take_listener(std::move(message.descriptor)); return;
        case ControlKind::drain: begin_drain(); return;
        case ControlKind::settings:
            if (auto loaded = config::load_text(message.text, "reload", {}); loaded) {
                monitor_.apply(std::move(loaded->settings));
                census_.reconsider();
            }
            return;
        default: return;
    }
}

asio::awaitable<void> Server::listen_to_supervisor() {
    for (;;) {
        auto message = receive_control(control_.native_handle());
        if (message) {
            on_control(std::move(*message));
            continue;
        }
        if (message.error().code == core::Errc::locked) {
            co_await control_.async_wait(asio::posix::stream_descriptor::wait_read, as_result);
            continue;
        }
        log(Priority::error, "the supervisor is gone: " + message.error().message);
        exit_status_ = 1;
        io_.stop();
        co_return;
    }
}

asio::awaitable<void> Server::pause(core::Duration duration) {
    asio::steady_timer timer(io_, duration);
    co_await timer.async_wait(as_result);
}

asio::awaitable<void> Server::identify() {
    const std::string setting = monitor_.settings().instance_id;
    std::string last_error;
    for (;;) {
        FactCollector& collector = monitor_.collector();
        auto files = co_await collector.identity_files(monitor_.settings());
        auto identity = co_await resolve_identity(setting, std::move(files), imds_);
        if (identity) {
            log(Priority::notice, "this instance is " + identity->id + " (" +
                                      std::string(to_string(identity->source)) + ")");
            static_cast<void>(
                send_control(control_.native_handle(), ControlKind::identity, identity->id));
            collector.set_identity(identity->id);
            monitor_.request_round();
            co_return;
        }
        if (std::exchange(last_error, identity.error().message) != identity.error().message) {
            log(Priority::warning, last_error);
        }
        collector.set_identity_error(identity.error().message);
        co_await pause(identity_pause);
    }
}

/// A second request to drain skips the rest of drain.delay.
void Server::begin_drain() {
    drain_delay_.expires_after(draining_ ? core::Duration(0) : monitor_.settings().drain.delay);
    if (!std::exchange(draining_, true)) {
        monitor_.drain();
        start(drain());
    }
}

asio::awaitable<void> Server::drain() {
    co_await drain_delay_.async_wait(as_result);
    waiting_.clear();
    listener_.stop();
    const core::BootTime until = now().boot + last_answers;
    do {  // at least once: a connection accepted just now is not counted yet
        constexpr milliseconds poll_interval{10};
        co_await pause(poll_interval);
    } while (listener_.connections() > 0 && now().boot < until);
    io_.stop();
}

/// An uncaught exception is a bug. It ends the process, and the service manager starts another.
void Server::start(asio::awaitable<void> task) {
    asio::co_spawn(io_, std::move(task), [](std::exception_ptr error) {
        if (error) {
            std::rethrow_exception(error);
        }
    });
}

int Server::run() {
    start(start_answering_in_time());
    start(listen_to_supervisor());
    start(identify());
    for (const WorkerKind kind : {WorkerKind::host, WorkerKind::mount, WorkerKind::systemd}) {
        monitor_.worker_started(kind);
    }
    start(monitor_.run_rounds());
    start(census_.run());
    start(monitor_.watch_host());
    start(monitor_.follow_maillog());
    start(monitor_.follow_journal());
    start(monitor_.watch_file_server());
    io_.run();
    return exit_status_;
}

/// Loads the time zone while its file is still readable; the time stamps of a log are local time.
/// Why: without TZ glibc reads the file again at each mktime(3), and uses UTC if it cannot.
void keep_time_zone() {
    ::setenv("TZ", ":/etc/localtime", 0);
    ::tzset();
}

}  // namespace

int run_server(ServerInputs inputs) {
    std::vector<int> kept{inputs.control.get(),           inputs.host_channel.get(),
                          inputs.mount_channel.get(),     inputs.systemd_channel.get(),
                          inputs.log_sinks.journal.get(), inputs.log_sinks.console.get(),
                          inputs.log_position.get()};
    std::transform(inputs.listeners.begin(), inputs.listeners.end(), std::back_inserter(kept),
                   [](const FileDescriptor& socket) { return socket.get(); });
    close_descriptors_except(std::move(kept));
    leave_signals_to_the_supervisor();
    ::prctl(PR_SET_NAME, "pea-server");
    ProcessUsage process;
    keep_time_zone();
    if (const auto become = become_server(inputs.account); !become) {
        log(Priority::error, "become the unprivileged server: " + become.error().message);
        return 1;
    }
    die_with_parent(inputs.parent);
    try {
        return Server(std::move(inputs), std::move(process)).run();
    } catch (const std::exception& error) {
        log(Priority::error, std::string("server: unexpected: ") + error.what());
        return 1;
    }
}

}  // namespace agent
