// SPDX-License-Identifier: Apache-2.0
#include "agent/host/lock_holders.hpp"

#include "agent/base/small_file.hpp"
#include "core/parse/proc_locks.hpp"
#include "core/parse/process_text.hpp"

#include <limits.h>
#include <unistd.h>

#include <array>
#include <string_view>

namespace agent {
namespace {

std::string executable_of(const std::string& proc, std::int32_t pid) {
    std::array<char, PATH_MAX> target;
    const std::string link = proc + "/" + std::to_string(pid) + "/exe";
    const ssize_t length = ::readlink(link.c_str(), target.data(), target.size());
    return length > 0 ? std::string(core::without_deleted(
                            std::string_view(target.data(), static_cast<std::size_t>(length))))
                      : std::string();
}

}  // namespace

std::vector<core::LockHolder> find_lock_holders(const std::string& device, std::uint64_t inode,
                                                const std::string& proc) {
    std::vector<core::LockHolder> holders;
    const auto locks = read_proc_file(proc + "/locks");
    if (!locks) {
        return holders;
    }
    for (const std::int32_t pid : core::lock_holders(*locks, device, inode)) {
        holders.push_back({pid, pid > 0 ? executable_of(proc, pid) : std::string()});
    }
    return holders;
}

}  // namespace agent
