// SPDX-License-Identifier: Apache-2.0
// A verdict as application/health+json (draft-inadarei-api-health-check-06) and back.
#pragma once

#include "core/base/result.hpp"
#include "core/verdict/verdict.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace agent {

/// What is asked about: everything, for one of the two answers, or one check alone.
struct HealthView {
    enum class Kind { health, ready, check };
    Kind kind = Kind::health;
    core::Check check = core::Check::mount;  ///< for Kind::check
};

enum class JsonStyle { compact, pretty };

struct Release {
    std::string version;     ///< "0.1"
    std::string release_id;  ///< "0.1.0"
};

/// pass, warn or fail for this view: pass and warn are 200, fail is 503.
[[nodiscard]] core::Status status_of(const core::Verdict& verdict, HealthView view);

/// Always valid UTF-8, whatever bytes a log line brought; ends with a newline.
[[nodiscard]] std::string render_health(const core::Verdict& verdict, HealthView view,
                                        JsonStyle style, const Release& release);

/// What a table shows: of a verdict made in this process, or read from a running agent's /health.
struct HealthReport {
    struct Row {
        std::string check;
        core::Status status = core::Status::fail;
        std::string reason;  ///< "" on pass
        std::string excuse;  ///< why a failure is shown as a warning; "" mostly
        std::optional<core::BootTime>
            age;  ///< of the facts behind it; absent if there never were any
        std::string observed;
        std::string output;
        core::Remedy remedy;
    };
    core::Status status = core::Status::fail;
    std::optional<core::Status> ready;  ///< what /readyz says; the body of /health does not
    std::string instance_id;            ///< "" while unknown
    std::string phase;
    std::string output;
    std::vector<Row> rows;
};

[[nodiscard]] HealthReport report_of(const core::Verdict& verdict);

/// Reads the body of /health. Members that are not known are skipped and those that may be absent
/// may be absent, but a member of the wrong type or an unknown status is an error (malformed) that
/// names it. `now` makes ages of times.
[[nodiscard]] core::Result<HealthReport> parse_health(std::string_view text, core::WallTime now);

}  // namespace agent
