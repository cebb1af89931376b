// SPDX-License-Identifier: Apache-2.0
// A verdict to the pages that show it, rendered once per round; that of "/" for a browser when somebody looks.
#pragma once

#include "agent/server/health_json.hpp"
#include "agent/server/http_routes.hpp"
#include "core/health.hpp"
#include "core/history.hpp"
#include "core/settings.hpp"

namespace agent {

/// How long a verdict may be shown before the evaluator must be taken for dead: two rounds that take as long as they
/// are allowed to.
[[nodiscard]] core::Duration longest_round(const core::Settings& settings);

/// This program's version for health+json: "0.1" and "0.1.0".
[[nodiscard]] Release this_release();

/// `expires`: from then on every answer is 503, unless another board was published. The page is made when it is asked
/// for, with `history` as it is then, which must live as long as the board.
[[nodiscard]] Board make_board(const core::Verdict& verdict, const core::Observed<core::RelinkProgress>& relink,
                               const core::History& history, core::BootTime expires);

}  // namespace agent
