# SPDX-License-Identifier: Apache-2.0
"""The state of Postfix's units decides how long a missing master is excused. A real bus, and on it a
service that follows systemd's documentation."""
import os
import signal
import time

import pytest

from support.agent import status_field
from support.deadline import eventually, stays
from support.poller import Poller
from support.systemd_bus import SystemdBus

INSTANCE, GROUP = "postfix@-.service", "postfix.service"


@pytest.fixture
def systemd(instance):
    """Debian's two units, up."""
    bus = SystemdBus(instance.host).start()
    bus.unit(GROUP, "active", "exited", "oneshot")
    bus.unit(INSTANCE, "active", "running")
    yield bus
    bus.thaw()  # a stopped process would keep the host from ending


@pytest.fixture
def serving(instance, systemd):
    """With long rounds: a doubtful fault would take a minute to fail."""
    instance.write_settings(checks={"interval": "10s", "fail_after": 6})
    return instance.serving()


@pytest.fixture
def brisk(instance, systemd):
    """With short rounds: a doubtful fault fails at once."""
    instance.write_settings(checks={"interval": "1s", "fail_after": 1})
    return instance.serving()


@pytest.fixture
def unhurried(instance, systemd):
    """Only events cause a look, and a doubtful fault fails at once; a worker may be slow."""
    instance.write_settings(checks={"interval": "1h", "fail_after": 1}, mount={"deadline": "20s"})
    return instance.serving()


def is_stopped(bus):
    bus.unit(INSTANCE, "inactive", "dead")


def test_a_missing_master_without_an_active_unit_fails_at_once(serving, systemd):
    is_stopped(systemd)
    serving.postfix.kill()
    serving.agent.until(status=503, check="master_pid", reason="stale", within=3)


def test_a_failed_unit_fails_despite_an_active_grouping_unit(serving, systemd):
    systemd.unit(INSTANCE, "failed", "failed")
    serving.postfix.kill()
    serving.agent.until(status=503, check="master_pid", reason="stale", within=3)


def a_round_later(agent):
    """The agent has received what systemd sent before. systemd sends it before it acts on a unit, and so must a test."""
    for _ in range(3):
        looked = agent.row("mount")["time"]
        eventually(lambda: agent.row("mount")["time"] > looked, "another round")


def test_a_restart_is_excused_in_health_and_not_in_readyz(brisk, systemd):
    systemd.send(f"job {INSTANCE} restart")
    systemd.unit(INSTANCE, "deactivating", "stop-sigterm")
    a_round_later(brisk.agent)
    brisk.postfix.kill()
    brisk.agent.until("/readyz", status=503, within=5)
    stays(lambda: brisk.agent.health().status == 200, "a restart is excused", during=2)
    systemd.unit(INSTANCE, "activating", "start")
    brisk.postfix.start()
    systemd.unit(INSTANCE, "active", "running")
    systemd.send(f"done {INSTANCE}")
    brisk.agent.until("/readyz", status=200, within=15)


def test_a_restart_that_fails_is_no_longer_excused(brisk, systemd):
    systemd.unit(INSTANCE, "activating", "start")
    a_round_later(brisk.agent)
    brisk.postfix.kill()
    brisk.agent.until("/readyz", status=503, within=5)
    assert brisk.agent.health().status == 200
    systemd.unit(INSTANCE, "failed", "failed")
    brisk.agent.until(status=503, check="master_pid", reason="stale", within=3)


def waits(pid):
    """Whether the process is idle, now and for a while."""
    for _ in range(10):
        if status_field(pid, "State")[0] != "S":
            return False
        time.sleep(0.02)
    return True


def test_a_restarted_unit_s_master_is_judged_only_once_observed(unhurried, systemd):
    """The restart ends between the look at the host and the question to systemd, because the agent was slow."""
    agent = unhurried.agent
    pid_of = {status_field(pid, "Name"): pid for pid in agent.children()}
    looked = agent.row("mount")["time"]
    systemd.send(f"job {INSTANCE} restart")
    eventually(lambda: agent.row("mount")["time"] > looked, "systemd's signal was received")
    unhurried.postfix.stop()
    agent.until("/readyz", status=503)
    with Poller(agent.port, every=0.002) as poller:
        os.kill(pid_of["pea-host"], signal.SIGSTOP)
        systemd.unit(INSTANCE, "activating", "start")
        stays(lambda: agent.health().status == 200, "the restart is excused", during=0.5)
        os.kill(pid_of["pea-server"], signal.SIGSTOP)
        os.kill(pid_of["pea-host"], signal.SIGCONT)
        eventually(lambda: waits(pid_of["pea-host"]), "the host was looked at")
        unhurried.postfix.start()
        systemd.unit(INSTANCE, "active", "running")
        systemd.send(f"done {INSTANCE}")
        eventually(lambda: waits(pid_of["pea-systemd"]), "systemd's signals were received")
        os.kill(pid_of["pea-server"], signal.SIGCONT)
        agent.until("/readyz", status=200)
    poller.assert_never_left(200)


@pytest.mark.parametrize("trouble", ["stop", "hang", "stop_systemd"])
def test_a_bus_in_trouble_fails_no_check(serving, systemd, trouble):
    getattr(systemd, trouble)()
    stays(lambda: serving.agent.health().status == 200 and serving.agent.request("/readyz").status == 200,
          "healthy whatever the bus does", during=5)


def test_a_bus_that_comes_back_is_used_again(serving, systemd):
    systemd.stop_systemd()
    systemd.stop()
    systemd.start()
    systemd.unit(GROUP, "active", "exited", "oneshot")
    systemd.unit(INSTANCE, "failed", "failed")
    serving.postfix.kill()
    serving.agent.until(status=503, check="master_pid", reason="stale", within=15)
