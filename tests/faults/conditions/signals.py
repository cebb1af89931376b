# SPDX-License-Identifier: Apache-2.0
"""Signals to the program's processes."""
import os
import signal

from row import condition
from support.deadline import eventually


@condition
def worker_stopped(relay, name):
    pid = relay.agent.worker(name)
    os.kill(pid, signal.SIGSTOP)
    yield
    os.kill(pid, signal.SIGCONT)


@condition
def worker_killed_again_and_again(relay, name):
    for _ in range(3):
        pid = relay.agent.worker(name)
        os.kill(pid, signal.SIGKILL)
        eventually(lambda: pid not in relay.agent.children(), f"{name} is gone")
    yield


@condition
def reloaded_with(relay, text):
    """With that in the settings file; the old settings stay."""
    with open(relay.instance.settings_path) as file:
        good = file.read()
    said = relay.agent.stderr().count("reload: ")
    relay.reload(text)
    eventually(lambda: relay.agent.stderr().count("reload: ") > said, "the reload is logged")
    yield
    relay.reload(good)


@condition
def terminated(relay):
    """With a delay, in which a load balancer learns of it."""
    _drains_for(relay, 2)
    os.kill(relay.agent.supervisor, signal.SIGTERM)
    yield
    assert relay.agent.wait(within=10) == 0
    relay.serve()


@condition
def terminated_while_frozen(relay):
    _drains_for(relay, 2)
    relay.faultfs.freeze()
    relay.agent.until(check="mount", reason="hung")
    os.kill(relay.agent.supervisor, signal.SIGTERM)
    yield
    assert relay.agent.wait(within=10) == 0, "it ends although the mount hangs"
    relay.faultfs.thaw()
    relay.serve()


def _drains_for(relay, seconds):
    said = relay.agent.stderr().count("reload: ")
    relay.instance.write_settings(drain={"delay": f"{seconds}s"})
    relay.agent.hup()
    eventually(lambda: relay.agent.stderr().count("reload: ") > said, "the reload is logged")
