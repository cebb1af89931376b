# SPDX-License-Identifier: Apache-2.0
"""queue.after_user_data: the relink waits until cloud-init has run user data. The test writes the files
that cloud-init keeps in /run."""
import os

import pytest

from support.deadline import eventually, stays
from support.world import OTHER

RUN = "/run/cloud-init"


@pytest.fixture
def waiting(instance):
    """Baked and mounted, and user data under way."""
    instance.bake().mount()
    instance.write_settings(queue={"after_user_data": True})
    instance.host.write(f"{RUN}/enabled", "")
    return instance


def test_the_relink_waits_for_user_data_and_then_runs(waiting):
    agent = waiting.serve()
    agent.until(status=503, check="relink", reason="pending", phase="relinking",
                said=["waits until cloud-init has run user data"])
    eventually(lambda: "cloud-init status --long" in agent.row("relink")["commands"],
               "the remedy is its own, once the mount was looked at")
    stays(lambda: waiting.link_text().endswith(OTHER) and not os.path.exists(waiting.queue_seen),
          "nothing is touched", during=3)
    refused = waiting.command("gate")
    assert refused.returncode == 1
    assert "waits until cloud-init has run user data (queue.after_user_data)" in refused.stderr
    waiting.host.run("ln", "-s", "../../var/lib/cloud/data/result.json", f"{RUN}/result.json")
    agent.until(check="relink", reason="", phase="awaiting_postfix")
    assert waiting.link_text() == waiting.queue
    assert waiting.command("gate").returncode == 0


def test_a_disabled_cloud_init_is_not_waited_for(waiting):
    waiting.host.run("mv", f"{RUN}/enabled", f"{RUN}/disabled")
    waiting.serve().until(check="relink", reason="")


def test_the_setting_is_taken_back_by_a_reload(waiting):
    agent = waiting.serve()
    agent.until(check="relink", reason="pending", said=["user data"])
    waiting.write_settings(queue={"after_user_data": False})
    agent.hup()
    agent.until(check="relink", reason="")


def test_the_gate_checks_user_data_although_the_queue_is_linked(waiting):
    assert waiting.command("relink").returncode == 0, "a relink by hand does not wait"
    assert waiting.command("gate").returncode == 1
    waiting.host.write(f"{RUN}/result.json", "{}")
    assert waiting.command("gate").returncode == 0
