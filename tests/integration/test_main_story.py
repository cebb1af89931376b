# SPDX-License-Identifier: Apache-2.0
"""The program's main job on a real Postfix, from a bare boot to service and back, as an operator would see it."""
import os

import pytest

from support.deadline import eventually, stays
from support.tree_compare import differences, snapshot
from support.world import OTHER

pytestmark = pytest.mark.traced


def mail_in(queue):
    return [f"{directory}/{name}" for part in ("incoming", "active", "deferred", "hold", "maildrop")
            for directory, _, files in os.walk(f"{queue}/{part}") for name in files]


def test_from_a_bare_boot_to_service_and_back(instance):
    instance.bake()
    agent = instance.serve()

    unmounted = agent.until(status=503, check="mount", reason="missing")
    assert unmounted.json["phase"] in ("starting", "relinking")
    assert instance.world.mount_path in unmounted.json["output"]
    assert instance.command("gate").returncode == 1

    instance.mount()
    waiting = agent.until(status=503, check="relink", reason="", phase="awaiting_postfix")
    assert waiting.json["checks"]["master_pid"][0]["reason"] == "missing"
    assert instance.link_text() == instance.queue
    assert instance.command("gate").returncode == 0

    instance.postfix.start(quick=False)
    healthy = agent.until(status=200, phase="serving")
    assert healthy.json["status"] == "pass"
    assert "output" not in healthy.json
    assert healthy.json["serviceId"] == instance.id
    assert agent.request("/readyz").status == 200

    instance.postfix.send("hello")
    assert len(mail_in(instance.queue_seen)) == 1

    killed = instance.host.inner_pid(instance.postfix.master_pid())
    instance.postfix.kill()
    dead = agent.until(status=503, check="master_pid", reason="stale")
    assert f"{instance.queue}/pid/master.pid names pid {killed}, and no such process exists" in dead.json["output"]
    assert agent.request("/readyz").status == 503

    instance.postfix.start()
    agent.until(status=200, phase="serving")
    assert len(mail_in(instance.queue_seen)) == 1

    assert agent.stop() == 0
    assert instance.postfix.answers(), "the agent is not part of the mail path"


def test_the_image_links_to_the_queue_of_another_live_master(world):
    """Section 1 of the design, replayed: Postfix is started before the relink and dies with its misleading line."""
    other = world.instance(OTHER, "host-other").serving()
    mine = world.instance(name="host-mine")
    mine.bake(link_to=OTHER).mount()

    assert mine.postfix.command("start", check=False).returncode != 0
    assert "fatal: the Postfix mail system is already running" in mine.postfix.log_text()

    refused = mine.command("gate")
    assert refused.returncode == 1, "with the gate in front it cannot happen"
    assert "wrong_target" in refused.stdout + refused.stderr

    agent = mine.serve()
    failing = agent.until(status=503, check="startup_log", reason="already_running")
    row = failing.json["checks"]["startup_log"][0]
    assert "already running" in row["output"]
    assert row["remedy"]
    agent.until(check="relink", reason="")
    assert mine.command("gate").returncode == 0

    mine.postfix.start()
    agent.until(status=200, phase="serving")
    assert mine.link_text() == mine.queue
    assert other.agent.health().status == 200
    other.postfix.send("still in service")


def test_behind_the_gate_postfix_never_starts_on_another_queue(world):
    other = world.instance(OTHER, "host-other").serving()
    mine = world.instance(name="host-mine")
    mine.bake(link_to=OTHER)

    def start_as_the_unit_does():
        return mine.command("gate").returncode == 0 and mine.postfix.command("start", check=False).returncode == 0

    assert not start_as_the_unit_does(), "nothing is mounted"
    mine.mount()
    assert not start_as_the_unit_does(), "the link is another's"
    mine.serve().until(check="relink", reason="")
    assert start_as_the_unit_does()
    mine.agent.until(status=200)
    assert "fatal" not in mine.postfix.log_text()
    assert other.agent.health().status == 200


def test_the_copy_keeps_owners_modes_times_and_links(instance):
    instance.relinked()
    assert differences(snapshot(instance.skeleton), snapshot(instance.queue_seen)) \
        == ["hold: not expected", "trace: not expected"] or \
        differences(snapshot(instance.skeleton), snapshot(instance.queue_seen)) == []


def test_on_ext4_the_copy_is_the_same(world_on_disk):
    instance = world_on_disk.instance().relinked()
    found = differences(snapshot(instance.skeleton), snapshot(instance.queue_seen))
    assert [line for line in found if not line.startswith(("hold:", "trace:"))] == []
    instance.serve().until(phase="awaiting_postfix")
    instance.postfix.start(quick=False)
    instance.agent.until(status=200)


def test_a_second_boot_keeps_the_queue_and_its_mail(world):
    first = world.instance(name="host-first").serving()
    first.postfix.send("of the first boot")
    kept = eventually(lambda: len(found := mail_in(first.queue_seen)) == 1 and found,
                      "one message, which may be on its way from one queue to the next")
    assert first.agent.stop() == 0
    first.host.close()

    second = world.instance(name="host-second")
    second.bake().mount()
    second.serve().until(check="relink", reason="")
    assert second.link_text() == second.queue
    second.postfix.start()
    second.agent.until(status=200)
    assert [os.path.basename(path) for path in mail_in(second.queue_seen)] == [os.path.basename(kept[0])]


def test_a_planned_restart_of_postfix_keeps_health_at_200(serving):
    """At the usual intervals: down for less than the rounds that a doubtful fault needs."""
    serving.agent.stop()
    serving.write_settings(checks={"interval": "5s"})
    agent = serving.serve()
    agent.until(status=200)
    serving.postfix.stop()
    serving.postfix.start()
    stays(lambda: agent.health().status == 200, "healthy over a restart", during=1.5)


@pytest.mark.parametrize("times", [3])
def test_starting_stopping_or_killing_the_agent_never_touches_postfix(serving, times):
    master = serving.postfix.master_pid()
    for _ in range(times):
        serving.agent.stop(number=9)
        eventually(lambda: serving.command("status").returncode == 3, "no agent answers")
        serving.serve().until(status=200)
    assert serving.postfix.master_pid() == master
    assert serving.postfix.log_text().count("daemon started") == 1
