// SPDX-License-Identifier: Apache-2.0
#include "agent/mount/owner_record.hpp"

#include "agent/base/small_file.hpp"
#include "agent/host/nfs_client_id.hpp"
#include "core/base/printable.hpp"

#include <nlohmann/json.hpp>

#include <sys/utsname.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>

namespace agent {
namespace {

using nlohmann::json;

struct Field {
    const char* key;
    std::string core::OwnerRecord::*member;
};

constexpr std::array fields{
    Field{"instance_id", &core::OwnerRecord::instance_id},
    Field{"boot_id", &core::OwnerRecord::boot_id},
    Field{"hostname", &core::OwnerRecord::hostname},
    Field{"nfs_client", &core::OwnerRecord::nfs_client},
    Field{"since", &core::OwnerRecord::since},
};

/// More than any of these names can be: an id and a path component 255, a host name 64.
constexpr std::size_t max_field = 400;

/// The first line, if the file can be read and has one.
std::string first_line(const std::string& path) {
    const auto text = read_proc_file(path);
    return text.has_value() ? text->substr(0, text->find('\n')) : "";
}

std::string nfs_client_name(const std::string& hostname) {
    const std::string identifier = core::nfs_identifier(read_nfs_identifier());
    return identifier.empty() ? hostname : identifier + "/" + hostname;
}

}  // namespace

OwnerBlock to_block(const core::OwnerRecord& record) {
    json object = json::object();
    for (const Field& field : fields) {
        object[field.key] = core::printable(record.*field.member, max_field);
    }
    const std::string text = object.dump();
    OwnerBlock block;
    block.bytes.fill(' ');
    std::copy_n(text.begin(), std::min(text.size(), block.bytes.size() - 1), block.bytes.begin());
    block.bytes.back() = '\n';
    return block;
}

core::OwnerRecord parse_owner_record(std::string_view bytes) {
    const json object = json::parse(bytes, nullptr, /*allow_exceptions=*/false);
    core::OwnerRecord record;
    if (!object.is_object()) {
        return record;
    }
    for (const Field& field : fields) {
        const auto value = object.find(field.key);
        if (value == object.end() || !value->is_string()) {
            return {};
        }
        record.*field.member = core::printable(value->get_ref<const std::string&>(), max_field);
    }
    return record;
}

core::OwnerRecord this_host(std::string instance_id) {
    core::OwnerRecord record;
    record.instance_id = std::move(instance_id);
    record.boot_id = first_line("/proc/sys/kernel/random/boot_id");
    utsname names{};
    if (::uname(&names) == 0) {
        record.hostname = names.nodename;
    }
    record.nfs_client = nfs_client_name(record.hostname);
    return record;
}

bool same_owner(const core::OwnerRecord& a, const core::OwnerRecord& b) {
    return a.instance_id == b.instance_id && a.boot_id == b.boot_id && a.hostname == b.hostname &&
           a.nfs_client == b.nfs_client;
}

std::string time_stamp(core::WallTime time) {
    const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
    std::tm fields_of_time{};
    ::gmtime_r(&seconds, &fields_of_time);
    std::array<char, 32> text{};
    const std::size_t length =
        std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &fields_of_time);
    return {text.data(), length};
}

}  // namespace agent
