# SPDX-License-Identifier: Apache-2.0
"""The truth of `master_pid`, each row on a real Postfix."""
import fcntl
import os
import signal

from support.deadline import eventually, stays
from support.host import children_of
from support.postfix import Postfix, make_skeleton
from support.world import OTHER


def pid_file(instance):
    return f"{instance.queue_seen}/pid/master.pid"


def write_pid(instance, text):
    with open(pid_file(instance), "w") as file:
        file.write(text)


def padded(pid):
    return f"{pid:>32}\n"


def fails(instance, reason, *words):
    answer = instance.agent.until(status=503, check="master_pid", reason=reason, said=(instance.queue, *words))
    row = answer.json["checks"]["master_pid"][0]
    assert row["status"] == "fail" and row["remedy"]
    assert instance.command("check").returncode == 2
    return row


def warns(instance, reason, *words):
    instance.agent.until(status=200, check="master_pid", reason=reason, said=words)
    assert instance.agent.row("master_pid")["status"] == "warn"
    assert instance.command("check").returncode == 1


def restarted(instance):
    instance.postfix.start()
    instance.agent.until(status=200, check="master_pid", reason="")


def test_a_proven_master_passes_and_its_pid_is_reported(serving):
    serving.agent.until(check="master_pid", reason="")  # the file is read a moment after the process was seen
    row = serving.agent.row("master_pid")
    assert row["status"] == "pass" and "reason" not in row
    assert str(row["observedValue"]) == str(serving.host.inner_pid(serving.postfix.master_pid()))


def test_master_killed_and_started_again(serving):
    pid = serving.host.inner_pid(serving.postfix.master_pid())
    serving.postfix.kill()
    fails(serving, "stale", f"names pid {pid}, and no such process exists")
    restarted(serving)


def test_a_pid_of_another_program_fails(serving):
    serving.postfix.kill()
    sleeper = serving.host.popen("sleep", "600")
    inner = serving.host.inner_pid(eventually(lambda: children_of(sleeper.pid), "sleep runs")[0])
    write_pid(serving, padded(inner))
    fails(serving, "not_master", f"names pid {inner}", "sleep")
    restarted(serving)


def test_a_pid_file_without_a_pid_fails(serving):
    serving.postfix.kill()
    write_pid(serving, "")
    fails(serving, "unreadable", "is empty")
    write_pid(serving, "not a number\n")
    fails(serving, "unreadable", "not a number")
    write_pid(serving, "-1\n")
    fails(serving, "unreadable")
    write_pid(serving, "99999999999999999999\n")
    fails(serving, "unreadable")
    os.remove(pid_file(serving))
    fails(serving, "missing", "does not exist", "no master runs on this host")
    os.mkdir(pid_file(serving))
    fails(serving, "unreadable", "is not a regular file")
    os.rmdir(pid_file(serving))
    os.symlink("/etc/hostname", pid_file(serving))
    fails(serving, "unreadable", "is not a regular file")
    os.remove(pid_file(serving))
    os.mkfifo(pid_file(serving))
    fails(serving, "unreadable", "is not a regular file")
    os.remove(pid_file(serving))
    restarted(serving)


def test_no_pid_file_beside_a_proven_master_is_a_warning(serving):
    """systemd unlinks a PIDFile= of a unit that failed to start while the master lives."""
    os.remove(pid_file(serving))
    warns(serving, "missing", "does not exist", "holds the lock")
    stays(lambda: serving.agent.health().status == 200, "no instance is replaced for that", during=2)


def test_a_second_hard_link_of_the_pid_file_is_a_warning(serving):
    os.link(pid_file(serving), pid_file(serving) + ".linked")
    warns(serving, "unreadable", "2 hard links")


def test_a_master_of_another_queue_fails_despite_its_pid_here(serving):
    serving.postfix.kill()
    make_skeleton(f"{serving.world.shared}/{OTHER}")
    other = Postfix(serving.host, f"{serving.world.mount_path}/{OTHER}", name="postfix-other")
    other.start()
    inner = serving.host.inner_pid(other.master_pid())
    write_pid(serving, padded(inner))
    fails(serving, "wrong_queue", str(inner), f"{serving.world.mount_path}/{OTHER}")
    os.remove(pid_file(serving))
    fails(serving, "wrong_queue", f"{serving.world.mount_path}/{OTHER}")
    other.stop()
    restarted(serving)


def test_a_replaced_pid_file_fails_as_not_locked(serving):
    inner = serving.host.inner_pid(serving.postfix.master_pid())
    os.remove(pid_file(serving))
    write_pid(serving, padded(inner))
    fails(serving, "not_locked", f"master {inner}", "not on the file that is now")


def test_a_lock_of_another_host_is_no_proof_of_a_master(world):
    """Another host holds the lock on this instance's pid file: Postfix cannot start here, and the agent says so."""
    mine = world.instance()
    mine.relinked()
    write_pid(mine, padded(4711))
    with open(pid_file(mine)) as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert mine.postfix.command("start", check=False).returncode == 1
        agent = mine.serve()
        agent.until(status=503, check="master_pid", reason="stale")
        agent.until(status=503, check="startup_log", reason="already_running")
    mine.postfix.start()
    agent.until(status=200)


def test_a_check_takes_no_lock_and_logs_no_line(serving):
    eventually(lambda: "disconnect from" in serving.postfix.log_text(), "what asked whether it has started has left")
    log = serving.postfix.log_text()
    for _ in range(20):
        assert serving.agent.health().status == 200
        assert serving.command("check").returncode == 0
    assert serving.postfix.log_text() == log
    with open("/proc/locks") as locks:
        inode = os.stat(pid_file(serving)).st_ino
        assert len([line for line in locks if f":{inode} " in line]) <= 1


def test_master_stopped_by_a_signal_is_still_master(serving):
    """SIGSTOP ends nothing: the process and its lock exist."""
    master = serving.postfix.master_pid()
    os.kill(master, signal.SIGSTOP)
    stays(lambda: serving.agent.row("master_pid")["status"] == "pass", "master is there", during=1.5)
    os.kill(master, signal.SIGCONT)
