# SPDX-License-Identifier: Apache-2.0
"""What all tests against the built program share. They mount and start mail servers, so they run only in namespaces of
their own: through tests/support/in_namespaces, as tests/run does."""
import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
pytest.register_assert_rewrite("support")  # pytest then prints the values of a failed assert there


def pytest_sessionstart(session):
    if os.environ.get("PEA_IN_NAMESPACES") != "1":
        pytest.exit("run these through tests/run (or tests/support/in_namespaces pytest ...): they mount things", 4)


def pytest_configure(config):
    config.addinivalue_line("markers", "traced: runs once more as released, with every daemon under strace: all that makes a "
                            "server look at something, and what sanitizers change")
    config.addinivalue_line("markers", "prompt: is about an answer within so short a time that no other test runs beside it")


def pytest_collection_modifyitems(config, items):
    """PEA_TRACE_SERVER=1 leaves the tests that are marked so. PEA_SHARE=2/4: the second, sixth, tenth... of the tests
    that may run beside others; PEA_SHARE=prompt: the rest."""
    from support import path_trace
    if path_trace.wanted():
        traced = [item for item in items if item.get_closest_marker("traced")]
        config.hook.pytest_deselected(items=[item for item in items if item not in traced])
        items[:] = traced
    share = os.environ.get("PEA_SHARE")
    if not share:
        return
    prompt = [item for item in items if item.get_closest_marker("prompt")]
    if share == "prompt":
        mine = prompt
    else:
        first, shares = map(int, share.split("/"))
        mine = [item for item in items if item not in prompt][first - 1::shares]
    config.hook.pytest_deselected(items=[item for item in items if item not in mine])
    items[:] = mine


@pytest.fixture
def world():
    from support.world import World
    made = World()
    yield made
    _finish(made)


@pytest.fixture
def world_on_disk():
    """On ext4 instead of tmpfs."""
    from support.world import World
    made = World(fstype="ext4")
    yield made
    _finish(made)


@pytest.fixture
def frozen_world():
    """On a file system that can freeze; it goes on before the agents end."""
    from support.frozen_world import FrozenWorld
    made = FrozenWorld()
    yield made
    made.faultfs.clear()
    _finish(made)


@pytest.fixture
def instance(world):
    """One instance, nothing baked or mounted yet."""
    return world.instance()


@pytest.fixture
def serving(instance):
    """One instance in service: relinked, Postfix running, /health 200."""
    return instance.serving()


@pytest.fixture
def manager(instance, monkeypatch):
    """Receives the notifications of this test's agents to their service manager."""
    from support.service_manager import Manager
    path = f"{instance.host.directory}/notify"
    made = Manager(path)
    monkeypatch.setenv("NOTIFY_SOCKET", path)
    yield made
    made.socket.close()


def _finish(world):
    """Stops agents that still run, and fails the test if one did not end well, a sanitizer spoke, or a traced server
    named a path."""
    from support import path_trace
    troubles = []
    try:
        for instance in world.instances:
            agent = instance.agent
            if agent is not None and agent._nsenter.poll() is None:
                try:
                    code = agent.stop()
                    if code != 0:
                        troubles.append(f"the agent ended with {code} on SIGTERM:\n{agent.stderr()[-2000:]}")
                except AssertionError as error:
                    troubles.append(str(error))
            if agent is not None and "Sanitizer" in agent.stderr():
                troubles.append(agent.stderr()[-4000:])
        if path_trace.wanted():
            troubles += path_trace.troubles(world)
    finally:
        world.close()
    assert not troubles, "\n".join(troubles)
