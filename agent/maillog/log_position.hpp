// SPDX-License-Identifier: Apache-2.0
// How far the mail log has been counted, kept in a small file for the next server process: lines
// are not counted twice, and those that are logged while no agent runs are counted later.
//
// The file is on the tmpfs of this boot; the supervisor opens it, and the server overwrites its one
// record of fixed size. A position in a log file is identified by the bytes before it, not by name
// or inode, so that it is found after a rotation by rename or by copy. Known limit: a new log that
// repeats the old one's bytes before that offset is taken for the old one.
#pragma once

#include "agent/base/file_descriptor.hpp"
#include "agent/maillog/disk_reader.hpp"
#include "agent/metrics/delivery_metrics.hpp"
#include "core/base/result.hpp"
#include "core/base/time.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace agent {

struct LogPosition {
    DeliveryMetrics::Source source = DeliveryMetrics::Source::file;
    std::uint64_t offset = 0;       ///< file: after the last line that was read
    std::uint64_t fingerprint = 0;  ///< file: of at most fingerprint_bytes before offset
    std::string cursor;             ///< journal: sd_journal_get_cursor(3) of the last entry
    core::WallTime stamp{};         ///< of the last line that was read

    bool operator==(const LogPosition&) const = default;
};

inline constexpr std::size_t fingerprint_bytes = 256;
inline constexpr std::size_t max_cursor = 384;

struct FingerprintRead {
    std::optional<std::uint64_t> fingerprint;  ///< absent: the bytes could not be read
    bool fetching = false;                     ///< as DiskReader::Got
};

/// The fingerprint of the bytes before `offset`.
[[nodiscard]] FingerprintRead read_fingerprint(DiskReader& reader, int file, std::uint64_t offset);

class LogPositionFile {
   public:
    /// Without an open file it keeps nothing.
    explicit LogPositionFile(FileDescriptor file = {}) : file_(std::move(file)) {}

    /// The last record; absent in a new file. Errors: malformed (damaged, or of another version),
    /// io_error.
    [[nodiscard]] core::Result<std::optional<LogPosition>> read() const;

    /// Errors: of the write; unsupported (the cursor is longer than max_cursor).
    [[nodiscard]] core::Result<void> write(const LogPosition& position) const;

   private:
    FileDescriptor file_;
};

}  // namespace agent
