# SPDX-License-Identifier: Apache-2.0
"""`gate --unit`, as the drop-in of Postfix's unit calls it: it waits for an agent that is starting, and leaves a mark
when it refuses. A real bus, and on it a service that follows systemd's documentation."""
import os
import stat
import time

import pytest

from support.agent import binary
from support.deadline import eventually, stays
from support.systemd_bus import SystemdBus

AGENT, UNIT = "postfix-elb-agent.service", "postfix@-.service"
REFUSED = "/run/postfix-elb-agent/refused"


@pytest.fixture
def systemd(instance):
    bus = SystemdBus(instance.host).start()
    yield bus
    bus.thaw()


def begins_to_start(bus, seconds_ago=0):
    bus.unit(AGENT, "activating", "start", "notify")
    bus.send(f"began {AGENT} {(time.clock_gettime_ns(time.CLOCK_MONOTONIC) - seconds_ago * 10 ** 9) // 1000}")


def marks(instance):
    """{unit: text} of the marks."""
    directory = instance.host.view(REFUSED)
    names = os.listdir(directory) if os.path.exists(directory) else []
    return {name: open(f"{directory}/{name}").read() for name in names}


def gate(instance, unit=UNIT):
    return instance.command("gate", "--unit", unit)


class Gate:
    """A running `gate`."""

    def __init__(self, instance):
        self.log = f"{instance.host.directory}/gate.stderr"
        self.process = instance.host.popen(binary(), "gate", "--unit", UNIT, "--config", instance.settings_path,
                                           stderr=open(self.log, "w"))

    def said(self):
        with open(self.log) as file:
            return file.read().splitlines()

    def waits(self):
        return self.process.poll() is None

    def until_it_waits(self):
        eventually(self.said, "it says what it waits for")
        assert self.waits()
        return self


def test_an_allowed_start_prints_nothing_and_leaves_no_mark(instance):
    instance.relinked()
    done = gate(instance)
    assert (done.returncode, done.stderr, marks(instance)) == (0, "", {})


def test_a_refusal_leaves_a_mark_until_the_next_start(instance):
    instance.bake()
    done = gate(instance)
    assert done.returncode == 255, "less than that is no failure to ExecCondition="
    (line,) = done.stderr.splitlines()
    assert line.startswith("postfix-elb-agent: Postfix may not start: mount missing: ")
    assert marks(instance) == {UNIT: line.split("may not start: ")[1] + "\n"}
    for path, mode in [(REFUSED, 0o755), (f"{REFUSED}/{UNIT}", 0o644)]:
        status = os.stat(instance.host.view(path))
        assert (stat.S_IMODE(status.st_mode), status.st_uid) == (mode, 0)
    instance.mount()
    assert instance.command("relink").returncode == 0
    assert gate(instance).returncode == 0
    assert marks(instance) == {}


def test_a_gate_run_by_hand_leaves_no_mark(instance):
    instance.bake()
    assert instance.command("gate").returncode == 1
    assert marks(instance) == {}


@pytest.mark.parametrize("unit", ["nginx.service", "postfix", "postfix@../../x.service", AGENT])
def test_only_a_unit_of_postfix_is_answered(instance, unit):
    instance.relinked()
    done = gate(instance, unit)
    assert done.returncode == 255
    assert f"--unit {unit} is not a unit of Postfix" in done.stderr
    assert marks(instance) == {}


def test_settings_with_errors_refuse_the_start_and_leave_a_mark(instance):
    instance.relinked()
    instance.write_settings(mount={"wait": "soon"})
    done = gate(instance)
    assert done.returncode == 255
    assert "mount.wait" in done.stderr and "sudo systemctl restart postfix-elb-agent" in done.stderr
    assert list(marks(instance)) == [UNIT]
    assert instance.command("gate").returncode == 1, "a gate run by hand refuses as ever"


def test_an_agent_that_starts_is_waited_for(instance, systemd):
    instance.bake()
    begins_to_start(systemd)
    running = Gate(instance).until_it_waits()
    instance.mount()
    assert instance.command("relink").returncode == 0
    stays(running.waits, "it waits for the agent, not for the queue", during=2)
    systemd.unit(AGENT, "active", "running", "notify")
    eventually(lambda: not running.waits(), "it decides when the agent is ready", within=5)
    assert running.process.returncode == 0, running.said()
    assert marks(instance) == {}


def test_while_it_waits_it_prints_each_status_once(instance, systemd):
    instance.bake()
    begins_to_start(systemd)
    running = Gate(instance).until_it_waits()
    stays(lambda: len(running.said()) == 1, "the same is not said again", during=2)
    assert running.said()[0].startswith("postfix-elb-agent: waiting for postfix-elb-agent.service, which is starting")
    systemd.send(f"status {AGENT} health fail: mount missing: nothing is mounted at /Mail")
    eventually(lambda: len(running.said()) == 2, "it says what is new")
    assert running.said()[1].endswith(": health fail: mount missing: nothing is mounted at /Mail")
    systemd.unit(AGENT, "failed", "failed", "notify")
    eventually(lambda: not running.waits(), "an agent that failed is not waited for", within=5)
    assert running.process.returncode == 255


def test_an_agent_whose_start_is_queued_is_waited_for(instance, systemd):
    instance.relinked()
    systemd.unit(AGENT, "inactive", "dead", "notify")
    systemd.send(f"job {AGENT} start")
    running = Gate(instance).until_it_waits()
    systemd.send(f"done {AGENT}")
    eventually(lambda: not running.waits(), "without a job nothing starts it", within=5)
    assert running.process.returncode == 0


def test_the_wait_ends_mount_wait_after_the_agent_s_start(instance, systemd):
    instance.bake()
    instance.write_settings(mount={"wait": "60s"})
    begins_to_start(systemd, seconds_ago=57)
    running = Gate(instance).until_it_waits()
    eventually(lambda: not running.waits(), "the rest of the minute is over", within=10)
    assert running.process.returncode == 255
    assert "mount missing" in running.said()[-1]
    begins_to_start(systemd, seconds_ago=61)
    began = time.monotonic()
    assert gate(instance).returncode == 255
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("state", [("active", "running"), ("inactive", "dead"), ("failed", "failed")])
def test_an_agent_that_does_not_start_is_not_waited_for(instance, systemd, state):
    instance.bake()
    systemd.unit(AGENT, *state, "notify")
    done = gate(instance)
    assert done.returncode == 255
    assert "waiting" not in done.stderr


def test_a_hung_systemd_does_not_block_the_start(instance, systemd):
    instance.relinked()
    begins_to_start(systemd)
    systemd.hang()
    began = time.monotonic()
    assert gate(instance).returncode == 0
    assert time.monotonic() - began < 15


def test_a_bus_that_disappears_does_not_end_the_wait(instance, systemd):
    instance.relinked()
    instance.write_settings(mount={"wait": "6s"})
    begins_to_start(systemd)
    running = Gate(instance).until_it_waits()
    systemd.stop_systemd()
    systemd.stop()
    stays(running.waits, "it waits on", during=2)
    eventually(lambda: not running.waits(), "for as long as mount.wait says", within=15)
    assert running.process.returncode == 0
