// SPDX-License-Identifier: Apache-2.0
#include "agent/maillog/maillog_follower.hpp"

#include "agent/base/clock.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <utility>

namespace agent {
namespace asio = boost::asio;

namespace {

using Source = core::StartupLogFacts::Source;

/// Well under a millisecond of parsing, which a request may have to wait for.
constexpr std::size_t slice_bytes = 256 * 1024;

/// Time for the disk to fetch.
constexpr std::chrono::milliseconds fetching_pause{1};

}  // namespace

void MaillogFollower::take(FileDescriptor file, LogTail::Comes comes) {
    const core::TimePoint moment = now();
    if (const auto taken = tail_.follow(std::move(file), moment.boot_began(), moment.wall, comes);
        !taken) {
        source_ = Source::unreadable;
        error_ = taken.error().message;
    }
}

asio::awaitable<void> MaillogFollower::open_old(WorkerClient& host,
                                                const core::Settings& settings) {
    auto answer =
        co_await host.ask(make_request(Operation::open_old_maillog), settings.mount.deadline);
    if (!answer) {
        co_return;
    }
    old_opened_ = true;
    const auto opened = decode<MaillogOpened>(answer->bytes);
    if (opened && opened->state == MaillogOpened::State::opened && answer->descriptor) {
        take(std::move(answer->descriptor), LogTail::Comes::by_rotation);
    }
}

asio::awaitable<void> MaillogFollower::open_current(WorkerClient& host,
                                                    const core::Settings& settings) {
    Request request = make_request(Operation::open_maillog);
    request.device = device_;
    request.inode = inode_;
    auto answer = co_await host.ask(request, settings.mount.deadline);
    if (!answer) {
        co_return;  // the next round asks again; the open file is read on
    }
    const auto opened = decode<MaillogOpened>(answer->bytes);
    if (!opened) {
        co_return;
    }
    current_answered_ = true;
    path_ = opened->path;
    error_ = opened->error;
    switch (opened->state) {
        case MaillogOpened::State::unchanged: source_ = Source::reading; break;
        case MaillogOpened::State::missing:
            source_ = inode_ == 0 ? Source::missing : Source::lost;
            break;
        case MaillogOpened::State::unreadable: source_ = Source::unreadable; break;
        case MaillogOpened::State::opened: {
            source_ = Source::reading;
            const bool another = inode_ != 0 && opened_path_ != path_;
            opened_path_ = path_;
            device_ = opened->device;
            inode_ = opened->inode;
            take(std::move(answer->descriptor),
                 another ? LogTail::Comes::as_another_log : LogTail::Comes::by_rotation);
            break;
        }
    }
}

void MaillogFollower::count(LogCounter& counting, core::MaillogSource wanted) {
    counting.choose(wanted, source_);
    const bool counts = counting.counts(LogCounter::Source::file);
    if (!counts) {
        tail_.stop_counting();
    } else if (!tail_.is_counting()) {
        const core::TimePoint moment = now();
        tail_.begin_counting(
            [&counting](std::string_view line) { counting.count(line, LogCounter::Source::file); },
            counting.position(), moment.boot_began(), moment.wall);
    }
}

asio::awaitable<void> MaillogFollower::read_to_end(LogCounter* counting) {
    for (;;) {
        const core::TimePoint moment = now();
        const auto slice = tail_.read_slice(slice_bytes, moment.boot_began(), moment.wall);
        if (!slice) {
            source_ = Source::lost;
            error_ = slice.error().message;
            co_return;
        }
        if (counting != nullptr && tail_.is_counting()) {
            counting->reached(tail_.position(), slice->stamp, !slice->at_end);
            counting->set_lines_cut(tail_.lines_cut());
        }
        if (slice->at_end) {
            caught_up_ = true;
            co_return;
        }
        if (slice->fetching) {
            asio::steady_timer disk(co_await asio::this_coro::executor, fetching_pause);
            co_await disk.async_wait(asio::as_tuple(asio::use_awaitable));
        } else {
            co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
        }
    }
}

asio::awaitable<void> MaillogFollower::follow(WorkerClient& host, const core::Settings& settings,
                                              LogCounter* counting) {
    if (!old_opened_) {
        co_await open_old(host, settings);
    }
    if (!old_opened_) {
        co_return;  // the rotated file must be read first
    }
    co_await open_current(host, settings);
    if (counting != nullptr) {
        count(*counting, settings.maillog.source);
    }
    if (!current_answered_) {
        co_return;  // the position may be in the file that is not open yet
    }
    co_await read_to_end(counting);
    if (counting != nullptr && tail_.is_counting()) {
        counting->choose(settings.maillog.source,
                         source_);  // reading may have failed
    }
}

core::StartupLogFacts MaillogFollower::facts() const {
    core::StartupLogFacts facts;
    facts.source = source_ == Source::reading && !caught_up_ ? Source::catching_up : source_;
    facts.path = path_;
    facts.error = error_;
    facts.last_failure = tail_.history().last_failure();
    facts.last_started = tail_.history().last_started();
    return facts;
}

}  // namespace agent
