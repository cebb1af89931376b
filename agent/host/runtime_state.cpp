// SPDX-License-Identifier: Apache-2.0
#include "agent/host/runtime_state.hpp"

#include "agent/base/atomic_file.hpp"
#include "agent/base/log.hpp"
#include "agent/base/small_file.hpp"
#include "core/model/instance_id.hpp"

#include <fcntl.h>

#include <cerrno>

namespace agent {
namespace {

constexpr const char* id_name = "/instance-id";
constexpr const char* worked_name = "/mount-worked";
constexpr const char* log_position_name = "/log-position";
constexpr std::size_t more_than_an_id = 4096;

core::Result<void> write_line(const std::string& path, const std::string& line) {
    return write_atomically({.name = path, .path = path, .mode = 0644}, line + "\n");
}

/// "" if it cannot be read.
std::string read_line(const std::string& path) {
    const auto text = read_small_file(path, more_than_an_id);
    return text ? text->substr(0, text->find('\n')) : std::string();
}

}  // namespace

core::Result<void> RuntimeState::remember_id(const std::string& instance_id) const {
    if (auto valid = core::validate_external_id(instance_id); !valid) {
        return valid;
    }
    const std::string path = directory_ + id_name;
    const auto remembered = core::id_from_answer(read_line(path), path);
    if (remembered && *remembered == instance_id) {
        return {};
    }
    if (remembered) {
        return core::Error{core::Errc::refused,
                           path + " names " + *remembered +
                               " since earlier in this boot, and is not changed to " + instance_id};
    }
    return write_line(path, instance_id);
}

core::Result<void> RuntimeState::remember_worked(const std::string& instance_id) const {
    const std::string path = directory_ + worked_name;
    return read_line(path) == instance_id ? core::Result<void>() : write_line(path, instance_id);
}

FileDescriptor RuntimeState::open_log_position() const {
    const std::string path = directory_ + log_position_name;
    FileDescriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file) {
        log(Priority::warning, core::system_error(errno, "open", path).message);
    }
    return file;
}

bool RuntimeState::worked(const std::string& setting) const {
    const std::string instance_id = setting == "auto" ? read_line(directory_ + id_name) : setting;
    return !instance_id.empty() && read_line(directory_ + worked_name) == instance_id;
}

}  // namespace agent
