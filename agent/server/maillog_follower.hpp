// SPDX-License-Identifier: Apache-2.0
// Keeps a LogTail supplied with the mail log's descriptors, which the host worker opens: the file of before the latest
// rotation first (a start of this boot may be told there), then the log, and each new log after a rotation.
#pragma once

#include "agent/server/log_tail.hpp"
#include "agent/server/worker_client.hpp"
#include "core/facts.hpp"
#include "core/settings.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstdint>

namespace agent {

class MaillogFollower {
   public:
    /// Reads what has been written since. Gives way to other work of the event loop between slices.
    [[nodiscard]] boost::asio::awaitable<void> follow(WorkerClient& host, const core::Settings& settings);

    [[nodiscard]] core::StartupLogFacts facts() const;
    [[nodiscard]] const LogTail& tail() const { return tail_; }

   private:
    [[nodiscard]] boost::asio::awaitable<void> open_old(WorkerClient& host, const core::Settings& settings);
    [[nodiscard]] boost::asio::awaitable<void> open_current(WorkerClient& host, const core::Settings& settings);
    [[nodiscard]] boost::asio::awaitable<void> read_to_end();
    void take(FileDescriptor file);

    LogTail tail_;
    bool old_opened_ = false;
    bool caught_up_ = false;  ///< what was there in the beginning has been read
    core::StartupLogFacts::Source source_ = core::StartupLogFacts::Source::catching_up;
    std::string path_;
    std::string error_;
    std::uint64_t device_ = 0;
    std::uint64_t inode_ = 0;
};

}  // namespace agent
