// SPDX-License-Identifier: Apache-2.0
#include "config/schema.hpp"

#include "config/forms.hpp"
#include "config/json_text.hpp"
#include "core/base/duration.hpp"
#include "core/base/excerpt.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace config {
namespace {

using namespace std::chrono_literals;
using core::Settings;

using Form = Complaint (*)(std::string_view);

core::Error wrong(std::string message) {
    return {core::Errc::malformed, std::move(message)};
}

constexpr std::array value_words{std::string_view{"null"}, std::string_view{"a whole number"},
                                 std::string_view{"a string"}, std::string_view{"a list"},
                                 std::string_view{"a boolean"}};

// The content of `value`, or an error that names the expected type.
template <class T>
core::Result<T> as(const Value& value, std::string_view accepts) {
    if (const T* held = std::get_if<T>(&value)) {
        return *held;
    }
    std::string shown;
    if (const auto* text = std::get_if<std::string>(&value)) {
        shown = core::excerpt(*text) + " ";
    } else if (const auto* number = std::get_if<std::int64_t>(&value)) {
        shown = std::to_string(*number) + " ";
    }
    return wrong(shown.append("is ")
                     .append(value_words[value.index()])
                     .append("; expected ")
                     .append(accepts));
}

// Each of these makes a row. `at` gives the member of a Settings, const or not.

template <class At>
auto set_text(At at, Form form, std::string accepts) {
    return [at, form, accepts = std::move(accepts)](Settings& settings,
                                                    const Value& value) -> core::Result<void> {
        auto wanted = as<std::string>(value, accepts);
        if (!wanted) {
            return wanted.error();
        }
        if (Complaint complaint = form(*wanted)) {
            return wrong(*std::move(complaint));
        }
        at(settings) = std::move(*wanted);
        return {};
    };
}

template <class At>
Key text(std::string_view path, At at, Form form, std::string accepts, Reload reload,
         std::string_view words) {
    return {path,
            Type::text,
            accepts,
            reload,
            words,
            [at](const Settings& settings) -> Value { return at(settings); },
            set_text(at, form, accepts)};
}

template <class At>
Key text_or_null(std::string_view path, At at, Form form, std::string accepts, Reload reload,
                 std::string_view words) {
    return {path,
            Type::text_or_null,
            accepts,
            reload,
            words,
            [at](const Settings& settings) -> Value {
                return at(settings) ? Value(*at(settings)) : Value();
            },
            [at, set = set_text(at, form, accepts)](Settings& settings,
                                                    const Value& value) -> core::Result<void> {
                if (std::holds_alternative<std::monostate>(value)) {
                    at(settings).reset();
                    return {};
                }
                return set(settings, value);
            }};
}

template <class At>
Key words_of(std::string_view path, At at, Form form, std::string accepts, Reload reload,
             std::string_view words) {
    return {path,
            Type::words,
            accepts,
            reload,
            words,
            [at](const Settings& settings) -> Value { return at(settings); },
            [at, form, accepts](Settings& settings, const Value& value) -> core::Result<void> {
                auto wanted = as<std::vector<std::string>>(value, accepts);
                if (!wanted) {
                    return wanted.error();
                }
                if (wanted->empty()) {
                    return wrong("the list is empty; expected " + accepts);
                }
                for (const std::string& word : *wanted) {
                    if (Complaint complaint = form(word)) {
                        return wrong(*std::move(complaint));
                    }
                }
                at(settings) = std::move(*wanted);
                return {};
            }};
}

template <class At>
Key integer(std::string_view path, At at, std::int64_t least, std::int64_t most,
            std::string_view note, Reload reload, std::string_view words) {
    std::string accepts =
        "a whole number from " + std::to_string(least) + " to " + std::to_string(most);
    accepts.append(note);
    return {
        path,
        Type::integer,
        accepts,
        reload,
        words,
        [at](const Settings& settings) -> Value { return std::int64_t{at(settings)}; },
        [at, least, most, accepts](Settings& settings, const Value& value) -> core::Result<void> {
            const auto wanted = as<std::int64_t>(value, accepts);
            if (!wanted) {
                return wanted.error();
            }
            if (*wanted < least || *wanted > most) {
                return wrong(
                    std::to_string(*wanted).append(" is out of range; expected ").append(accepts));
            }
            at(settings) = static_cast<std::remove_reference_t<decltype(at(settings))>>(*wanted);
            return {};
        }};
}

template <class At>
Key boolean(std::string_view path, At at, Reload reload, std::string_view words) {
    const std::string accepts = "`true` or `false`";
    return {path,
            Type::boolean,
            accepts,
            reload,
            words,
            [at](const Settings& settings) -> Value { return at(settings); },
            [at, accepts](Settings& settings, const Value& value) -> core::Result<void> {
                const auto wanted = as<bool>(value, accepts);
                if (!wanted) {
                    return wanted.error();
                }
                at(settings) = *wanted;
                return {};
            }};
}

template <class At>
Key duration(std::string_view path, At at, core::Duration least, core::Duration most, Reload reload,
             std::string_view words) {
    const std::string accepts =
        "a duration from " + core::format_duration(least) + " to " + core::format_duration(most);
    return {
        path,
        Type::duration,
        accepts,
        reload,
        words,
        [at](const Settings& settings) -> Value { return core::format_duration(at(settings)); },
        [at, least, most, accepts](Settings& settings, const Value& value) -> core::Result<void> {
            const auto written = as<std::string>(value, accepts + ", a string with a unit");
            if (!written) {
                return written.error();
            }
            const auto wanted = core::parse_duration(*written);
            if (!wanted) {
                return wanted.error();
            }
            if (*wanted < least || *wanted > most) {
                return wrong(
                    core::excerpt(*written).append(" is out of range; expected ").append(accepts));
            }
            at(settings) = *wanted;
            return {};
        }};
}

template <class Enum, std::size_t size>
using Names = std::array<std::pair<Enum, std::string_view>, size>;

template <class At, class Enum, std::size_t size>
Key choice(std::string_view path, At at, const Names<Enum, size>& names, Reload reload,
           std::string_view words) {
    std::string accepts = "one of";
    for (const auto& [value, name] : names) {
        accepts.append(&name == &names.front().second ? " " : ", ").append(name);
    }
    return {path,
            Type::choice,
            accepts,
            reload,
            words,
            [at, names](const Settings& settings) -> Value {
                const auto row = std::find_if(names.begin(), names.end(), [&](const auto& each) {
                    return each.first == at(settings);
                });
                return std::string(row->second);
            },
            [at, names, accepts](Settings& settings, const Value& value) -> core::Result<void> {
                const auto wanted = as<std::string>(value, accepts);
                if (!wanted) {
                    return wanted.error();
                }
                const auto row = std::find_if(names.begin(), names.end(), [&](const auto& each) {
                    return each.second == *wanted;
                });
                if (row == names.end()) {
                    return wrong(core::excerpt(*wanted).append(" is not ").append(accepts));
                }
                at(settings) = row->first;
                return {};
            }};
}

constexpr Names<core::MaillogSource, 3> maillog_sources{{
    {core::MaillogSource::automatic, "auto"},
    {core::MaillogSource::file, "file"},
    {core::MaillogSource::journal, "journal"},
}};

// A key's path is its member's name.
#define SETTING(member)                    \
#member, [](auto& settings) -> auto& { \
        return settings.member;            \
    }

std::vector<Key> make_schema() {
    constexpr Reload live = Reload::live;
    constexpr Reload restart = Reload::restart;
    const std::string path = "an absolute path";
    return {
        text(SETTING(listen.address), ip_literal, "an IP address", restart,
             "Address to listen on; `::` means both families"),
        integer(SETTING(listen.port), 0, 65535, "; 0 is any free port", restart,
                "TCP port to listen on"),
        integer(SETTING(listen.connections_per_source), 1, 512, "", restart,
                "Most connections at once from an IPv4 address or an IPv6 /64 network"),
        text(SETTING(instance_id), auto_or_instance_id, "`auto` or a single path component",
             restart,
             "Name of this instance and of its queue; `auto` asks the hardware, then the metadata "
             "service, then "
             "cloud-init"),
        text(SETTING(imds.endpoint), http_endpoint, "`http://<IP address>[:port]`", restart,
             "Address of the instance metadata service"),
        text(SETTING(mount.path), absolute_path, path, restart,
             "Mount point of the shared file system"),
        words_of(SETTING(mount.fstypes), filesystem_type, "a list of at least one file system type",
                 live, "Types that the shared file system may have"),
        text_or_null(SETTING(mount.source), mount_source,
                     "a source as in the mount table, or `null`", live,
                     "Source that must be mounted there; `null` allows any"),
        duration(SETTING(mount.wait), 0ms, 24h, live,
                 "How long `relink` waits for the mount; `serve` continues to wait"),
        duration(SETTING(mount.deadline), 100ms, 1min, live,
                 "Longest time the mount may take to answer"),
        text(SETTING(queue.link), absolute_path, path, restart,
             "Postfix's queue directory, which becomes a link to this instance's queue"),
        text(SETTING(queue.skeleton), absolute_path, path, restart,
             "The pristine queue directory that a new queue is copied from"),
        boolean(SETTING(queue.after_user_data), live,
                "Whether the relink, and so Postfix, waits for user data of cloud-init"),
        choice(SETTING(maillog.source), maillog_sources, live,
               "Source of Postfix's log; `auto` reads its file and the journal if they exist"),
        text(SETTING(maillog.path), auto_or_absolute_path, "`auto` or an absolute path", live,
             "The log file; `auto` is the one that the system writes"),
        duration(
            SETTING(shared_fault.hold), 0ms, 24h, live,
            "How long an instance stays healthy during an outage of the file server, which all "
            "instances share"),
        duration(SETTING(checks.interval), 100ms, 1h, live,
                 "Time between two rounds of the checks that have no event"),
        integer(SETTING(checks.fail_after), 1, 100, "", live,
                "Rounds in a row until a doubtful fault counts"),
        integer(SETTING(checks.pass_after), 1, 100, "", live,
                "Good rounds in a row until a fault is over"),
        duration(SETTING(census.interval), 0ms, 24h, live,
                 "Pause between two counts of the queues; `0s` never counts"),
        integer(SETTING(census.budget), 1, 1'000'000, "", live,
                "Most file system operations of a count in a second"),
        duration(SETTING(drain.delay), 0ms, 1h, live, "How long `/readyz` fails before a stop"),
        text(SETTING(user), auto_or_user, "`auto` or the name of a user other than root", restart,
             "User of the server and of the systemd worker; `auto` is `postfix-elb-agent` if that "
             "user exists, else the user with the least rights, `nobody`"),
    };
}

#undef SETTING

}  // namespace

std::span<const Key> schema() {
    static const std::vector<Key> keys = make_schema();
    return keys;
}

const Key* find_key(std::string_view path) {
    const auto keys = schema();
    const auto found =
        std::find_if(keys.begin(), keys.end(), [&](const Key& key) { return key.path == path; });
    return found == keys.end() ? nullptr : &*found;
}

bool is_section(std::string_view name) {
    const auto keys = schema();
    return !name.empty() && std::any_of(keys.begin(), keys.end(), [&](const Key& key) {
        return section_of(key.path) == name;
    });
}

std::string_view section_of(std::string_view path) {
    const std::size_t dot = path.rfind('.');
    return dot == std::string_view::npos ? std::string_view{} : path.substr(0, dot);
}

std::string_view name_of(std::string_view path) {
    return path.substr(path.rfind('.') + 1);  // npos + 1 is 0
}

std::string to_json(const Value& value) {
    if (const auto* number = std::get_if<std::int64_t>(&value)) {
        return std::to_string(*number);
    }
    if (const auto* text = std::get_if<std::string>(&value)) {
        return json_quoted(*text);
    }
    if (const auto* yes = std::get_if<bool>(&value)) {
        return *yes ? "true" : "false";
    }
    if (const auto* words = std::get_if<std::vector<std::string>>(&value)) {
        std::string list = "[";
        for (const std::string& word : *words) {
            list.append(list.size() == 1 ? "" : ", ").append(json_quoted(word));
        }
        return list + "]";
    }
    return "null";
}

}  // namespace config
