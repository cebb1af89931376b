// SPDX-License-Identifier: Apache-2.0
#include "core/base/result.hpp"

#include <array>
#include <cerrno>
#include <system_error>

namespace core {
namespace {

struct Name {
    Errc code;
    std::string_view text;
};

constexpr std::array names{
    Name{Errc::missing, "missing"},         Name{Errc::denied, "denied"},
    Name{Errc::read_only, "read_only"},     Name{Errc::no_space, "no_space"},
    Name{Errc::io_error, "io_error"},       Name{Errc::stale, "stale"},
    Name{Errc::exists, "exists"},           Name{Errc::locked, "locked"},
    Name{Errc::unsupported, "unsupported"}, Name{Errc::timed_out, "timed_out"},
    Name{Errc::refused, "refused"},         Name{Errc::unavailable, "unavailable"},
    Name{Errc::malformed, "malformed"},     Name{Errc::other, "other"},
};

}  // namespace

std::string_view to_string(Errc code) noexcept {
    for (const Name& name : names) {
        if (name.code == code) {
            return name.text;
        }
    }
    return "other";
}

Errc errc_from_errno(int error_number) noexcept {
    switch (error_number) {
        case ENOENT:
        case ENOTDIR: return Errc::missing;
        case EACCES:
        case EPERM: return Errc::denied;
        case EROFS: return Errc::read_only;
        case ENOSPC:
        case EDQUOT: return Errc::no_space;
        case EIO: return Errc::io_error;
        case ESTALE: return Errc::stale;
        case EEXIST:
        case ENOTEMPTY: return Errc::exists;
        case EAGAIN: return Errc::locked;
        case EINVAL:
        case EOPNOTSUPP:
        case ENOSYS: return Errc::unsupported;
        case ETIMEDOUT: return Errc::timed_out;
        case ECONNREFUSED: return Errc::refused;
        case EPIPE:
        case ECONNRESET: return Errc::unavailable;
        default: return Errc::other;
    }
}

Error system_error(int error_number, std::string_view action, std::string_view object) {
    std::string message;
    message.append(action).append(" ").append(object).append(": ");
    message.append(std::generic_category().message(error_number));
    return {errc_from_errno(error_number), std::move(message)};
}

}  // namespace core
