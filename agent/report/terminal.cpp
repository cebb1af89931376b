// SPDX-License-Identifier: Apache-2.0
#include "agent/report/terminal.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <ctime>
#include <string>

namespace agent {

namespace {

constexpr std::size_t usual_width = 80;

// Private modes of xterm that every emulator and multiplexer takes: 1049, a screen of one's own;
// 25, the cursor; 7, long lines go on in the next row. Without the last, a line is a row, and the
// first one never scrolls away.
constexpr std::string_view enter_sequence = "\x1b[?1049h\x1b[?25l\x1b[?7l";
constexpr std::string_view leave_sequence = "\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l";
constexpr std::string_view plain = "\x1b[0m";
constexpr std::string_view home = "\x1b[H";
constexpr std::string_view clear_to_end_of_line = "\x1b[K";
constexpr std::string_view clear_below = "\x1b[J";

// What a handler of a signal may touch.
volatile sig_atomic_t exit_status_when_ended = 0;

/// Safe in a handler. A terminal that takes no bytes any more has nothing to be said.
void put(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t size = ::write(STDOUT_FILENO, bytes.data(), bytes.size());
        if (size <= 0) {
            return;
        }
        bytes.remove_prefix(static_cast<std::size_t>(size));
    }
}

extern "C" void on_end(int) {
    put(leave_sequence);
    ::_exit(exit_status_when_ended);
}

extern "C" void on_stop(int) {
    put(leave_sequence);
    ::raise(SIGSTOP);
    put(enter_sequence);
}

extern "C" void on_news(int) {
}

void handle(int number, void (*handler)(int)) {
    struct sigaction action {};
    action.sa_handler = handler;
    ::sigfillset(&action.sa_mask);
    ::sigaction(number, &action, nullptr);
}

/// Those that end a wait; taken nowhere else.
constexpr std::array news{SIGWINCH, SIGTSTP, SIGCONT};

winsize size_of_stdout() {
    winsize size{};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) {
        return {};
    }
    return size;
}

/// A number of columns from the environment; 0 if there is none.
std::size_t columns_of_environment() {
    const char* value = std::getenv("COLUMNS");
    const std::string_view text = value != nullptr ? value : "";
    std::size_t columns = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), columns);
    return parsed.ec == std::errc() && parsed.ptr == text.data() + text.size() ? columns : 0;
}

std::size_t width_of_stdout() {
    const std::size_t said = size_of_stdout().ws_col;
    const std::size_t environment = said > 0 ? said : columns_of_environment();
    return environment > 0 ? environment : usual_width;
}

bool colour_is_wanted() {
    const char* none = std::getenv("NO_COLOR");
    const char* kind = std::getenv("TERM");
    return (none == nullptr || *none == '\0') && kind != nullptr && *kind != '\0' &&
           std::string_view(kind) != "dumb";
}

}  // namespace

bool stdout_is_terminal() {
    return ::isatty(STDOUT_FILENO) == 1;
}

TableStyle style_of_stdout() {
    return stdout_is_terminal() ? TableStyle{colour_is_wanted(), width_of_stdout()} : TableStyle{};
}

Screen::Screen(int exit_status) {
    leave_with(exit_status);
    for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) {
        handle(number, on_end);
    }
    handle(SIGTSTP, on_stop);
    handle(SIGWINCH, on_news);
    handle(SIGCONT, on_news);
    sigset_t held;
    ::sigemptyset(&held);
    for (const int number : news) {
        ::sigaddset(&held, number);
    }
    ::sigprocmask(SIG_BLOCK, &held, nullptr);
    put(enter_sequence);
}

Screen::~Screen() {
    put(leave_sequence);
}

void Screen::leave_with(int exit_status) {
    exit_status_when_ended = exit_status;
}

void Screen::draw(std::string_view text) {
    const std::size_t rows = size_of_stdout().ws_row;
    std::string frame(home);
    for (std::size_t row = 1; !text.empty(); ++row) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const bool last_row = rows > 0 && row == rows;
        const bool more = end + 1 < text.size();
        frame.append(last_row && more ? "(more below: make the window higher)"
                                      : text.substr(0, end));
        frame.append(plain).append(clear_to_end_of_line);
        if (last_row) {
            break;
        }
        text.remove_prefix(std::min(end + 1, text.size()));
        frame.append(text.empty() ? "" : "\r\n");
    }
    frame.append(clear_below);
    put(frame);
}

void Screen::wait(core::BootTime longest) {
    constexpr int thousand = 1000;
    const timespec time{longest.count() / thousand,
                        (longest.count() % thousand) * thousand * thousand};
    sigset_t during;
    ::sigprocmask(SIG_BLOCK, nullptr, &during);
    for (const int number : news) {
        ::sigdelset(&during, number);
    }
    ::ppoll(nullptr, 0, &time, &during);
}

}  // namespace agent
