// SPDX-License-Identifier: Apache-2.0
#include "agent/doctor/local_files.hpp"

#include "agent/base/directory.hpp"
#include "agent/base/small_file.hpp"
#include "agent/host/queue_contents.hpp"
#include "agent/host/queue_link.hpp"
#include "core/base/printable.hpp"
#include "core/base/text_fields.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <utility>

namespace agent {
namespace {

constexpr std::size_t longest_file = 1024 * 1024;

std::string through(const FileDescriptor& place) {
    return "/proc/self/fd/" + std::to_string(place.get());
}

core::PathFacts::Kind kind_of(mode_t mode) {
    using Kind = core::PathFacts::Kind;
    if (S_ISREG(mode)) {
        return Kind::file;
    }
    return S_ISDIR(mode) ? Kind::directory : Kind::other;
}

core::PathFacts::Kind kind_of(const core::Error& error) {
    using Kind = core::PathFacts::Kind;
    if (error.code == core::Errc::missing) {
        return Kind::absent;
    }
    return error.code == core::Errc::refused ? Kind::not_local : Kind::unreadable;
}

// "options nfs nfs4_unique_id=i-0123456789abcdef0"
std::string unique_id_in(std::string_view text) {
    constexpr std::string_view parameter = "nfs4_unique_id=";
    while (!text.empty()) {
        const std::string_view line = core::take_until(text, '\n');
        const std::size_t at = line.find(parameter);
        if (line.starts_with("options") && at != std::string_view::npos) {
            const std::string_view value = line.substr(at + parameter.size());
            return core::printable(value.substr(0, value.find_first_of(" \t\"")), 100);
        }
    }
    return "";
}

}  // namespace

core::Result<FileDescriptor> LocalFiles::open_below(const std::string& path) const {
    auto place = local_.locate(root_ + path);
    if (!place) {
        return place.error();
    }
    FileDescriptor directory(::open(through(*place).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory) {
        return core::system_error(errno, "open directory", path);
    }
    return directory;
}

core::Result<std::string> LocalFiles::text(const std::string& path) const {
    const auto place = local_.locate(root_ + path);
    if (!place) {
        return place.error();
    }
    auto text = read_small_file(through(*place), longest_file);
    if (!text) {
        return core::Error{text.error().code, path + ": " + text.error().message};
    }
    return text;
}

core::PathFacts LocalFiles::look_at(const std::string& path) const {
    core::PathFacts facts;
    facts.path = path;
    const auto place = local_.locate(root_ + path);
    struct stat status {};
    if (!place) {
        facts.kind = kind_of(place.error());
        facts.error = place.error().message;
    } else if (::fstat(place->get(), &status) != 0) {
        facts.kind = core::PathFacts::Kind::unreadable;
        facts.error = core::system_error(errno, "stat", path).message;
    } else {
        facts.kind = kind_of(status.st_mode);
        facts.mode = status.st_mode & 07777U;
        facts.uid = status.st_uid;
    }
    return facts;
}

core::LinkFacts LocalFiles::link(const std::string& path) const {
    return observe_link(root_ + path);
}

std::vector<std::string> LocalFiles::names_in(const std::string& path) const {
    std::vector<std::string> names;
    if (const auto directory = open_below(path); directory) {
        if (const auto entries = list_directory(directory->get(), path); entries) {
            for (const DirectoryEntry& entry : *entries) {
                names.push_back(core::printable(entry.name, 100));
            }
        }
    }
    return names;
}

std::optional<std::int64_t> LocalFiles::written_at(const std::string& path) const {
    const auto place = local_.locate(root_ + path);
    struct stat status {};
    if (!place || ::fstat(place->get(), &status) != 0) {
        return std::nullopt;
    }
    return static_cast<std::int64_t>(status.st_mtim.tv_sec) * 1'000'000 +
           status.st_mtim.tv_nsec / 1000;
}

core::Result<core::SkeletonFacts> LocalFiles::skeleton(const std::string& path) const {
    const auto directory = open_below(path);
    if (!directory) {
        return directory.error();
    }
    core::SkeletonFacts facts;
    facts.path = path;
    auto missing = missing_queue_directories(directory->get(), path);
    const auto mail = count_mail(directory->get(), path);
    if (!missing || !mail) {
        return missing ? mail.error() : missing.error();
    }
    facts.missing = std::move(*missing);
    facts.mail = *mail;
    for (const char* name : {"pid", "private", "public"}) {
        for (const std::string& entry : names_in(path + "/" + name)) {
            facts.leftovers.push_back(std::string(name) + "/" + entry);
        }
    }
    return facts;
}

std::vector<std::string> LocalFiles::drop_ins() const {
    std::vector<std::string> found;
    for (const std::string directory : {"/etc/systemd/system", "/run/systemd/system"}) {
        for (const std::string& name : names_in(directory)) {
            if (name.starts_with("postfix") && name.ends_with(".d")) {
                found.push_back(directory + "/" + name);
            }
        }
    }
    return found;
}

std::string LocalFiles::modprobe_unique_id() const {
    const std::string directory = "/etc/modprobe.d";
    for (const std::string& name : names_in(directory)) {
        const auto text = name.ends_with(".conf") ? this->text(directory + "/" + name)
                                                  : core::Result<std::string>("");
        if (std::string id = text ? unique_id_in(*text) : ""; !id.empty()) {
            return id;
        }
    }
    return "";
}

}  // namespace agent
