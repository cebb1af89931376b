// SPDX-License-Identifier: Apache-2.0
// The units of Postfix whose start `gate` refused, each a file of a tmpfs. Once the cause is gone
// the agent starts these units, and no others.
#pragma once

#include "core/base/result.hpp"

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

namespace agent {

inline constexpr const char* refused_starts_directory = "/run/postfix-elb-agent/refused";

struct RefusedStart {
    std::string unit;
    std::string reason;  ///< one line, for operators
    ino_t inode = 0;     ///< of the mark: a later refusal is another one
};

class RefusedUnits {
   public:
    explicit RefusedUnits(std::string directory = refused_starts_directory)
        : directory_(std::move(directory)) {}

    /// Whether a mark may have that name: a unit that runs Postfix (systemd::runs_postfix), written
    /// as systemd.unit(5) has it.
    [[nodiscard]] static bool accepts(std::string_view unit);

    /// Makes the directory (0755) and the mark (0644), atomically. Errors: malformed (a name that
    /// is not accepted), or what the file system says.
    [[nodiscard]] core::Result<void> mark(const std::string& unit, std::string_view reason) const;

    /// Removes a mark; a missing one is no error.
    [[nodiscard]] core::Result<void> clear(const std::string& unit) const;

    /// The same, unless the unit was refused again after the mark was listed.
    [[nodiscard]] core::Result<void> clear(const RefusedStart& start) const;

    /// Those with a name that is accepted, by name.
    [[nodiscard]] std::vector<RefusedStart> list() const;

   private:
    [[nodiscard]] std::string path_of(const std::string& unit) const {
        return directory_ + "/" + unit;
    }

    std::string directory_;
};

}  // namespace agent
