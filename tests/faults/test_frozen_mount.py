# SPDX-License-Identifier: Apache-2.0
"""A mount that freezes and thaws, again and again: answers stay fast, at most one process waits, and nothing
is left behind."""
import os
import threading
import time

import pytest

from support.deadline import eventually
from support.poller import Poller, ask
from support.process_watch import descriptor_names, holdings, processes, waits_for_fuse

CYCLES = 100
DEADLINE = 0.3
PROMPT = 0.25  # s; an answer takes less than a millisecond, the rest is for a busy machine


@pytest.fixture
def serving(frozen_world):
    instance = frozen_world.instance()
    instance.write_settings(mount={"deadline": f"{DEADLINE * 1000:.0f}ms"}, checks={"interval": "100ms"})
    return instance.serving()


class WaitingWatch:
    """Polls which processes of the agent wait for the file system; keeps the largest number at one time."""

    def __init__(self, pids):
        self.pids, self.most, self.seen = pids, 0, set()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self):
        while not self._stop.wait(0.02):
            waiting = [name for name, pid in self.pids.items() if waits_for_fuse(pid)]
            self.most = max(self.most, len(waiting))
            self.seen.update(waiting)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()


def what_it_holds(pids):
    """Per process: (descriptors, threads). Taken when no connection is open."""
    found = {}
    for name, pid in pids.items():
        held = holdings(pid)
        assert held, f"{name} ({pid}) is gone"
        found[name] = (held.descriptors, held.threads)
    return found


def what_it_holds_at_rest(agent, pids):
    """Waits until the watches are set up: the same before a round and after it."""
    def at_rest():
        before, looked = what_it_holds(pids), agent.row("mount")["time"]
        eventually(lambda: agent.row("mount")["time"] > looked, "another round")
        return before if what_it_holds(pids) == before else None
    return eventually(at_rest, "descriptors and threads stay as they are")


def settled(instance):
    """All checks pass, and what the freeze needed is released."""
    instance.agent.until(status=200, check="mount", reason="")


def one_cycle(instance, faultfs, long_enough_to_be_seen):
    faultfs.freeze()
    faultfs.until_frozen()
    if long_enough_to_be_seen:
        instance.agent.until(check="mount", reason="hung")
    answer = ask(instance.agent.port)
    assert answer.status is not None and answer.took < PROMPT, answer
    faultfs.thaw()
    settled(instance)


def test_a_hundred_freezes_leave_nothing_behind(serving, frozen_world):
    agent, faultfs = serving.agent, frozen_world.faultfs
    pids = processes(agent)
    for _ in range(3):  # so that what is created once exists
        one_cycle(serving, faultfs, long_enough_to_be_seen=True)
    before = what_it_holds_at_rest(agent, pids)
    names_before = {name: descriptor_names(pid) for name, pid in pids.items()}

    with Poller(agent.port) as health, Poller(agent.port, "/livez") as live, WaitingWatch(pids) as watch:
        for number in range(CYCLES):
            one_cycle(serving, faultfs, long_enough_to_be_seen=number % 4 == 0)

    assert processes(agent) == pids, "the same processes, no more and no fewer"
    def unchanged():
        return what_it_holds(pids) == before
    eventually(unchanged, f"descriptors and threads as before: {before}, now {what_it_holds(pids)}; "
                          f"before {names_before}, now { {name: descriptor_names(pid) for name, pid in pids.items()} }")
    assert watch.most == 1 and watch.seen == {"pea-mount"}, "one process waits at a time, and always the same one"
    assert not health.unanswered() and not live.unanswered()
    live.assert_never_left(200)
    assert max(health.slowest(), live.slowest()) < PROMPT
    assert {answer.status for answer in health.answers} == {200, 503}, "the hang was seen, and its end"
    assert serving.postfix.answers()


def test_a_long_freeze_is_seen_waited_out_and_forgotten(serving, frozen_world):
    agent, faultfs = serving.agent, frozen_world.faultfs
    pids = processes(agent)
    before = what_it_holds_at_rest(agent, pids)
    with Poller(agent.port) as health, WaitingWatch(pids) as watch:
        faultfs.freeze()
        agent.until(status=503, check="mount", reason="hung")
        end = time.monotonic() + 3
        while time.monotonic() < end:  # thirty rounds of checks
            assert faultfs.counts()["waiting"] >= 1
            assert processes(agent) == pids
            assert agent.row("mount")["reason"] == "hung"
        faultfs.thaw()
        settled(serving)
    assert watch.most == 1
    assert not health.unanswered() and health.slowest() < PROMPT
    assert processes(agent) == pids
    eventually(lambda: what_it_holds(pids) == before, f"descriptors and threads as before: {before}")


def test_sigterm_ends_everything_during_a_freeze(serving, frozen_world):
    agent = serving.agent
    pids = processes(agent)
    frozen_world.faultfs.freeze()
    agent.until(check="mount", reason="hung")
    started = time.monotonic()
    assert agent.stop(within=10) == 0
    assert time.monotonic() - started < 3
    eventually(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in pids.values()), f"all of {pids} are gone",
               within=2)


def test_an_agent_started_during_a_freeze_answers_at_once_and_recovers(serving, frozen_world):
    serving.agent.stop()
    frozen_world.faultfs.freeze()
    started = time.monotonic()
    agent = serving.serve()
    assert time.monotonic() - started < 3
    agent.until(check="mount", reason="hung")
    assert ask(agent.port).took < PROMPT
    frozen_world.faultfs.thaw()
    agent.until(status=200, phase="serving")
