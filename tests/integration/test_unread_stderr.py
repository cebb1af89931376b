# SPDX-License-Identifier: Apache-2.0
"""A standard error that nothing reads delays neither an answer nor the end."""
import contextlib
import fcntl
import os
import pty
import select

import pytest

from support.agent import status_field
from support.deadline import eventually

ONE_PAGE = 4096


class Unread:
    """Standard error of the agent, and the end at which the test may read."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer
        self._text = b""

    def fill(self):
        """Until not one byte more goes through."""
        own = os.open(f"/proc/self/fd/{self.writer}", os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
        try:
            room = True
            while room:
                for size in (ONE_PAGE, 1):
                    with contextlib.suppress(BlockingIOError):
                        while True:
                            os.write(own, b"." * size)
                room = select.select([], [own], [], 0.3)[1]  # what was written moves on inside a terminal
        finally:
            os.close(own)

    def read(self):
        """All that has come so far."""
        while select.select([self.reader], [], [], 0)[0]:
            self._text += os.read(self.reader, ONE_PAGE)
        return self._text.decode(errors="replace")

    def close(self):
        os.close(self.reader)
        os.close(self.writer)


@pytest.fixture(params=["pipe", "terminal"])
def unread(request):
    if request.param == "pipe":
        unread = Unread(*os.pipe())
        fcntl.fcntl(unread.writer, fcntl.F_SETPIPE_SZ, ONE_PAGE)
    else:
        unread = Unread(*pty.openpty())
    yield unread
    unread.close()


def serve(instance, unread):
    popen = instance.host.popen
    instance.host.popen = lambda *argv, **keywords: popen(*argv, **{**keywords, "stderr": unread.writer})
    try:
        return instance.serve()
    finally:
        instance.host.popen = popen


def has_taken_its_signals(pid):
    return int(status_field(pid, "ShdPnd"), 16) == 0


def test_a_full_log_delays_neither_answers_nor_the_end(instance, unread):
    agent = serve(instance.bake(), unread)
    agent.until(check="mount", reason="missing")
    unread.fill()
    instance.write_settings(checks={"interval": "soon"})
    agent.hup()                                   # a line of the supervisor
    eventually(lambda: has_taken_its_signals(agent.supervisor), "the supervisor reloads")
    instance.mount()                              # and one of the server
    agent.until(check="mount", reason="")
    assert agent.request("/livez", timeout=5).status == 200

    def is_counted():
        agent.hup()
        return "log lines were dropped, because nothing read standard error fast enough" in unread.read()
    unread.read()
    eventually(is_counted, "the next line follows the number of dropped ones")
    unread.fill()
    agent.hup()
    assert agent.stop() == 0
