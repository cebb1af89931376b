// SPDX-License-Identifier: Apache-2.0
#include "agent/host/main_cf_file.hpp"

#include "agent/base/small_file.hpp"
#include "core/parse/main_cf.hpp"

namespace agent {
namespace {

constexpr std::size_t longest = 1024 * 1024;

bool same(const timespec& a, const timespec& b) {
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

bool unchanged(const struct stat& a, const struct stat& b) {
    return a.st_dev == b.st_dev && a.st_ino == b.st_ino && a.st_size == b.st_size &&
           same(a.st_mtim, b.st_mtim) && same(a.st_ctim, b.st_ctim);
}

}  // namespace

void MainCfFile::refresh(const LocalPaths& local) {
    const auto place = local.locate(path_);
    struct stat status {};
    if (!place || ::fstat(place->get(), &status) != 0) {
        seen_.reset();
        text_.clear();
        return;
    }
    if (seen_ && unchanged(*seen_, status)) {
        return;
    }
    auto text = read_small_file("/proc/self/fd/" + std::to_string(place->get()), longest);
    text_ = text ? std::move(*text) : std::string();
    seen_ = status;  // from before it was read: what was written meanwhile is read the next time
}

std::optional<std::string> MainCfFile::path_named(std::string_view parameter) const {
    auto value = core::main_cf_value(text_, parameter);
    return value && value->starts_with('/') ? std::move(value) : std::nullopt;
}

}  // namespace agent
