// SPDX-License-Identifier: Apache-2.0
#include "agent/server/last_words.hpp"

#include "agent/base/clock.hpp"
#include "agent/base/log.hpp"
#include "agent/base/version.hpp"
#include "core/base/printable.hpp"
#include "core/base/timestamp.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

namespace agent {
namespace asio = boost::asio;

namespace {

using Json = nlohmann::ordered_json;

Json json_of(const core::Finding& finding, std::size_t longest_text) {
    return {{"check", to_string(finding.check)},
            {"status", to_string(finding.status)},
            {"reason", to_string(finding.reason)},
            {"observedValue", core::printable(finding.observed, longest_text)},
            {"output", core::printable(finding.output, longest_text)}};
}

std::string render(const Failure& failure, std::size_t longest_text) {
    const core::Verdict& verdict = failure.verdict;
    Json root{{"status", failure.end ? "recovered" : to_string(verdict.health)},
              {"serviceId", core::printable(verdict.instance_id, max_id_length)},
              {"version", version()},
              {"phase", to_string(verdict.phase)},
              {"output", core::printable(verdict.output, longest_text)},
              {"time", core::rfc3339(verdict.at.wall)},
              {"secondsSinceBoot",
               std::chrono::duration_cast<std::chrono::seconds>(verdict.at.boot).count()},
              {"failingSince", core::rfc3339(failure.since.wall)}};
    if (verdict.mount_fault != core::MountFault::none) {
        root["attribution"] = to_string(verdict.mount_fault);
    }
    if (failure.began_with != verdict.output) {
        root["beganWith"] = core::printable(failure.began_with, longest_text);
    }
    if (failure.end) {
        root["recovered"] = core::rfc3339(failure.end->wall);
    }
    Json& checks = root["checks"] = Json::array();
    for (const core::Finding& finding : verdict.checks) {
        if (finding.status != core::Status::pass) {
            checks.push_back(json_of(finding, longest_text));
        }
    }
    return root.dump();
}

}  // namespace

std::string render_last_words(const Failure& failure, std::size_t limit) {
    std::string text;
    for (const std::size_t longest_text : {1000U, 400U, 200U, 100U, 40U, 0U}) {
        text = render(failure, longest_text);
        if (text.size() <= limit) {
            break;
        }
    }
    return text;
}

void LastWords::note(const core::Verdict& verdict) {
    if (first_noted_ < core::BootTime(0)) {
        first_noted_ = verdict.at.boot;
    }
    if (verdict.health == core::Status::fail) {
        note_failure(verdict);
    } else {
        note_recovery(verdict);
    }
}

void LastWords::note_failure(const core::Verdict& verdict) {
    const bool begins = !failure_ || failure_->end;
    const core::VerdictKey now = core::key_of(verdict);
    if (!begins && now == key_) {
        failure_->verdict.instance_id = verdict.instance_id;  // may be known only now
        return;
    }
    if (begins) {
        failure_ = Failure{verdict, verdict.at, verdict.output, {}};
    } else {
        failure_->verdict = verdict;
    }
    key_ = now;
    due_ = true;
    next_try_ = core::BootTime(0);
}

void LastWords::note_recovery(const core::Verdict& verdict) {
    const bool was_only_the_start =
        !std::exchange(passed_, true) && verdict.at.boot - first_noted_ < start_patience;
    if (!failure_ || failure_->end) {
        return;
    }
    if (was_only_the_start) {
        failure_.reset();
        due_ = false;
        return;
    }
    failure_->end = verdict.at;
    due_ = true;
    next_try_ = core::BootTime(0);
}

bool LastWords::is_due(core::TimePoint now) const {
    const bool may_be_only_the_start = !passed_ && now.boot - first_noted_ < start_patience;
    return due_ && !may_be_only_the_start && now.boot >= next_try_ &&
           !failure_->verdict.instance_id.empty();
}

asio::awaitable<void> LastWords::write_if_due(WorkerClient& mount, const core::Settings& settings,
                                              bool mount_answers) {
    if (writing_ || !mount_answers || !is_due(now())) {
        co_return;
    }
    writing_ = true;
    due_ = false;
    auto request = make_request<Operation::write_last_words>(failure_->verdict.instance_id);
    request.set_text(render_last_words(*failure_, max_text_length));
    const auto written = co_await mount.ask_for(request, settings.mount.deadline);
    writing_ = false;
    was_written(written);
}

/// A change that was noted meanwhile is due at once, without the pause.
void LastWords::was_written(const core::Result<Nothing>& written) {
    const std::string error = written ? std::string() : written.error().message;
    if (!written && !due_) {
        due_ = failure_.has_value();
        next_try_ = now().boot + retry_pause;
    }
    if (std::exchange(last_error_, error) != error && !error.empty()) {
        log(Priority::warning,
            "the reason of the failure cannot be kept on the shared file system: " + error);
    }
}

}  // namespace agent
