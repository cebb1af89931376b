// SPDX-License-Identifier: Apache-2.0
// The two followers of the mail log. The test plays their workers at the other end of a real
// channel.
#include "agent/base/clock.hpp"
#include "agent/ipc/channel.hpp"
#include "agent/ipc/frame.hpp"
#include "agent/maillog/journal_follower.hpp"
#include "agent/maillog/maillog_follower.hpp"
#include "core/exposition/exposition_text.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>

#include <array>
#include <chrono>
#include <ctime>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "unit/temporary_directory.hpp"

namespace agent {
namespace {

using namespace std::chrono_literals;
using tests::append_file;
using tests::write_file;
using Opened = MaillogOpened::State;
using Source = LogCounter::Source;
namespace fs = std::filesystem;

/// A worker's answer to a request; absent: it is late.
struct Answer {
    std::vector<std::uint8_t> bytes;
    FileDescriptor descriptor{};
};
using Worker = std::function<std::optional<Answer>(const Request&)>;

std::string line(core::Duration ago, const std::string& text) {
    const std::time_t at =
        std::chrono::system_clock::to_time_t(std::chrono::system_clock::now() - ago);
    std::tm utc{};
    ::gmtime_r(&at, &utc);
    std::array<char, 40> stamp{};
    const std::size_t size =
        std::strftime(stamp.data(), stamp.size(), "%Y-%m-%dT%H:%M:%S+00:00", &utc);
    return std::string(stamp.data(), size) + " mx postfix/smtpd[1]: " + text;
}

class LogFollowers : public testing::Test {
   protected:
    explicit LogFollowers(WorkerKind kind = WorkerKind::host) : client_(io_, kind) {
        settings_.mount.deadline = 50ms;
        connect_worker();
    }

    /// A worker without earlier requests.
    void connect_worker() {
        auto ends = make_channel();
        ASSERT_TRUE(ends);
        worker_ = std::move(ends->second);
        client_.connect(std::move(ends->first));
    }

    template <class Follower>
    void follow(Follower& follower, const Worker& worker) {
        bool done = false;
        boost::asio::co_spawn(
            io_, follower.follow(client_, settings_, &counting_),
            [&done](const std::exception_ptr& failure) { done = failure == nullptr; });
        const auto until = std::chrono::steady_clock::now() + 10s;
        while (!done && std::chrono::steady_clock::now() < until) {
            io_.restart();
            io_.run_for(1ms);
            answer(worker);
        }
        ASSERT_TRUE(done);
    }

    void answer(const Worker& worker) {
        pollfd asked{worker_.get(), POLLIN, 0};
        if (::poll(&asked, 1, 0) != 1) {
            return;
        }
        const auto message = receive_message(worker_.get());
        ASSERT_TRUE(message);
        const auto request = decode_request(message->bytes);
        ASSERT_TRUE(request);
        if (const auto said = worker(*request)) {
            ASSERT_TRUE(send_message(worker_.get(), frame_reply(request->sequence, said->bytes),
                                     said->descriptor.get()));
        }
    }

    static Answer state(Opened state,
                        const std::string& path = "/var/log/mail.log or /var/log/maillog") {
        MaillogOpened reply;
        reply.state = state;
        reply.path = path;
        return Answer{encode(reply)};
    }
    static Answer opened(const std::string& path) {
        FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
        struct stat status {};
        EXPECT_EQ(::fstat(file.get(), &status), 0);
        MaillogOpened reply;
        reply.state = Opened::opened;
        reply.path = path;
        reply.device = status.st_dev;
        reply.inode = status.st_ino;
        return Answer{encode(reply), std::move(file)};
    }
    /// Replies: no rotated file, and this for the log.
    static Worker no_old_and(const std::function<Answer()>& current) {
        return [current](const Request& request) {
            return std::optional(request.operation == Operation::open_old_maillog
                                     ? state(Opened::missing)
                                     : current());
        };
    }

    double counted(Source source) const {
        const std::string page = core::prometheus_text(exposition_);
        const std::string series = std::string("\npostfix_elb_agent_log_lines_total{source=\"") +
                                   (source == Source::file ? "file" : "journal") + "\"} ";
        const std::size_t at = page.find(series);
        EXPECT_NE(at, std::string::npos);
        return at == std::string::npos ? -1
                                       : std::strtod(page.c_str() + at + series.size(), nullptr);
    }

    boost::asio::io_context io_;
    WorkerClient client_;
    FileDescriptor worker_;
    core::Settings settings_;
    core::Exposition exposition_;
    DeliveryMetrics metrics_{exposition_};
    LogCounter counting_{metrics_, {}};
    tests::TemporaryDirectory folder_;
    std::string log_ = folder_ / "mail.log";
};

// ---- the file

TEST_F(LogFollowers, ABrieflyMissingLogIsStillTheSame) {
    MaillogFollower follower;
    const std::string a = line(5s, "a\n");
    write_file(log_, a);
    follow(follower, no_old_and([&] { return opened(log_); }));
    EXPECT_EQ(counted(Source::file), 1);
    fs::rename(log_, folder_ / "mail.log.1");
    follow(follower, no_old_and([] { return state(Opened::missing); }));
    write_file(log_, a);  // of the same second
    follow(follower, no_old_and([&] { return opened(log_); }));
    EXPECT_EQ(counted(Source::file), 2);
}

TEST_F(LogFollowers, AnotherLogCountsWhereItIsLater) {
    MaillogFollower follower;
    const std::string a = line(5s, "a\n");
    write_file(log_, a);
    follow(follower, no_old_and([&] { return opened(log_); }));
    write_file(folder_ / "other.log", a + line(1s, "b\n"));
    follow(follower, no_old_and([&] { return opened(folder_ / "other.log"); }));
    EXPECT_EQ(counted(Source::file), 2);
}

TEST_F(LogFollowers, NothingIsReadBeforeTheLogIsOpenOrMissing) {
    MaillogFollower follower;
    write_file(folder_ / "mail.log.1", line(9s, "a\n"));
    follow(follower, [&](const Request& request) -> std::optional<Answer> {
        return request.operation == Operation::open_old_maillog
                   ? std::optional(opened(folder_ / "mail.log.1"))
                   : std::nullopt;
    });
    EXPECT_EQ(counted(Source::file), 0);
    EXPECT_FALSE(follower.tail().history().last_started());
    connect_worker();
    write_file(log_, line(5s, "b\n"));
    follow(follower, [&](const Request&) { return std::optional(opened(log_)); });
    EXPECT_EQ(counted(Source::file), 2);
}

// ---- the journal

class JournalCounts : public LogFollowers {
   protected:
    JournalCounts() : LogFollowers(WorkerKind::systemd) {
        settings_.maillog.source = core::MaillogSource::journal;
    }

    void choose(core::MaillogSource source) {
        settings_.maillog.source = source;
        counting_.choose(source, core::StartupLogFacts::Source::reading);
    }
    /// The whole journal, or the lines after the cursor.
    std::optional<Answer> journal(const Request& request) const {
        JournalRead read;
        read.state = JournalRead::State::reading;
        JournalPosition position = journal_position(request.text_view());
        if (position.lines) {
            const std::size_t begin = position.lines->empty() ? 0 : std::stoul(*position.lines);
            read.lines.assign(entries_.begin() + static_cast<std::ptrdiff_t>(begin),
                              entries_.end());
            position.lines = entries_.empty() ? "" : std::to_string(entries_.size());
        }
        read.position = to_text(position);
        return Answer{encode(read)};
    }
    void follow_journal() {
        follow(follower_, [this](const Request& request) { return journal(request); });
    }

    JournalFollower follower_;
    std::vector<std::string> entries_{line(9s, "a"), line(8s, "b")};
};

TEST_F(JournalCounts, LinesThatTheFileCountedAreNotCountedAgain) {
    choose(core::MaillogSource::journal);
    follow_journal();
    EXPECT_EQ(counted(Source::journal), 2);
    choose(core::MaillogSource::file);
    follow_journal();
    entries_.push_back(line(5s, "c"));
    counting_.count(entries_.back(), Source::file);
    const core::WallTime read_to = now().wall - 5s;
    counting_.reached(
        LogPosition{.source = Source::file, .offset = 1, .cursor = {}, .stamp = read_to}, read_to,
        false);
    choose(core::MaillogSource::journal);
    follow_journal();
    EXPECT_EQ(counted(Source::journal), 2);
    EXPECT_EQ(counting_.position()->source, Source::file) << "nothing of the journal is later";
    entries_.push_back(line(1s, "d"));
    follow_journal();
    EXPECT_EQ(counted(Source::journal), 3);
    EXPECT_EQ(counting_.position()->source, Source::journal);
}

TEST_F(JournalCounts, AReplyIsIgnoredOnceTheFileCounts) {
    choose(core::MaillogSource::journal);
    follow(follower_, [this](const Request& request) {
        if (journal_position(request.text_view()).lines) {
            counting_.choose(core::MaillogSource::file, core::StartupLogFacts::Source::reading);
        }
        return journal(request);
    });
    EXPECT_EQ(counted(Source::journal), 0);
    EXPECT_FALSE(counting_.position());
}

}  // namespace
}  // namespace agent
