// SPDX-License-Identifier: Apache-2.0
#include "agent/doctor/port_holders.hpp"

#include "agent/base/small_file.hpp"
#include "core/base/printable.hpp"
#include "core/base/text_fields.hpp"
#include "core/parse/process_text.hpp"
#include "core/parse/tcp_listeners.hpp"

#include <limits.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <set>
#include <system_error>

namespace agent {
namespace {

namespace fs = std::filesystem;

std::string link_text(const std::string& path) {
    std::array<char, PATH_MAX> buffer;
    const ssize_t length = ::readlink(path.c_str(), buffer.data(), buffer.size());
    return length > 0 ? std::string(buffer.data(), static_cast<std::size_t>(length))
                      : std::string();
}

std::string program_of(const std::string& process) {
    const std::string link = link_text(process + "/exe");
    const std::string_view exe = core::without_deleted(link);
    return core::printable(exe.substr(exe.rfind('/') + 1), 100);
}

bool holds_one(const std::string& process, const std::set<std::string>& sockets) {
    std::error_code error;
    for (fs::directory_iterator entry(process + "/fd", error), end; !error && entry != end;
         entry.increment(error)) {
        if (sockets.contains(link_text(entry->path().string()))) {
            return true;
        }
    }
    return false;
}

}  // namespace

core::Result<core::PortFacts> port_holders(std::uint16_t port, const std::string& proc) {
    std::set<std::string> sockets;
    for (const char* table : {"/net/tcp", "/net/tcp6"}) {
        const auto text = read_proc_file(proc + table);
        if (!text &&
            text.error().code != core::Errc::missing) {  // a host without IPv6 has no table of it
            return text.error();
        }
        for (const std::uint64_t inode : core::listeners_on(text ? *text : "", port)) {
            sockets.insert("socket:[" + std::to_string(inode) + "]");
        }
    }
    core::PortFacts facts;
    facts.taken = !sockets.empty();
    std::error_code error;
    for (fs::directory_iterator entry(proc, error), end; facts.taken && !error && entry != end;
         entry.increment(error)) {
        const auto pid = core::parse_number<std::int32_t>(entry->path().filename().string());
        if (pid && holds_one(entry->path().string(), sockets)) {
            facts.holders.push_back({*pid, program_of(entry->path().string())});
        }
    }
    return facts;
}

}  // namespace agent
