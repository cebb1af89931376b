// SPDX-License-Identifier: Apache-2.0
#include "config/load.hpp"

#include "config/loader.hpp"
#include "core/base/excerpt.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace config {
namespace {

// The whole file, whatever it is (a pipe, too), or why not.
core::Result<std::string> read_file(const std::string& name) {
    const int file = ::open(name.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (file < 0) {
        return core::system_error(errno, "cannot open", "the settings file");
    }
    std::string text(file_size_max + 1, '\0');
    std::size_t size = 0;
    ssize_t got = 0;
    do {
        got = ::read(file, text.data() + size, text.size() - size);
        size += got > 0 ? static_cast<std::size_t>(got) : 0;
    } while ((got > 0 && size < text.size()) || (got < 0 && errno == EINTR));
    const int error_number = got < 0 ? errno : 0;
    ::close(file);
    if (error_number != 0) {
        return core::system_error(error_number, "cannot read", name);
    }
    if (size > file_size_max) {
        return core::Error{core::Errc::malformed,
                           name + " is larger than " + std::to_string(file_size_max) + " bytes"};
    }
    text.resize(size);
    return text;
}

// Origins stand in comments and messages, which have one line.
std::string one_line(std::string name) {
    std::replace_if(
        name.begin(), name.end(),
        [](char byte) {
            return core::has_control_character({&byte, 1});
        },
        '?');
    return name;
}

LoadResult finish(Loader& loader, const std::vector<std::string>& overrides) {
    for (const std::string& assignment : overrides) {
        loader.take_override(assignment);
    }
    return loader.finish();
}

}  // namespace

std::string to_string(const Problem& problem) {
    return problem.place + ": " + (problem.key.empty() ? "" : problem.key + ": ") + problem.message;
}

void throw_exception_from_error(const Problems& problems, const boost::source_location& /*where*/) {
    throw core::ErrorException(
        {core::Errc::malformed, problems.empty() ? "" : to_string(problems.front())});
}

LoadResult load(const LoadRequest& request) {
    Loader loader;
    if (request.file) {
        const std::string name = request.file->string();
        const core::Result<std::string> text = read_file(name);
        if (text) {
            loader.take_text(*text, one_line(name));
        } else if (text.error().code != core::Errc::missing || request.file_must_exist) {
            loader.add_problem(one_line(name), "", one_line(text.error().message));
        }
    }
    return finish(loader, request.overrides);
}

LoadResult load_text(std::string_view text, std::string_view name,
                     const std::vector<std::string>& overrides) {
    Loader loader;
    loader.take_text(text, one_line(std::string(name)));
    return finish(loader, overrides);
}

}  // namespace config
