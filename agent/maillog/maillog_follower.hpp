// SPDX-License-Identifier: Apache-2.0
// Keeps a LogTail supplied with the mail log's descriptors, which the host worker opens: first the
// latest rotated file, which may have a start of this boot, then the log, and each new log after a
// rotation. In the server's loop.
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
    /// Reads to the end of the log; yields to the event loop between slices. `counting`, which may
    /// be nullptr, receives the state of the file and the lines that it counts.
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
    bool current_answered_ = false;  ///< it was opened, or the error is known
    bool caught_up_ = false;         ///< read to the end once
    core::StartupLogFacts::Source source_ = core::StartupLogFacts::Source::catching_up;
    std::string path_;         ///< from the host worker; all candidates where it is missing
    std::string opened_path_;  ///< of the file that was opened last
    std::string error_;
    std::uint64_t device_ = 0;
    std::uint64_t inode_ = 0;
};

}  // namespace agent
