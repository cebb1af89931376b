# SPDX-License-Identifier: Apache-2.0
"""This host's lock on its own id: held, taken over, lost and acquired again."""
import os

from support.deadline import eventually
from support.world import OTHER


def owner_file(instance, instance_id=None):
    return f"{instance.world.shared}/.postfix-elb-agent/owners/{instance_id or instance.id}"


def test_a_removed_agent_directory_is_recreated_and_health_stays_200(serving):
    before = serving.agent.row("ownership")["time"]
    os.unlink(owner_file(serving))
    eventually(lambda: os.path.exists(owner_file(serving)) and serving.agent.row("ownership")["time"] > before,
               "the id is claimed again")
    assert serving.agent.health().status == 200
    assert "health fail, ready fail, serving" not in serving.agent.stderr()


def test_the_next_agent_of_the_same_name_takes_the_id(serving):
    serving.agent.stop()
    assert os.path.exists(owner_file(serving))
    agent = serving.serve()
    agent.until(status=200)
    assert agent.row("ownership")["status"] == "pass"
    assert not os.path.exists(owner_file(serving, OTHER))
