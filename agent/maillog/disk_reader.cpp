// SPDX-License-Identifier: Apache-2.0
#include "agent/maillog/disk_reader.hpp"

#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace agent {
namespace {

constexpr std::uint64_t pieces = 4;
constexpr int misses_before_asking_again =
    100;  // memory may have been taken back before it was read

}  // namespace

void DiskReader::fetch(int file, std::uint64_t offset, std::uint64_t size) {
    // Best effort: bytes that are not fetched are missed again, and read with a wait at the end.
    (void)::posix_fadvise(file, static_cast<off_t>(offset), static_cast<off_t>(size),
                          POSIX_FADV_WILLNEED);
    fetched_to_ = offset + size;
}

// In pieces, because a large request takes long, too.
void DiskReader::keep_ahead(int file, std::uint64_t offset) {
    if (fetched_to_ >= offset && fetched_to_ - offset < ahead_) {
        fetch(file, fetched_to_, ahead_ / pieces);
    }
}

core::Result<DiskReader::Got> DiskReader::read(int file, std::span<char> buffer,
                                               std::uint64_t offset) {
    const iovec into{buffer.data(), buffer.size()};
    for (;;) {
        const bool wait = !can_refuse_ || missed_ >= patience_;
        const ssize_t got =
            ::preadv2(file, &into, 1, static_cast<off_t>(offset), wait ? 0 : RWF_NOWAIT);
        if (got >= 0) {
            missed_ = 0;
            if (got > 0) {
                keep_ahead(file, offset + static_cast<std::uint64_t>(got));
            }
            return Got{static_cast<std::size_t>(got), false};
        }
        if (errno == EAGAIN && !wait) {
            if (missed_++ % misses_before_asking_again == 0) {
                fetch(file, offset, std::max<std::uint64_t>(buffer.size(), ahead_ / pieces));
            }
            return Got{0, true};
        }
        if (!wait && (errno == EOPNOTSUPP || errno == ENOSYS || errno == EINVAL)) {
            can_refuse_ = false;
        } else if (errno != EINTR) {
            return core::system_error(errno, "read", "the mail log");
        }
    }
}

}  // namespace agent
