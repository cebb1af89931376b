// SPDX-License-Identifier: Apache-2.0
#include "agent/remembered_id.hpp"

#include "agent/file_descriptor.hpp"
#include "agent/worker/small_file.hpp"
#include "core/instance_id.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace agent {

core::Result<void> remember_id(const std::string& instance_id) {
    if (auto valid = core::validate_external_id(instance_id); !valid) {
        return valid;
    }
    if (const auto standing = read_small_file(remembered_id_path, 4096)) {
        const auto remembered = core::id_from_answer(*standing, remembered_id_path);
        if (remembered && *remembered == instance_id) {
            return {};
        }
        if (remembered) {
            return core::Error{core::Errc::refused, std::string(remembered_id_path) + " names " + *remembered +
                                                        " since earlier in this boot, and is not changed to " +
                                                        instance_id};
        }
    }
    const std::string temporary = std::string(remembered_id_path) + ".new";
    ::unlink(temporary.c_str());
    const FileDescriptor file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
    const std::string line = instance_id + "\n";
    if (!file || ::fchmod(file.get(), 0644) != 0 ||
        ::write(file.get(), line.data(), line.size()) != static_cast<ssize_t>(line.size()) ||
        ::rename(temporary.c_str(), remembered_id_path) != 0) {
        return core::system_error(errno, "write", remembered_id_path);
    }
    return {};
}

}  // namespace agent
