// SPDX-License-Identifier: Apache-2.0
#include "agent/server/published_answers.hpp"

#include "agent/base/version.hpp"
#include "agent/report/health_json.hpp"
#include "agent/report/health_table.hpp"
#include "agent/report/page.hpp"

#include <string>

namespace agent {
namespace {

int status_code(core::Status status) {
    return status == core::Status::fail ? 503 : 200;
}

PublishedAnswers::Body body(const core::Verdict& verdict, HealthView view, const Release& release) {
    const int status = status_code(status_of(verdict, view));
    const auto response = [&](JsonStyle style) {
        return PreparedResponse(status, content_type::health,
                                render_health(verdict, view, style, release));
    };
    return {response(JsonStyle::compact), response(JsonStyle::pretty)};
}

}  // namespace

core::Duration longest_round(const core::Settings& settings) {
    constexpr int rounds = 2;
    constexpr int requests_per_round = 6;
    return rounds * (settings.checks.interval + requests_per_round * settings.mount.deadline);
}

Release this_release() {
    const std::string full = version();
    return {full.substr(0, full.rfind('.')), full};
}

PublishedAnswers make_answers(const core::Verdict& verdict,
                              const core::Observed<core::RelinkProgress>& relink,
                              const core::History& history, core::BootTime expires) {
    using Kind = HealthView::Kind;
    const Release release = this_release();
    PublishedAnswers answers;
    answers.health = body(verdict, {Kind::health}, release);
    answers.ready = body(verdict, {Kind::ready}, release);
    for (const core::Check check : core::all_checks()) {
        answers.checks[static_cast<std::size_t>(check)] =
            body(verdict, {Kind::check, check}, release);
    }
    const int health = status_code(verdict.health);
    answers.index = PreparedResponse(health, content_type::text, render_table(report_of(verdict)),
                                     index_fields);
    answers.make_page = [verdict, relink, &history, version = release.release_id, health] {
        return PreparedResponse(health, content_type::html,
                                render_page({verdict, relink, history, version}), page_fields());
    };
    answers.expires = expires;
    return answers;
}

}  // namespace agent
