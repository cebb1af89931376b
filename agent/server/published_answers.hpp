// SPDX-License-Identifier: Apache-2.0
// Renders the answers to HTTP requests from a verdict, once per verdict. The page for a browser is
// rendered at the first request for it.
#pragma once

#include "agent/http/routes.hpp"
#include "agent/report/health_json.hpp"
#include "core/model/settings.hpp"
#include "core/verdict/history.hpp"
#include "core/verdict/verdict.hpp"

namespace agent {

/// The duration of two rounds in which every request takes its full deadline. A verdict of that age
/// has expired.
[[nodiscard]] core::Duration longest_round(const core::Settings& settings);

/// This program's version for health+json: "0.1" and "0.1.0".
[[nodiscard]] Release this_release();

/// From `expires` on every answer is 503. The page shows `history` as of the request for it;
/// `history` must outlive the answers.
[[nodiscard]] PublishedAnswers make_answers(const core::Verdict& verdict,
                                            const core::Observed<core::RelinkProgress>& relink,
                                            const core::History& history, core::BootTime expires);

}  // namespace agent
