// SPDX-License-Identifier: Apache-2.0
// From a settings file and `--set` to settings that may be used, or to everything that is wrong
// with them at once.
//
// The file is JSON with comments (// and /* */). A later `--set` of a key wins over an earlier one,
// and both over the file; a file with a mistake is refused even where `--set` covers it.
#pragma once

#include "core/base/result.hpp"
#include "core/model/settings.hpp"

#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace config {

inline constexpr const char* default_file = "/etc/postfix-elb-agent/agent.json";

/// Longest settings file that is read.
inline constexpr std::size_t file_size_max = 1'048'576;

/// So many mistakes are listed one by one; the rest only counted.
inline constexpr std::size_t problems_max = 100;

struct LoadRequest {
    std::optional<std::filesystem::path> file;  ///< absent: no file is read
    bool file_must_exist =
        false;  ///< a file that an operator named must be there, the default one need not
    std::vector<std::string> overrides;  ///< of --set: "key.path=value"
};

struct Loaded {
    core::Settings settings;

    /// Of every key in schema(): "default", "<file>:<line>" or "--set".
    std::map<std::string, std::string, std::less<>> origins;
};

struct Problem {
    std::string place;  ///< "<file>:<line>", "<file>" or "--set"
    std::string key;    ///< JSON path, "mount.deadline"; "" where the problem is not about one key
    std::string message;
};

/// One line: "<place>: <key>: <message>".
[[nodiscard]] std::string to_string(const Problem& problem);

/// Never empty; in the order of the file, then of --set, then conflicts between values.
using Problems = std::vector<Problem>;

/// What LoadResult::value() throws when there is none: core::ErrorException with the first problem.
[[noreturn]] void throw_exception_from_error(const Problems& problems,
                                             const boost::source_location& where);

using LoadResult = boost::system::result<Loaded, Problems>;

[[nodiscard]] LoadResult load(const LoadRequest& request);

/// The same for a text at hand. `name` stands for the file in origins and messages.
[[nodiscard]] LoadResult load_text(std::string_view text, std::string_view name,
                                   const std::vector<std::string>& overrides);

}  // namespace config
