// SPDX-License-Identifier: Apache-2.0
// Postfix's main.cf on the disk of this host, read again only when it has changed.
#pragma once

#include "agent/base/local_paths.hpp"

#include <sys/stat.h>

#include <optional>
#include <string>
#include <string_view>

namespace agent {

class MainCfFile {
   public:
    explicit MainCfFile(std::string path = "/etc/postfix/main.cf") : path_(std::move(path)) {}

    /// Reads the file if it has changed; else one stat(2). A file that is absent, not local, not
    /// regular or larger than a mebibyte has no parameters.
    void refresh(const LocalPaths& local);

    /// An absolute path that a parameter names, as of the last refresh(); absent if it is not set,
    /// empty, not an absolute path, or refers to another parameter.
    [[nodiscard]] std::optional<std::string> path_named(std::string_view parameter) const;

   private:
    std::string path_;
    std::optional<struct stat> seen_;
    std::string text_;
};

}  // namespace agent
