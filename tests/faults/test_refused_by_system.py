# SPDX-License-Identifier: Apache-2.0
"""Each system call of a relink is refused in turn: nothing is lost, the reason is reported, and a retry succeeds."""
import errno
import os

import pytest

from support.full_disk import fill
from support.injection import Attached
from support.relink_stage import DirectoryAtLink, FirstBoot, HalfQueue

ERRORS = ("ENOSPC", "EDQUOT", "EROFS", "EIO", "ESTALE", "EACCES")
# A failure of these must never be taken for success.
MUST_BE_REPORTED = ("fsync", "fdatasync", "syncfs", "mkdir", "mkdirat", "rename", "renameat", "renameat2",
                    "symlink", "symlinkat", "fchown", "fchownat", "fchmod", "fchmodat")


def refused_at(stage, point, error):
    stage.reset()
    done, trace = stage.run([f"{point.call}:error={error}:when={point.number}"], [point.call])
    assert "(INJECTED)" in trace, f"{point}: no such call any more"
    return done


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("stage_type", [FirstBoot, DirectoryAtLink, HalfQueue], ids=lambda stage: stage.__name__)
def test_each_changing_call_is_refused(instance, stage_type, error):
    stage = stage_type(instance)
    text = os.strerror(getattr(errno, error))
    for point in stage.changing_points():
        done = refused_at(stage, point, error)
        said = done.stdout + done.stderr
        try:
            assert "Sanitizer" not in said and "unexpected" not in said
            if done.returncode == 0:
                assert point.call not in MUST_BE_REPORTED, f"took it for success: {said}"
                stage.is_finished()
                continue
            assert done.returncode == 2
            assert text in said or "locked" in said or "held" in said, f"no reason: {said}"
            assert instance.world.directory in said, f"names no object: {said}"
            stage.holds_wherever_it_stopped()
            stage.a_second_run_finishes()
        except AssertionError as failure:
            raise AssertionError(f"{error} at {point}: {failure}") from failure


@pytest.mark.parametrize("error", ["EIO", "ESTALE", "EACCES"])
def test_a_sample_of_the_reading_calls_is_refused(instance, error):
    stage = FirstBoot(instance)
    for point in stage.looking_points(every=9):
        done = refused_at(stage, point, error)
        try:
            assert "unexpected" not in done.stdout + done.stderr
            if done.returncode == 0:
                stage.is_finished()
                continue
            assert done.returncode == 2
            stage.holds_wherever_it_stopped()
            stage.a_second_run_finishes()
        except AssertionError as failure:
            raise AssertionError(f"{error} at {point}: {failure}") from failure


@pytest.mark.parametrize("call,error", [("mkdirat", "ENOSPC"), ("mkdirat", "EACCES"), ("fsync", "EDQUOT"),
                                        ("fsync", "EIO"), ("fchown", "EACCES"), ("renameat2", "EROFS"),
                                        ("renameat", "ESTALE"), ("rename", "EIO"), ("symlinkat", "ENOSPC")])
def test_the_daemon_answers_503_with_the_reason_and_retries(instance, call, error):
    stage = FirstBoot(instance)
    if call not in {point.call for point in stage.changing_points()}:
        pytest.skip(f"relink does not use {call}")
    stage.reset()
    instance.unmount()
    agent = instance.serve()
    agent.until(status=503, check="mount", reason="missing")
    worker = agent.mount_worker()
    with Attached(worker, f"{call}:error={error}"):
        instance.mount()
        answer = agent.until(status=503, check="relink", reason="failed")
        row = answer.json["checks"]["relink"][0]
        assert os.strerror(getattr(errno, error)) in row["output"], row
        assert row["remedy"]
        stage.holds_wherever_it_stopped()
    agent.until(check="relink", reason="", within=90)
    assert agent.mount_worker() == worker, "the same worker"
    stage.is_finished()


def test_a_file_system_that_is_really_full(instance):
    instance.bake().mount()
    filler = f"{instance.world.shared}/filler"
    fill(filler)
    done = instance.command("relink")
    assert done.returncode == 2
    assert "No space left on device" in done.stdout + done.stderr
    assert not os.path.exists(instance.queue_seen)
    agent = instance.serve()
    agent.until(status=503, check="relink", reason="failed")
    os.remove(filler)
    agent.until(check="relink", reason="", within=90)
    assert instance.link_text() == instance.queue
    instance.postfix.start()
    agent.until(status=200)
