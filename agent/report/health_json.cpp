// SPDX-License-Identifier: Apache-2.0
#include "agent/report/health_json.hpp"

#include "core/base/timestamp.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>

namespace agent {

namespace {

// Members stand in the order in which a person wants to read them.
using Json = nlohmann::ordered_json;

void put_unless_empty(Json& object, const char* key, const std::string& value) {
    if (!value.empty()) {
        object[key] = value;
    }
}

bool was_observed(const core::Finding& finding) {
    return finding.at.wall != core::WallTime{};
}

/// An excused failure fails /readyz and only warns elsewhere.
core::Status status_in(const core::Finding& finding, HealthView view) {
    const bool unexcused =
        view.kind == HealthView::Kind::ready && finding.excuse != core::Excuse::none;
    return unexcused ? core::Status::fail : finding.status;
}

Json json_of(const core::Finding& finding, const core::Verdict& verdict, HealthView view) {
    Json out{{"status", core::to_string(status_in(finding, view))}};
    if (finding.reason != core::Reason::none) {
        out["reason"] = core::to_string(finding.reason);
    }
    const bool attributed =
        finding.check == core::Check::mount && finding.status != core::Status::pass;
    if (attributed && verdict.mount_fault != core::MountFault::none) {
        out["attribution"] = core::to_string(verdict.mount_fault);
    }
    if (finding.excuse != core::Excuse::none) {
        out["excuse"] = core::to_string(finding.excuse);
    }
    put_unless_empty(out, "observedValue", finding.observed);
    if (was_observed(finding)) {
        out["time"] = core::rfc3339(finding.at.wall);
    }
    put_unless_empty(out, "output", finding.output);
    if (!finding.remedy.advice.empty()) {
        out["remedy"] = finding.remedy.advice;
        out["commands"] = finding.remedy.commands;
    }
    return out;
}

const core::Finding& finding_of(const core::Verdict& verdict, core::Check check) {
    return verdict.checks[static_cast<std::size_t>(check)];
}

std::string output_of(const core::Verdict& verdict, HealthView view) {
    if (view.kind == HealthView::Kind::check) {
        const core::Finding& finding = finding_of(verdict, view.check);
        return finding.status == core::Status::pass ? std::string() : finding.output;
    }
    return view.kind == HealthView::Kind::ready && !verdict.ready_output.empty()
               ? verdict.ready_output
               : verdict.output;
}

// ---- and back

core::Error malformed(const std::string& what) {
    return {core::Errc::malformed, "the answer is no health+json of this agent: " + what};
}

core::Result<std::string> text_member(const Json& object, const char* key,
                                      const std::string& where) {
    const auto found = object.find(key);
    if (found == object.end()) {
        return std::string();
    }
    if (!found->is_string()) {
        return malformed(where + "." + key + " is not a string");
    }
    return found->get<std::string>();
}

struct TextMember {
    const char* key;
    std::string* value;
};

core::Result<void> read_texts(const Json& object, const std::string& where,
                              std::initializer_list<TextMember> members) {
    for (const TextMember& member : members) {
        auto text = text_member(object, member.key, where);
        if (!text) {
            return text.error();
        }
        *member.value = std::move(*text);
    }
    return {};
}

core::Result<std::vector<std::string>> list_member(const Json& object, const char* key,
                                                   const std::string& where) {
    std::vector<std::string> list;
    const auto found = object.find(key);
    if (found == object.end()) {
        return list;
    }
    const bool is_list = found->is_array() &&
                         std::ranges::all_of(*found, [](const Json& j) { return j.is_string(); });
    if (!is_list) {
        return malformed(where + "." + key + " is not an array of strings");
    }
    found->get_to(list);
    return list;
}

core::Result<core::Status> status_member(const Json& object, const std::string& where) {
    const auto text = text_member(object, "status", where);
    if (!text) {
        return text.error();
    }
    for (const core::Status status : {core::Status::pass, core::Status::warn, core::Status::fail}) {
        if (core::to_string(status) == *text) {
            return status;
        }
    }
    return malformed(where + ".status is none of pass, warn, fail");
}

/// The inverse of core::rfc3339(), which alone writes what is read here.
std::optional<core::WallTime> time_from(std::string_view text) {
    using namespace std::chrono;
    constexpr std::string_view shape = "0000-00-00T00:00:00.000Z";
    if (text.size() != shape.size()) {
        return std::nullopt;
    }
    for (std::size_t i = 0; i < shape.size(); ++i) {
        const bool digit = text[i] >= '0' && text[i] <= '9';
        if (shape[i] == '0' ? !digit : text[i] != shape[i]) {
            return std::nullopt;
        }
    }
    const auto number = [&](std::size_t from, std::size_t count) {
        int value = 0;
        std::from_chars(text.data() + from, text.data() + from + count, value);
        return value;
    };
    const year_month_day date{year{number(0, 4)}, month(static_cast<unsigned>(number(5, 2))),
                              day(static_cast<unsigned>(number(8, 2)))};
    if (!date.ok()) {
        return std::nullopt;
    }
    return sys_days(date) + hours(number(11, 2)) + minutes(number(14, 2)) + seconds(number(17, 2)) +
           milliseconds(number(20, 3));
}

core::Result<HealthReport::Row> row_from(const std::string& check, const Json& object,
                                         core::WallTime now) {
    const std::string where = "$.checks." + check;
    if (!object.is_object()) {
        return malformed(where + " is not an array of objects");
    }
    const auto status = status_member(object, where);
    if (!status) {
        return status.error();
    }
    HealthReport::Row row;
    row.check = check;
    row.status = *status;
    std::string time;
    const auto read = read_texts(object, where,
                                 {{"reason", &row.reason},
                                  {"excuse", &row.excuse},
                                  {"observedValue", &row.observed},
                                  {"output", &row.output},
                                  {"remedy", &row.remedy.advice},
                                  {"time", &time}});
    if (!read) {
        return read.error();
    }
    auto commands = list_member(object, "commands", where);
    if (!commands) {
        return commands.error();
    }
    row.remedy.commands = std::move(*commands);
    if (!time.empty()) {
        const auto at = time_from(time);
        if (!at) {
            return malformed(where + ".time is not a time of the form 2026-01-31T12:00:00.000Z");
        }
        row.age = now - *at;
    }
    return row;
}

core::Result<std::vector<HealthReport::Row>> rows_from(const Json& root, core::WallTime now) {
    const auto checks = root.find("checks");
    if (checks == root.end() || !checks->is_object()) {
        return malformed("$.checks is not an object");
    }
    std::vector<HealthReport::Row> rows;
    for (const auto& [check, list] : checks->items()) {
        if (!list.is_array()) {
            return malformed("$.checks." + check + " is not an array of objects");
        }
        for (const Json& object : list) {
            auto row = row_from(check, object, now);
            if (!row) {
                return row.error();
            }
            rows.push_back(std::move(*row));
        }
    }
    return rows;
}

}  // namespace

core::Status status_of(const core::Verdict& verdict, HealthView view) {
    switch (view.kind) {
        case HealthView::Kind::health: return verdict.health;
        case HealthView::Kind::ready: return verdict.ready;
        case HealthView::Kind::check: break;
    }
    return finding_of(verdict, view.check).status;
}

std::string render_health(const core::Verdict& verdict, HealthView view, JsonStyle style,
                          const Release& release) {
    Json root{{"status", core::to_string(status_of(verdict, view))}};
    put_unless_empty(root, "serviceId", verdict.instance_id);
    root["version"] = release.version;
    root["releaseId"] = release.release_id;
    root["phase"] = core::to_string(verdict.phase);
    put_unless_empty(root, "output", output_of(verdict, view));
    Json& checks = root["checks"] = Json::object();
    for (const core::Finding& finding : verdict.checks) {
        if (view.kind != HealthView::Kind::check || finding.check == view.check) {
            checks[std::string(core::to_string(finding.check))] =
                Json::array({json_of(finding, verdict, view)});
        }
    }
    constexpr int indent = 2;
    return root.dump(style == JsonStyle::pretty ? indent : -1, ' ', false,
                     Json::error_handler_t::replace) +
           "\n";
}

HealthReport report_of(const core::Verdict& verdict) {
    HealthReport report;
    report.status = verdict.health;
    report.ready = verdict.ready;
    report.instance_id = verdict.instance_id;
    report.phase = core::to_string(verdict.phase);
    report.output = verdict.output;
    for (const core::Finding& finding : verdict.checks) {
        HealthReport::Row row;
        row.check = core::to_string(finding.check);
        row.status = finding.status;
        row.reason = finding.reason == core::Reason::none ? "" : core::to_string(finding.reason);
        row.excuse = finding.excuse == core::Excuse::none ? "" : core::to_string(finding.excuse);
        if (was_observed(finding)) {
            row.age = verdict.at.boot - finding.at.boot;
        }
        row.observed = finding.observed;
        row.output = finding.output;
        row.remedy = finding.remedy;
        report.rows.push_back(std::move(row));
    }
    return report;
}

core::Result<HealthReport> parse_health(std::string_view text, core::WallTime now) {
    const Json root = Json::parse(text, nullptr, false);
    if (!root.is_object()) {
        return malformed("not a JSON object");
    }
    const auto status = status_member(root, "$");
    if (!status) {
        return status.error();
    }
    HealthReport report;
    report.status = *status;
    const auto read = read_texts(
        root, "$",
        {{"serviceId", &report.instance_id}, {"phase", &report.phase}, {"output", &report.output}});
    if (!read) {
        return read.error();
    }
    auto rows = rows_from(root, now);
    if (!rows) {
        return rows.error();
    }
    report.rows = std::move(*rows);
    return report;
}

}  // namespace agent
