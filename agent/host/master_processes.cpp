// SPDX-License-Identifier: Apache-2.0
#include "agent/host/master_processes.hpp"

#include "agent/base/file_descriptor.hpp"
#include "core/base/text_fields.hpp"
#include "core/parse/process_text.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <string_view>

namespace agent {
namespace {

struct CloseDirectory {
    void operator()(DIR* directory) const noexcept { ::closedir(directory); }
};
using Directory = std::unique_ptr<DIR, CloseDirectory>;

Directory list_at(int at, const char* name) {
    FileDescriptor file(::openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    Directory directory(file ? ::fdopendir(file.get()) : nullptr);
    if (directory) {
        (void)file.release();  // the stream's now
    }
    return directory;
}

// The next entry that is a number; absent at the end, and with errno set when reading failed.
std::optional<std::int32_t> next_number(const Directory& directory) {
    errno = 0;  // distinguishes a failure from the end
    while (const dirent* entry = ::readdir(directory.get())) {
        if (const auto number = core::parse_number<std::int32_t>(entry->d_name)) {
            return number;
        }
    }
    return std::nullopt;
}

std::string link_text_at(int at, const std::string& name) {
    std::array<char, PATH_MAX> buffer;
    const ssize_t length = ::readlinkat(at, name.c_str(), buffer.data(), buffer.size());
    return length > 0 ? std::string(buffer.data(), static_cast<std::size_t>(length))
                      : std::string();
}

std::string text_at(int at, const std::string& name) {
    constexpr std::size_t limit = 64 * 1024;
    const FileDescriptor file(::openat(at, name.c_str(), O_RDONLY | O_CLOEXEC));
    std::string text;
    std::array<char, 4096> buffer;
    while (file && text.size() < limit) {
        const ssize_t got = ::read(file.get(), buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            break;
        }
        text.append(buffer.data(), static_cast<std::size_t>(got));
    }
    return text;
}

// One process, held by its directory: the descriptor stays with that process even if its pid is
// given away.
FileDescriptor open_process(int proc, std::int32_t pid) {
    return FileDescriptor(
        ::openat(proc, std::to_string(pid).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
}

void look_for_lock(int process, core::ProcessFacts& facts) {
    const Directory descriptors = list_at(process, "fd");
    if (!descriptors) {
        return;
    }
    while (const auto number = next_number(descriptors)) {
        std::string path = link_text_at(::dirfd(descriptors.get()), std::to_string(*number));
        if (!core::is_master_pid_file(path)) {
            continue;
        }
        if (const auto inode =
                core::write_flock_inode(text_at(process, "fdinfo/" + std::to_string(*number)))) {
            facts.holds_lock = true;
            facts.lock_inode = *inode;
            facts.lock_path = std::move(path);
            return;
        }
    }
}

// Any user may put a program below a folder "postfix"; only root can start master.
bool is_of_root(std::string_view status) {
    return core::real_user(status) == 0U;
}

bool is_of_this_namespace(std::string_view status) {
    return core::pid_namespace_depth(status).value_or(1) == 1;
}

std::optional<core::ProcessFacts> describe(int process, std::int32_t pid) {
    core::ProcessFacts facts;
    facts.pid = pid;
    facts.exe = core::without_deleted(link_text_at(process, "exe"));
    facts.cwd = link_text_at(process, "cwd");
    // Read after the links: a process that exits before they were read counts as gone, rather than
    // as one without a name.
    const auto stat = core::parse_process_stat(text_at(process, "stat"));
    if (!stat || !stat->alive()) {
        return std::nullopt;
    }
    facts.start_ticks = stat->start_ticks;
    facts.unit = core::unit_of_cgroup(text_at(process, "cgroup"));
    facts.is_master =
        core::is_master_executable(facts.exe) && is_of_root(text_at(process, "status"));
    if (facts.is_master) {
        look_for_lock(process, facts);
    }
    return facts;
}

FileDescriptor open_proc(const std::string& proc) {
    return FileDescriptor(::open(proc.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
}

}  // namespace

core::Result<std::vector<core::ProcessFacts>> find_masters(const std::string& proc) {
    std::vector<core::ProcessFacts> masters;
    const FileDescriptor root = open_proc(proc);
    const Directory processes = root ? list_at(root.get(), ".") : nullptr;
    if (!processes) {
        return core::system_error(errno, "list the processes in", proc);
    }
    while (const auto pid = next_number(processes)) {
        const FileDescriptor process = open_process(root.get(), *pid);
        if (!process || !core::is_master_executable(link_text_at(process.get(), "exe"))) {
            continue;
        }
        const std::string status = text_at(process.get(), "status");
        if (!is_of_root(status) || !is_of_this_namespace(status)) {
            continue;
        }
        if (auto facts = describe(process.get(), *pid)) {
            masters.push_back(std::move(*facts));
        }
    }
    if (errno != 0) {
        return core::system_error(errno, "list the processes in", proc);
    }
    return masters;
}

std::optional<core::ProcessFacts> describe_process(std::int32_t pid, const std::string& proc) {
    const FileDescriptor root = open_proc(proc);
    const FileDescriptor process = open_process(root.get(), pid);
    return process ? describe(process.get(), pid) : std::nullopt;
}

std::optional<std::string> data_lock_of(std::int32_t pid, const std::string& proc) {
    const FileDescriptor root = open_proc(proc);
    const FileDescriptor process = open_process(root.get(), pid);
    const bool trusted = process && is_of_root(text_at(process.get(), "status"));
    const Directory descriptors = trusted ? list_at(process.get(), "fd") : nullptr;
    while (descriptors) {
        const auto number = next_number(descriptors);
        if (!number) {
            break;
        }
        std::string path = link_text_at(::dirfd(descriptors.get()), std::to_string(*number));
        if (core::is_data_lock_file(path)) {
            return path;
        }
    }
    return std::nullopt;
}

}  // namespace agent
