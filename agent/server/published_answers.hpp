// SPDX-License-Identifier: Apache-2.0
// A verdict to the pages that show it, rendered once per round; that of "/" for a browser when
// somebody looks.
#pragma once

#include "agent/http/routes.hpp"
#include "agent/report/health_json.hpp"
#include "core/model/settings.hpp"
#include "core/verdict/history.hpp"
#include "core/verdict/verdict.hpp"

namespace agent {

/// How long a verdict may be shown before the evaluator must be taken for dead: two rounds that
/// take as long as they are allowed to.
[[nodiscard]] core::Duration longest_round(const core::Settings& settings);

/// This program's version for health+json: "0.1" and "0.1.0".
[[nodiscard]] Release this_release();

/// `expires`: from then on every answer is 503, unless another board was published. The page is
/// made when it is asked for, with `history` as it is then, which must live as long as the board.
[[nodiscard]] PublishedAnswers make_answers(const core::Verdict& verdict,
                                            const core::Observed<core::RelinkProgress>& relink,
                                            const core::History& history, core::BootTime expires);

}  // namespace agent
