// SPDX-License-Identifier: Apache-2.0
#include "agent/maillog/log_position.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <span>
#include <type_traits>

namespace agent {
namespace {

constexpr std::array<char, 8> magic{'P', 'E', 'A', 'L', 'O', 'G', '0', '1'};

/// As in the file, which one program writes and reads in one boot of one machine.
struct Record {
    std::array<char, 8> magic{};
    std::uint32_t source = 0;
    std::uint32_t cursor_length = 0;
    std::uint64_t offset = 0;
    std::uint64_t fingerprint = 0;
    std::int64_t stamp_ms = 0;
    std::array<char, max_cursor> cursor{};
    std::uint64_t checksum = 0;  ///< of everything before it
};
static_assert(std::has_unique_object_representations_v<Record>, "padding would be written unset");

/// FNV-1a, 64 bits.
std::uint64_t fingerprint_of(std::string_view bytes) {
    std::uint64_t hash = 0xcbf29ce484222325;
    for (const char c : bytes) {
        hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    }
    return hash;
}

std::uint64_t checksum_of(const Record& record) {
    return fingerprint_of({reinterpret_cast<const char*>(&record), offsetof(Record, checksum)});
}

}  // namespace

FingerprintRead read_fingerprint(DiskReader& reader, int file, std::uint64_t offset) {
    std::array<char, fingerprint_bytes> bytes{};
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(offset, bytes.size()));
    std::size_t have = 0;
    while (have < size) {  // bytes on two pages may come in two pieces
        const auto got =
            reader.read(file, std::span(bytes).first(size).subspan(have), offset - size + have);
        if (!got || got->bytes == 0) {
            return {std::nullopt, got && got->fetching};
        }
        have += got->bytes;
    }
    return {fingerprint_of({bytes.data(), size})};
}

core::Result<std::optional<LogPosition>> LogPositionFile::read() const {
    Record record;
    const ssize_t got = file_ ? ::pread(file_.get(), &record, sizeof record, 0) : 0;
    if (got < 0) {
        return core::system_error(errno, "read", "the position in the mail log");
    }
    if (got == 0) {
        return std::optional<LogPosition>();
    }
    if (got != static_cast<ssize_t>(sizeof record) || record.magic != magic ||
        record.checksum != checksum_of(record) || record.source > 1 ||
        record.cursor_length > max_cursor) {
        return core::Error{core::Errc::malformed,
                           "the position in the mail log that an earlier agent wrote is damaged: "
                           "the log of this boot is counted from its beginning"};
    }
    LogPosition position;
    position.source = static_cast<DeliveryMetrics::Source>(record.source);
    position.offset = record.offset;
    position.fingerprint = record.fingerprint;
    position.cursor.assign(record.cursor.data(), record.cursor_length);
    position.stamp = core::WallTime(std::chrono::milliseconds(record.stamp_ms));
    return std::optional(std::move(position));
}

core::Result<void> LogPositionFile::write(const LogPosition& position) const {
    if (!file_) {
        return {};
    }
    if (position.cursor.size() > max_cursor) {
        return core::Error{core::Errc::unsupported,
                           "keep the position in the journal: a cursor of " +
                               std::to_string(position.cursor.size()) + " bytes, over " +
                               std::to_string(max_cursor)};
    }
    Record record;
    record.magic = magic;
    record.source = static_cast<std::uint32_t>(position.source);
    record.cursor_length = static_cast<std::uint32_t>(position.cursor.size());
    record.offset = position.offset;
    record.fingerprint = position.fingerprint;
    record.stamp_ms = position.stamp.time_since_epoch().count();
    std::copy(position.cursor.begin(), position.cursor.end(), record.cursor.begin());
    record.checksum = checksum_of(record);
    if (::pwrite(file_.get(), &record, sizeof record, 0) != static_cast<ssize_t>(sizeof record)) {
        return core::system_error(errno, "write", "the position in the mail log");
    }
    return {};
}

}  // namespace agent
