# SPDX-License-Identifier: Apache-2.0
"""Which process holds the lock of master.pid: the agent asks the file server, which knows the locks of all hosts, and
does not take the lock. The file server is tests/support/faultfs.cpp."""
import subprocess
import sys

import pytest

from support.world import OTHER

HOLD = "import fcntl, sys; f = open(sys.argv[1], 'r+b'); fcntl.flock(f, fcntl.LOCK_EX); print('held', flush=True); input()"


@pytest.fixture
def relinked(frozen_world):
    """The queue is in place and has a pid file; the agent serves, Postfix does not run yet."""
    instance = frozen_world.instance().relinked()
    instance.serve().until(check="relink", reason="")
    instance.host.write(f"{instance.queue}/pid/master.pid", "%32d\n" % 4_000_000, 0o600)
    return instance


def hold(host, path):
    holder = host.popen(sys.executable, "-c", HOLD, path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert holder.stdout.readline() == "held\n"
    return holder


def refused_start(instance):
    assert instance.postfix.command("start", check=False).returncode != 0
    assert "already running" in instance.postfix.log_text()


def test_a_lock_of_another_host_is_seen_until_it_ends(relinked, frozen_world):
    other = frozen_world.instance(OTHER).mount()
    holder = hold(other.host, f"{relinked.queue}/pid/master.pid")
    refused_start(relinked)
    relinked.agent.until(status=503, check="startup_log", reason="already_running",
                         said=(f"another host holds the lock on {relinked.queue}/pid/master.pid",))
    assert frozen_world.faultfs.counts()["getlk"] > 0, "it was asked for"
    holder.communicate("\n", timeout=10)
    relinked.postfix.start()
    relinked.agent.until(status=200)


@pytest.mark.parametrize("error, words", [("ENOLCK", "No locks available"), ("EDQUOT", "Disk quota exceeded"),
                                          ("ESTALE", "Stale file handle")])
def test_an_error_of_the_file_server_is_quoted(relinked, frozen_world, error, words):
    other = frozen_world.instance(OTHER).mount()
    holder = hold(other.host, f"{relinked.queue}/pid/master.pid")
    frozen_world.faultfs.refuse(error, "getlk")
    refused_start(relinked)
    relinked.agent.until(status=503, check="startup_log", reason="already_running", said=(words,))
    frozen_world.faultfs.clear()
    holder.communicate("\n", timeout=10)
    relinked.postfix.start()
    relinked.agent.until(status=200)
