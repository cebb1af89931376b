// SPDX-License-Identifier: Apache-2.0
// The one vocabulary for failures that are expected.
//
// A Result holds a value or an Error; an Error says which kind of failure it was (a closed enum,
// translated once, where the failure enters the program) and in words what was attempted, on which
// object, and why it failed.
#pragma once

#include <boost/system/result.hpp>

#include <stdexcept>
#include <string>
#include <string_view>

namespace core {

enum class Errc {
    missing,      ///< ENOENT, ENOTDIR, HTTP 404
    denied,       ///< EACCES, EPERM, HTTP 403
    read_only,    ///< EROFS
    no_space,     ///< ENOSPC, EDQUOT
    io_error,     ///< EIO
    stale,        ///< ESTALE
    exists,       ///< EEXIST, ENOTEMPTY
    locked,       ///< EAGAIN or EACCES of a lock that another holds
    unsupported,  ///< EINVAL, EOPNOTSUPP, ENOSYS
    timed_out,    ///< a deadline of ours passed
    refused,      ///< ECONNREFUSED, or a request that was understood and declined
    unavailable,  ///< the other side is there and cannot answer now (HTTP 5xx, EPIPE, ECONNRESET)
    malformed,    ///< data that does not have the form it must have
    other,        ///< any other errno
};

[[nodiscard]] std::string_view to_string(Errc code) noexcept;

/// Translates an errno value of a system call.
[[nodiscard]] Errc errc_from_errno(int error_number) noexcept;

struct Error {
    Errc code = Errc::other;
    std::string message;  ///< one line: what, on which object, why
};

/// An Error from errno: "<action> <object>: <strerror>".
[[nodiscard]] Error system_error(int error_number, std::string_view action,
                                 std::string_view object);

/// What Result<T>::value() throws when there is none; a bug, not an expected failure.
struct ErrorException : std::runtime_error {
    explicit ErrorException(const Error& error) : std::runtime_error(error.message) {}
};

[[noreturn]] inline void throw_exception_from_error(const Error& error,
                                                    const boost::source_location& /*where*/) {
    throw ErrorException(error);
}

template <class T>
using Result = boost::system::result<T, Error>;

}  // namespace core
