// SPDX-License-Identifier: Apache-2.0
#include "agent/host/user_data.hpp"

#include <sys/stat.h>

namespace agent {

core::UserData observe_user_data(const std::string& directory) {
    const auto exists = [&directory](const char* name) {
        struct stat status {};
        return ::lstat((directory + "/" + name).c_str(), &status) == 0;
    };
    if (exists("disabled") || !exists("enabled")) {
        return core::UserData::not_expected;
    }
    return exists("result.json") ? core::UserData::done : core::UserData::running;
}

}  // namespace agent
