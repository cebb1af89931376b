# SPDX-License-Identifier: Apache-2.0
"""What `check` and `status` look like on a terminal, here a pseudo-terminal of a chosen size."""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios

import pytest

from support.agent import binary
from support.deadline import eventually

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
AS_OF = re.compile(r"as of (\S+),")
RED_FAIL = "\x1b[1;31mfail\x1b[0m"
ENTER, LEAVE = "\x1b[?1049h", "\x1b[?1049l"


class Terminal:
    """A command of the program on a terminal of its own, `columns` wide."""

    def __init__(self, instance, *arguments, columns=80, rows=50, **environment):
        self.master, slave = pty.openpty()
        self.output = ""
        self.resize(columns, rows)
        settings = {"PATH": "/usr/bin:/bin", "TERM": "xterm-256color", **environment}
        command = [binary(), *arguments, "--config", instance.settings_path]
        if arguments[0] != "status":  # `status` needs only the host's network, which all hosts share
            command = ["nsenter", f"--target={instance.host.init}", "--mount", "--uts", "--ipc", "--pid", "--", *command]
        self.process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, start_new_session=True, env=settings,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(slave)

    def resize(self, columns, rows=50):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read(self):
        """Everything that was written so far."""
        while select.select([self.master], [], [], 0)[0]:
            try:
                chunk = os.read(self.master, 65536)
            except OSError:  # EIO: no process has it open any more
                break
            if not chunk:
                break
            self.output += chunk.decode(errors="replace")
        return self.output

    def until(self, words, since=0, within=20):
        def there():
            return words in self.read()[since:]
        eventually(there, f"the terminal shows {words!r}", within)

    def type(self, keys):
        os.write(self.master, keys)

    def end(self, within=20):
        """The exit status, once everything it wrote was read."""
        def over():
            self.read()
            return self.process.poll() is not None
        eventually(over, "the command ended", within)
        self.read()
        os.close(self.master)
        return self.process.returncode


def run(instance, *arguments, **options):
    """Runs to the end; (exit status, output)."""
    terminal = Terminal(instance, *arguments, **options)
    status = terminal.end()
    return status, terminal.output.replace("\r\n", "\n")


def without_colour(text):
    return COLOUR.sub("", text)


@pytest.fixture
def failing(serving):
    serving.postfix.kill()
    serving.agent.until(status=503)
    return serving


def test_a_terminal_gets_colour_and_a_pipe_the_same_without(failing):
    for command in ("status", "check"):
        status, output = run(failing, command, columns=400)
        assert status == 2
        assert RED_FAIL in output and "\x1b[32mpass\x1b[0m" in output
        piped = failing.command(command)
        assert "\x1b" not in piped.stdout
        ages = re.compile(r" +\d+ (s|min) +")
        assert ages.sub(" ", without_colour(output)).split() == ages.sub(" ", piped.stdout).split()


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {"TERM": ""}])
def test_no_colour_is_printed_where_the_environment_refuses_it(failing, environment):
    for command in ("status", "check"):
        status, output = run(failing, command, **environment)
        assert status == 2 and "fail" in output and "\x1b" not in output


def test_an_empty_no_color_has_no_effect(failing):
    assert RED_FAIL in run(failing, "status", NO_COLOR="")[1]


@pytest.mark.parametrize("columns", [60, 80, 200])
def test_no_line_is_wider_than_the_terminal(failing, columns):
    for command in ("status", "check"):
        lines = without_colour(run(failing, command, columns=columns)[1]).split("\n")
        too_wide = [line for line in lines if len(line) > columns and " " in line.strip()]
        assert too_wide == [], "only a single word may be"
        assert max(map(len, lines)) > columns * 2 / 3, "the room there is is used"


def test_a_terminal_without_a_size_is_columns_or_80_wide(failing):
    narrow = without_colour(run(failing, "status", columns=0, COLUMNS="60")[1])
    assert max(len(line) for line in narrow.split("\n") if " " in line.strip()) <= 60
    usual = without_colour(run(failing, "status", columns=0, COLUMNS="wide")[1]).split("\n")
    assert 60 < max(len(line) for line in usual if " " in line.strip()) <= 80


# ---- status --watch

@pytest.fixture
def watch(serving):
    made = Terminal(serving, "status", "--watch")
    yield made
    if made.process.poll() is None:
        made.process.kill()
        made.process.wait(timeout=10)


def test_watch_shows_each_change_and_ctrl_c_restores_the_terminal(serving, watch):
    watch.until(f"{serving.id}\x1b[0m: \x1b[32mpass")
    assert watch.output.startswith(ENTER) and "\x1b[?25l" in watch.output
    seen = len(watch.output)
    serving.postfix.kill()
    watch.until("master_pid stale", since=seen)
    watch.type(b"\x03")
    assert watch.end() == 2, "the exit status of what was shown last"
    assert watch.output.rindex(LEAVE) > watch.output.rindex(ENTER) and watch.output.endswith(LEAVE)
    assert watch.output.rindex("\x1b[?25h") > watch.output.rindex("\x1b[?25l"), "the cursor is back"
    assert watch.output.rindex("\x1b[?7h") > watch.output.rindex("\x1b[?7l"), "long lines are as before"


def test_watch_survives_the_agent(serving, watch):
    watch.until("\x1b[32mpass")
    serving.agent.stop()
    seen = len(watch.output)
    watch.until("no answer\x1b[0m: get http://127.0.0.1:", since=seen)
    watch.until("Reported ", since=seen)
    seen = len(watch.output)
    serving.serve().until(status=200)
    watch.until("as of ", since=seen)
    watch.type(b"\x03")
    assert watch.end() == 0


def test_watch_that_never_reached_the_agent_ends_with_unknown(instance):
    terminal = Terminal(instance, "status", "--watch")
    terminal.until("no answer\x1b[0m: get http://127.0.0.1:")
    assert "Reported" not in terminal.output
    terminal.type(b"\x03")
    assert terminal.end() == 3


@pytest.mark.prompt  # the resize is to come before the next question does
def test_a_resize_is_drawn_at_once_in_the_new_width(serving, watch):
    """The last answer is drawn once more before the next question: it has the same time."""
    for _ in range(2):  # the second has just been asked for
        seen = len(watch.output)
        watch.until("refreshed every 2 s", since=seen)
    assert "    SEEN" not in watch.output[seen:]
    drawn = AS_OF.findall(watch.output)[-1]
    watch.resize(50)
    watch.until("    SEEN", since=seen)
    narrow = watch.output.index("    SEEN", seen)
    watch.until("refreshed every 2 s", since=narrow)
    assert AS_OF.search(watch.output, narrow)[1] == drawn


def test_a_low_window_is_reported_below_the_first_line(serving):
    terminal = Terminal(serving, "status", "--watch", rows=5)
    terminal.until("(more below: make the window higher)")
    frame = terminal.output.split("\x1b[H")[1]
    assert frame.count("\n") == 4 and serving.id in frame.split("\r\n")[0]
    terminal.type(b"\x03")
    assert terminal.end() == 0


def test_ctrl_z_restores_the_terminal_until_it_continues(serving, watch):
    watch.until("refreshed every 2 s")
    pid = watch.process.pid
    watch.type(b"\x1a")
    eventually(lambda: state(pid) == "T", "it is stopped")
    assert watch.read().endswith(LEAVE)
    seen = len(watch.output)
    os.kill(pid, signal.SIGCONT)
    watch.until(ENTER, since=seen)
    watch.until("refreshed every 2 s", since=seen)
    watch.type(b"\x03")
    assert watch.end() == 0


def state(pid):
    with open(f"/proc/{pid}/stat") as file:
        return file.read().rsplit(") ", 1)[1][0]


def test_a_killed_watch_restores_the_terminal(serving, watch):
    watch.until("refreshed every 2 s")
    os.kill(watch.process.pid, signal.SIGTERM)
    assert watch.end() == 0 and watch.output.endswith(LEAVE)


def test_watch_without_a_terminal_is_refused(serving):
    done = serving.command("status", "--watch")
    assert done.returncode == 3 and done.stdout == ""
    assert "needs a terminal" in done.stderr and done.stderr.count("\n") == 1


def test_watch_and_json_exclude_each_other(serving):
    assert serving.command("status", "--watch", "--json").returncode == 64
