// SPDX-License-Identifier: Apache-2.0
// Which of Postfix's programs a line's tag names.
#pragma once

#include <array>
#include <string_view>

namespace core {

/// Those that deliver, in the order of transports, then the others whose lines count.
enum class MailProgram {
    smtp,
    lmtp,
    local,
    virtual_,
    pipe,
    error,
    discard,
    smtpd,
    cleanup,
    qmgr,
    bounce,
    other
};

inline constexpr std::array<std::string_view, 7> transports{"smtp", "lmtp",  "local",  "virtual",
                                                            "pipe", "error", "discard"};

struct NamedProgram {
    std::string_view name;  ///< "other" for one that is not known
    MailProgram program;
};

/// `tag` is without its "[pid]". nullptr: not of Postfix (see delivery_line.hpp). The result
/// is static.
[[nodiscard]] const NamedProgram* program_of_tag(std::string_view tag);

}  // namespace core
