// SPDX-License-Identifier: Apache-2.0
// The terminal on standard output, if it is one: the style of a table there, and a screen that is
// redrawn in place and restored at the end.
#pragma once

#include "agent/report/health_table.hpp"
#include "core/base/time.hpp"

#include <string_view>

namespace agent {

/// For standard output. A terminal gets colours unless NO_COLOR is set and not empty
/// (https://no-color.org) or TERM is "dumb" or not set, and the width that it says it has, else
/// COLUMNS, else 80. What is no terminal gets neither.
[[nodiscard]] TableStyle style_of_stdout();

[[nodiscard]] bool stdout_is_terminal();

/// The alternate screen of the terminal on standard output, its cursor hidden. One at a time.
/// Ctrl-C, SIGTERM and a hang-up give the terminal back and end the process at once with
/// leave_with(); Ctrl-Z gives it back until the process goes on.
class Screen {
   public:
    /// `exit_status`: as for leave_with(), which may change it.
    explicit Screen(int exit_status);
    ~Screen();
    Screen(const Screen&) = delete;
    Screen& operator=(const Screen&) = delete;

    /// Sets the exit status of the process when a signal ends it.
    void leave_with(int exit_status);

    /// Shows `text`, lines of printable ASCII with or without colours, in place of what was shown;
    /// what is below the last row of the terminal is not shown, and the last row says so.
    void draw(std::string_view text);

    /// Returns after `longest`, or earlier on a resize of the terminal or a return from Ctrl-Z.
    void wait(core::BootTime longest);
};

}  // namespace agent
