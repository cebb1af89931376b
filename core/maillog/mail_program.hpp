// SPDX-License-Identifier: Apache-2.0
// Which of Postfix's programs a line's tag names.
#pragma once

#include "core/maillog/delivery_line.hpp"

#include <string_view>

namespace core {

struct NamedProgram {
    std::string_view name;  ///< "other" for one that is not known
    MailProgram program;
};

/// `tag` is without its "[pid]". nullptr: not of Postfix (delivery_line.hpp says what counts as that). What is returned
/// lives for ever.
[[nodiscard]] const NamedProgram* program_of_tag(std::string_view tag);

}  // namespace core
