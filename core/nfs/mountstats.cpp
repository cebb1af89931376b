// SPDX-License-Identifier: Apache-2.0
#include "core/nfs/mountstats.hpp"

#include "core/base/text_fields.hpp"
#include "core/parse/mountinfo.hpp"

#include <algorithm>
#include <array>

namespace core {
namespace {

// "device srv:/ mounted on /Mail with fstype nfs4 statvers=1.1", blanks in the names escaped as in
// mountinfo.
std::optional<std::string> heading_mount_point(std::string_view line) {
    constexpr std::string_view before = " mounted on ";
    constexpr std::string_view after = " with fstype ";
    const auto begin = line.find(before);
    if (begin == std::string_view::npos || line.front() == '\t') {
        return std::nullopt;
    }
    line.remove_prefix(begin + before.size());
    return unescape_mount_field(line.substr(0, line.find(after)));
}

/// The lines below the last heading that names the mount point; only an NFS client writes any.
std::string_view section_of(std::string_view text, std::string_view mount_point) {
    std::string_view section;
    bool inside = false;
    while (!text.empty()) {
        const std::string_view line = take_until(text, '\n');
        if (const auto named = heading_mount_point(line)) {
            inside = *named == mount_point;
            if (inside) {
                section = text.substr(0, 0);
            }
        } else if (inside) {
            section = {section.data(),
                       static_cast<std::size_t>(line.data() + line.size() - section.data())};
        }
    }
    return section;
}

/// Takes "\t<heading>" off the front of a line; false if it has another.
bool take_heading(std::string_view& line, std::string_view heading) {
    if (!line.starts_with('\t') || !line.substr(1).starts_with(heading)) {
        return false;
    }
    line.remove_prefix(1 + heading.size());
    return true;
}

// "\tnfsv4:\tbm0=0xfdffbfff,...,lease_time=30,lease_expired=0"
std::optional<std::int64_t> line_lease_expired(std::string_view line) {
    constexpr std::string_view key = "lease_expired=";
    if (!take_heading(line, "nfsv4:\t")) {
        return std::nullopt;
    }
    while (!line.empty()) {
        const std::string_view option = take_until(line, ',');
        if (option.starts_with(key)) {
            return parse_number<std::int64_t>(option.substr(key.size()));
        }
    }
    return std::nullopt;
}

/// The next number of a line whose numbers stand between blanks.
std::optional<std::uint64_t> take_number(std::string_view& line) {
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    return parse_number<std::uint64_t>(take_until(line, ' '));
}

/// The numbers of a line, as many as `size` at most; how many there were before the first that is
/// none.
template <std::size_t size>
std::size_t take_numbers(std::string_view line, std::array<std::uint64_t, size>& numbers) {
    std::size_t count = 0;
    while (count < size) {
        const auto number = take_number(line);
        if (!number) {
            break;
        }
        numbers[count++] = *number;
    }
    return count;
}

struct Named {
    std::string_view name;
    NfsOperation operation;
};

constexpr std::array named_operations{
    Named{"ACCESS", NfsOperation::access},    Named{"CLOSE", NfsOperation::close},
    Named{"COMMIT", NfsOperation::commit},    Named{"CREATE", NfsOperation::create},
    Named{"GETATTR", NfsOperation::getattr},  Named{"LINK", NfsOperation::link},
    Named{"LOCK", NfsOperation::lock},        Named{"LOCKU", NfsOperation::locku},
    Named{"LOOKUP", NfsOperation::lookup},    Named{"OPEN", NfsOperation::open},
    Named{"OPEN_NOATTR", NfsOperation::open}, Named{"READ", NfsOperation::read},
    Named{"READDIR", NfsOperation::readdir},  Named{"REMOVE", NfsOperation::remove},
    Named{"RENAME", NfsOperation::rename},    Named{"SEQUENCE", NfsOperation::sequence},
    Named{"SETATTR", NfsOperation::setattr},  Named{"WRITE", NfsOperation::write},
};

// "\t        READ: 51 52 0 8364 1228 0 37 41 0"
void take_operation(std::string_view line, NfsFacts& facts) {
    line.remove_prefix(std::min(line.find_first_not_of("\t "), line.size()));
    const std::string_view name = take_until(line, ':');
    enum : std::size_t {
        operations,
        transmissions,
        timeouts,
        sent,
        received,
        queue,
        response,
        request,
        errors,
        count
    };
    std::array<std::uint64_t, count> numbers{};
    const std::size_t found = take_numbers(line, numbers);
    if (found < errors) {
        return;
    }
    facts.errors_known = facts.errors_known || found > errors;
    const auto* const row = std::find_if(named_operations.begin(), named_operations.end(),
                                         [&](const Named& each) { return each.name == name; });
    const NfsOperation operation =
        row == named_operations.end() ? NfsOperation::other : row->operation;
    const std::array<std::size_t, nfs_figure_count> order{
        operations, transmissions, timeouts, errors, queue, response, request};
    auto& figures = facts.figures[static_cast<std::size_t>(operation)];
    for (std::size_t i = 0; i < order.size(); ++i) {
        figures[i] += numbers[order[i]];
    }
}

// "\txprt:\ttcp 803 1 1 0 0 1433 1433 0 1500 0 2 31 1433"
void take_transport(std::string_view line, NfsFacts& facts) {
    constexpr std::string_view protocol = "tcp ";
    enum : std::size_t {
        port,
        binds,
        connects,
        connecting,
        idle,
        sends,
        receives,
        bad_xids,
        in_flight,
        backlog,
        count
    };
    std::array<std::uint64_t, count> numbers{};
    if (!line.starts_with(protocol) ||
        take_numbers(line.substr(protocol.size()), numbers) != count) {
        return;
    }
    NfsTransport& sum = facts.transport ? *facts.transport : facts.transport.emplace();
    sum.connects += numbers[connects];
    sum.sends += numbers[sends];
    sum.receives += numbers[receives];
    sum.bad_xids += numbers[bad_xids];
    sum.in_flight_sum += numbers[in_flight];
    sum.backlog_sum += numbers[backlog];
}

// "\tbytes:\t<read> <written> <direct read> <direct written> <from the server> <to the server> …"
void take_bytes(std::string_view line, NfsFacts& facts) {
    constexpr std::size_t from_server = 4;
    constexpr std::size_t to_server = 5;
    std::array<std::uint64_t, to_server + 1> numbers{};
    if (take_numbers(line, numbers) == numbers.size()) {
        facts.bytes_read = numbers[from_server];
        facts.bytes_written = numbers[to_server];
    }
}

}  // namespace

std::optional<std::int64_t> lease_expired(std::string_view text, std::string_view mount_point) {
    std::string_view section = section_of(text, mount_point);
    std::optional<std::int64_t> seconds;
    while (!section.empty()) {
        if (const auto expired = line_lease_expired(take_until(section, '\n'))) {
            seconds = expired;
        }
    }
    return seconds;
}

std::optional<NfsFacts> nfs_facts(std::string_view text, std::string_view mount_point) {
    std::string_view section = section_of(text, mount_point);
    if (section.empty()) {
        return std::nullopt;
    }
    NfsFacts facts;
    bool per_operation = false;
    while (!section.empty()) {
        std::string_view line = take_until(section, '\n');
        if (per_operation) {
            take_operation(line, facts);
        } else if (take_heading(line, "per-op statistics")) {
            per_operation = true;
        } else if (take_heading(line, "age:\t")) {
            facts.age = take_number(line).value_or(0);
        } else if (take_heading(line, "bytes:\t")) {
            take_bytes(line, facts);
        } else if (take_heading(line, "xprt:\t")) {
            take_transport(line, facts);
        }
    }
    return facts;
}

}  // namespace core
