// SPDX-License-Identifier: Apache-2.0
#include "agent/base/small_file.hpp"

#include "agent/base/file_descriptor.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace agent {

core::Result<std::string> read_small_file(const std::string& path, std::size_t limit) {
    const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!file) {
        return core::system_error(errno, "open", path);
    }
    struct stat status {};
    if (::fstat(file.get(), &status) != 0) {
        return core::system_error(errno, "stat", path);
    }
    if (!S_ISREG(status.st_mode)) {
        return core::Error{core::Errc::malformed, path + " is not a regular file"};
    }
    std::string text;
    std::array<char, 16384> buffer{};
    for (;;) {
        const ssize_t count = ::read(file.get(), buffer.data(), buffer.size());
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            return core::system_error(errno, "read", path);
        }
        if (count == 0) {
            return text;
        }
        text.append(buffer.data(), static_cast<std::size_t>(count));
        if (text.size() > limit) {
            return core::Error{core::Errc::malformed,
                               path + " is longer than " + std::to_string(limit) + " bytes"};
        }
    }
}

core::Result<std::string> read_proc_file(const std::string& path) {
    constexpr std::size_t limit = 16 * 1024 * 1024;
    return read_small_file(path, limit);
}

}  // namespace agent
