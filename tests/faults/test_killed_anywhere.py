# SPDX-License-Identifier: Apache-2.0
"""Relink is killed at each of its system calls in turn. A second run always finishes it, and no observer ever
sees half a queue or no link."""
import os
import signal
import threading

import pytest

from support.deadline import eventually
from support.injection import CHANGING, Attached, known_calls
from support.relink_stage import DirectoryAtLink, FirstBoot, HalfQueue

STAGES = [FirstBoot, DirectoryAtLink, HalfQueue]
each_stage = pytest.mark.parametrize("stage_type", STAGES, ids=lambda stage: stage.__name__)


def killed_at(stage, point):
    stage.reset()
    _, trace = stage.run([f"{point.call}:signal=KILL:when={point.number}"], [point.call])
    assert "killed by SIGKILL" in trace, f"{point}: no such call any more"


@each_stage
def test_killed_at_each_changing_call(instance, stage_type):
    stage = stage_type(instance)
    every = stage.changing_points()
    assert len(every) >= 3, "the stage has something to do"
    for point in every:
        killed_at(stage, point)
        try:
            stage.holds_wherever_it_stopped()
            stage.a_second_run_finishes()
        except AssertionError as error:
            raise AssertionError(f"killed at {point}: {error}") from error


@each_stage
def test_killed_at_each_reading_call(instance, stage_type):
    stage = stage_type(instance)
    for point in stage.looking_points(every=12):
        killed_at(stage, point)
        try:
            stage.holds_wherever_it_stopped()
            stage.a_second_run_finishes()
        except AssertionError as error:
            raise AssertionError(f"killed at {point}: {error}") from error


def test_killed_twice_in_a_row_at_the_same_place(instance):
    stage = FirstBoot(instance)
    for point in stage.changing_points()[::5]:
        killed_at(stage, point)
        stage.run([f"{point.call}:signal=KILL:when={point.number}"], [point.call])
        stage.holds_wherever_it_stopped()
        stage.a_second_run_finishes()


class Observer(threading.Thread):
    """Looks all the time, while each changing call of the relink takes several looks' time."""

    def __init__(self, stage):
        super().__init__(daemon=True)
        self.stage, self.ended, self.looks, self.troubles, self.seen = stage, threading.Event(), 0, [], set()

    def run(self):
        while not self.ended.is_set():
            try:
                self.stage.holds_wherever_it_stopped()
                place = self.stage.instance.link
                self.seen.add(os.readlink(place) if os.path.islink(place) else "directory")
            except AssertionError as error:
                self.troubles.append(str(error))
                return
            except OSError:
                pass  # something came or went between two of this look's own calls
            self.looks += 1


@pytest.mark.parametrize("stage_type", [FirstBoot, DirectoryAtLink], ids=lambda stage: stage.__name__)
def test_an_observer_never_sees_half_a_queue_or_no_link(instance, stage_type):
    stage = stage_type(instance)
    stage.reset()
    observer = Observer(stage)
    observer.start()
    done, _ = stage.run([f"{known_calls(CHANGING)}:delay_exit=5000"])
    eventually(lambda: instance.queue in observer.seen or observer.troubles, "the observer saw the end")
    observer.ended.set()
    observer.join(timeout=20)
    assert done.returncode == 0, done
    assert observer.troubles == []
    assert observer.looks > 50
    assert len(observer.seen) == 2, "the place had what was there before, then the link"
    stage.is_finished()


@pytest.mark.parametrize("call", ["mkdirat", "fsync", "renameat2", "renameat", "symlinkat"])
def test_a_mount_worker_killed_while_relinking_is_replaced_and_finishes(instance, call):
    stage = FirstBoot(instance)
    if call not in {point.call for point in stage.changing_points()}:
        pytest.skip(f"relink does not use {call}")
    stage.reset()
    instance.unmount()
    agent = instance.serve()
    agent.until(status=503, check="mount", reason="missing")
    worker = agent.mount_worker()
    with Attached(worker, f"{call}:signal=KILL:when=1"):
        instance.mount()
        eventually(lambda: not os.path.exists(f"/proc/{worker}"), "the worker is killed")
    stage.holds_wherever_it_stopped()
    agent.until(check="relink", reason="", within=40)
    stage.is_finished()
    assert f"killed by signal {int(signal.SIGKILL)}" in agent.stderr()
