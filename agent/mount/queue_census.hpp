// SPDX-License-Identifier: Apache-2.0
// Counts what is queued, one slice at a time: directories are streamed through one small buffer,
// and the files of an evenly spread few are looked at (core/queue/queue_tally.hpp). However long a
// queue is, the memory for it is the same.
//
// It changes nothing: directories and files are opened for reading, below the mount's own
// descriptor, without following a symbolic link and without a new access time. Only census.budget
// bounds how fast it goes, and only the slice how long it stays.
#pragma once

#include "agent/base/file_descriptor.hpp"
#include "agent/ipc/replies.hpp"
#include "core/base/result.hpp"
#include "core/base/token_bucket.hpp"
#include "core/model/queue_census.hpp"
#include "core/model/settings.hpp"
#include "core/queue/queue_tally.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace agent {

class Census {
   public:
    /// Begins with the first slice.
    Census(const core::Settings& settings, std::string instance_id);

    /// Goes on for that long, or until the budget is used up. An error when it cannot go on at all:
    /// the mount is gone or another than at the beginning, or this instance has no queue on it.
    /// What cannot be read within the queue makes the census incomplete.
    [[nodiscard]] core::Result<CensusProgress> continue_for(const core::Settings& settings,
                                                            std::chrono::milliseconds slice);

   private:
    /// A directory that is being read, or has been and has others below it.
    struct Level {
        FileDescriptor directory;
        std::string place;  ///< below the queue's own directory, as in core::SampledMessage
        std::string
            pending;  ///< the directories below that are still to be read; a character is a name
        bool read = false;
    };

    [[nodiscard]] core::Result<void> find_queue(const core::Settings& settings);
    void step();
    void begin_queue();
    void read_level();
    void take_entries(std::size_t bytes);
    void enter_next();
    void look_at_next_sample();
    void look_at(int directory, const std::string& name);
    [[nodiscard]] std::optional<core::WallTime> read_arrival(int directory,
                                                             const std::string& name);
    void open_sampled_place(const std::string& place);
    void end_queue();
    [[nodiscard]] FileDescriptor open_at(int parent, const char* name, int flags);
    [[nodiscard]] bool is_done() const { return queue_ == core::mail_queue_count; }
    [[nodiscard]] std::string path_of(const std::string& place) const;
    void note(int error_number, std::string_view action, const std::string& path);
    void spend(int operations);

    std::string instance_id_;
    core::TokenBucket tokens_;
    core::QueueCensus census_;
    core::BootTime began_{};
    core::WallTime now_{};        ///< of this slice
    std::string queue_path_;      ///< <mount>/<id>
    std::uint64_t mount_id_ = 0;  ///< 0: not begun
    FileDescriptor queue_directory_;

    std::size_t queue_ = 0;  ///< the one at work, an index of core::all_mail_queues()
    enum class Phase { begin, list, sample } phase_ = Phase::begin;
    core::QueueTally tally_;
    std::vector<Level> levels_;  ///< from the queue's own directory to the one that is being read
    FileDescriptor sampled_directory_;
    std::string sampled_place_;
    std::size_t next_sample_ = 0;

    /// As glibc's readdir(3) has it: some 800 names of messages.
    static constexpr std::size_t buffer_size = 32768;
    alignas(8) std::array<char, buffer_size> buffer_{};
};

}  // namespace agent
