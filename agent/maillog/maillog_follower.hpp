// SPDX-License-Identifier: Apache-2.0
// Keeps a LogTail supplied with the mail log's descriptors, which the host worker opens: the file
// of before the latest rotation first (a start of this boot may be told there), then the log, and
// each new log after a rotation.
#pragma once

#include "agent/clients/worker_client.hpp"
#include "agent/maillog/log_counter.hpp"
#include "agent/maillog/log_tail.hpp"
#include "core/model/facts.hpp"
#include "core/model/settings.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstdint>

namespace agent {

class MaillogFollower {
   public:
    /// Reads what has been written since. Gives way to other work of the event loop between slices.
    /// `counting`, which may be nullptr, is told how the file stands and given the lines that it
    /// counts.
    [[nodiscard]] boost::asio::awaitable<void> follow(WorkerClient& host,
                                                      const core::Settings& settings,
                                                      LogCounter* counting = nullptr);

    [[nodiscard]] core::StartupLogFacts facts() const;
    [[nodiscard]] const LogTail& tail() const { return tail_; }

   private:
    [[nodiscard]] boost::asio::awaitable<void> open_old(WorkerClient& host,
                                                        const core::Settings& settings);
    [[nodiscard]] boost::asio::awaitable<void> open_current(WorkerClient& host,
                                                            const core::Settings& settings);
    [[nodiscard]] boost::asio::awaitable<void> read_to_end(LogCounter* counting);
    void count(LogCounter& counting, core::MaillogSource wanted);
    void take(FileDescriptor file, LogTail::Comes comes);

    LogTail tail_;
    bool old_opened_ = false;
    bool current_answered_ = false;  ///< it was opened, or why it cannot be is known
    bool caught_up_ = false;         ///< what was there in the beginning has been read
    core::StartupLogFacts::Source source_ = core::StartupLogFacts::Source::catching_up;
    std::string
        path_;  ///< as the host worker said last: of several places where it is missing, all
    std::string opened_path_;  ///< of the file that was opened last
    std::string error_;
    std::uint64_t device_ = 0;
    std::uint64_t inode_ = 0;
};

}  // namespace agent
