# SPDX-License-Identifier: Apache-2.0
"""The agent starts the Postfix units that `gate` refused, once they may start, and no other unit."""
import os
import signal

import pytest

from support.deadline import eventually
from support.systemd_bus import SystemdBus

pytestmark = pytest.mark.traced

GROUP, UNIT = "postfix.service", "postfix@-.service"
REFUSED = "/run/postfix-elb-agent/refused"


@pytest.fixture
def systemd(instance):
    """systemd manages this host, sd_booted(3), and has Debian's two units loaded."""
    bus = SystemdBus(instance.host).start()
    instance.host.run("mkdir", "-p", "/run/systemd/system")
    bus.unit(GROUP, "failed", "failed", "oneshot")
    bus.unit(UNIT, "failed", "failed")
    yield bus
    bus.thaw()


def marks(instance):
    directory = instance.host.view(REFUSED)
    return sorted(os.listdir(directory)) if os.path.exists(directory) else []


def refuse(instance, *units):
    for unit in units:
        assert instance.command("gate", "--unit", unit).returncode == 255


def rounds_pass(agent, count=3):
    for _ in range(count):
        looked = agent.row("mount")["time"]
        eventually(lambda: agent.row("mount")["time"] > looked, "another round")


def test_refused_units_start_once_the_mount_is_there(instance, systemd):
    instance.bake()
    agent = instance.serve()
    refuse(instance, UNIT, GROUP)
    rounds_pass(agent)
    assert systemd.send("started") == "", "not before the mount is there"
    instance.mount()
    eventually(lambda: marks(instance) == [], "the marks are gone")
    assert systemd.send("started") == f"{GROUP} {UNIT}"
    for unit in (GROUP, UNIT):
        assert f"starting {unit}, which was refused before: mount missing: " in agent.stderr()
    rounds_pass(agent)
    assert systemd.send("started") == "", "once"
    assert len(agent.children()) == 4, "the process that asked systemd is gone"


def test_a_refused_start_must_fail_before_the_next_is_requested(instance, systemd):
    instance.bake()
    refuse(instance, UNIT)
    systemd.unit(UNIT, "activating", "start-pre")
    instance.mount()
    agent = instance.serve()
    agent.until(check="relink", reason="")
    rounds_pass(agent)
    assert systemd.send("started") == "", "it would be the very start that is about to fail"
    assert marks(instance) == [UNIT]
    systemd.unit(UNIT, "failed", "failed")
    eventually(lambda: systemd.send("started") == UNIT, "now it is")


def test_the_agent_starts_refused_units_only(instance, systemd):
    instance.bake().mount()
    instance.host.write(f"{REFUSED}/nginx.service", "not of Postfix\n")
    instance.host.write(f"{REFUSED}/postfix@-.service.new", "half-written\n")
    systemd.unit("nginx.service", "failed", "failed")
    agent = instance.serve()
    agent.until(check="relink", reason="")
    rounds_pass(agent)
    assert systemd.send("started") == ""


def test_without_a_service_manager_marks_are_left_alone(instance, systemd):
    instance.bake()
    refuse(instance, UNIT)
    instance.host.run("rm", "-r", "/run/systemd/system")
    instance.mount()
    agent = instance.serve()
    agent.until(check="relink", reason="")
    rounds_pass(agent)
    assert systemd.send("started") == ""
    assert marks(instance) == [UNIT]


def test_a_start_that_systemd_refuses_stays_marked_and_is_retried(instance, systemd):
    instance.bake()
    refuse(instance, UNIT)
    systemd.send("refuse org.freedesktop.systemd1.UnitMasked")
    instance.mount()
    agent = instance.serve()
    said = f"start {UNIT}, which was refused before: systemd refuses: refused by the test; trying again"
    eventually(lambda: said in agent.stderr(), "it says why")
    rounds_pass(agent)
    assert agent.stderr().count(said) == 1
    assert marks(instance) == [UNIT]
    systemd.send("refuse")
    eventually(lambda: marks(instance) == [], "it is tried again after half a minute", within=60)
    assert systemd.send("started") == UNIT


def test_a_systemd_that_hangs_holds_up_nothing(instance, systemd):
    instance.bake()
    refuse(instance, UNIT)
    systemd.hang()
    instance.mount()
    agent = instance.serve()
    agent.until(check="relink", reason="")
    rounds_pass(agent)
    workers = agent.workers()
    os.kill(agent.mount_worker(), signal.SIGKILL)
    eventually(lambda: set(agent.workers()) - set(workers), "the supervisor goes on: another worker", within=4)
    assert marks(instance) == [UNIT]


def test_an_agent_that_ends_starts_nothing(instance, systemd):
    instance.bake().mount()
    instance.write_settings(drain={"delay": "1h"})
    agent = instance.serve()
    agent.until(check="relink", reason="")
    os.kill(agent.supervisor, signal.SIGTERM)
    agent.until(phase="draining")
    instance.host.write(f"{REFUSED}/{UNIT}", "why\n")
    rounds_pass(agent)
    assert systemd.send("started") == ""
    assert agent.stop() == 0
    assert marks(instance) == [UNIT], "for the agent that comes next"


def test_the_next_agent_starts_the_units_of_an_earlier_one(instance, systemd):
    instance.bake()
    refuse(instance, UNIT)
    assert instance.serve().stop() == 0
    instance.mount()
    instance.serve()
    eventually(lambda: systemd.send("started") == UNIT, "it is started")
