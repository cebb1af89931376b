// SPDX-License-Identifier: Apache-2.0
// The text of /etc/fstab, fstab(5).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace core {

struct FstabLine {
    std::size_t number = 0;  ///< of the line, from 1
    bool commented = false;  ///< a line that would be an entry but for the '#' before it
    std::string source;
    std::string type;
    std::vector<std::string> options;

    [[nodiscard]] bool has(std::string_view option) const;
    /// An option that begins so: "vers=".
    [[nodiscard]] bool has_prefix(std::string_view begin) const;
};

/// The lines for exactly that mount point, in their order. A commented one counts only with at
/// least three fields.
[[nodiscard]] std::vector<FstabLine> fstab_lines(std::string_view fstab,
                                                 std::string_view mount_point);

}  // namespace core
