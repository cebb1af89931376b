# SPDX-License-Identifier: Apache-2.0
"""The sandbox itself: what the other tests rely on is true."""
import os

import pytest

from support import path_trace
from support.deadline import eventually
from support.postfix import make_skeleton
from support.tree_compare import differences, snapshot
from support.world import OTHER

pytestmark = pytest.mark.traced


def _with_queue(instance):
    """An instance as the agent should leave it, made by hand."""
    instance.mount()
    make_skeleton(instance.queue_seen)
    os.symlink(instance.queue, instance.link)
    return instance


def test_a_private_postfix_takes_mail_into_the_shared_file_system(instance):
    _with_queue(instance)
    instance.postfix.start(quick=False)
    instance.postfix.send("hello")
    mail = [name for queue in ("incoming", "active", "deferred") for _, _, files in
            os.walk(f"{instance.queue_seen}/{queue}") for name in files]
    assert len(mail) == 1
    eventually(lambda: "daemon started -- version" in instance.postfix.log_text(), "the log says that master started")


def test_the_lock_of_the_first_host_refuses_the_second(world):
    first = _with_queue(world.instance(OTHER))
    first.postfix.start()
    second = world.instance()
    second.mount()
    os.symlink(first.queue, second.link)
    assert second.postfix.command("start", check=False).returncode == 1
    assert "fatal: the Postfix mail system is already running" in second.postfix.log_text()
    assert "already running" not in first.postfix.log_text()


def test_a_host_sees_neither_mount_nor_processes_of_another(world):
    first, second = _with_queue(world.instance(OTHER)), world.instance()
    first.postfix.start()
    assert second.host.run("ls", world.mount_path).stdout == ""
    assert "master" not in second.host.run("ps", "-eo", "comm").stdout
    assert second.postfix.master_pid() is None
    boot_id = "/proc/sys/kernel/random/boot_id"
    assert first.host.run("cat", boot_id).stdout != second.host.run("cat", boot_id).stdout


def test_a_killed_master_leaves_its_pid_file_and_restarts(instance):
    _with_queue(instance)
    instance.postfix.start()
    before = instance.postfix.master_pid()
    instance.postfix.kill()
    assert instance.postfix.master_pid() is None
    assert os.path.exists(f"{instance.queue_seen}/pid/master.pid")
    instance.postfix.start()
    assert instance.postfix.master_pid() != before


def test_tree_compare_sees_each_kind_of_difference(tmp_path):
    make_skeleton(f"{tmp_path}/a")
    before = snapshot(f"{tmp_path}/a", identity=True)
    assert differences(before, snapshot(f"{tmp_path}/a", identity=True)) == []
    os.chmod(f"{tmp_path}/a/etc/hosts", 0o600)
    os.chown(f"{tmp_path}/a/active", 1, 1)
    os.utime(f"{tmp_path}/a/etc/services", ns=(1, 1))
    os.link(f"{tmp_path}/a/restart", f"{tmp_path}/a/restart2")
    os.remove(f"{tmp_path}/a/etc/localtime")
    os.symlink("elsewhere", f"{tmp_path}/a/etc/localtime")
    with open(f"{tmp_path}/a/etc/resolv.conf", "w") as file:
        file.write("nameserver 192.0.2.1\n")
    found = "\n".join(differences(before, snapshot(f"{tmp_path}/a")))
    for expected in ("etc/hosts: mode", "active: owner", "active: group", "etc/services: mtime_ns", "restart: links",
                     "restart2: not expected", "etc/localtime: text", "etc/resolv.conf: content"):
        assert expected in found


class TracedWorld:
    """The part of a world that path_trace reads."""

    def __init__(self, directory):
        self.directory = str(directory)
        self.mount_path = "/private/Mail"
        self.shared = "/private/shared"
        self.instances = []

    def trace(self, pid, *lines):
        host = f"{self.directory}/host-1"
        os.makedirs(host, exist_ok=True)
        with open(f"{host}/paths.{pid}", "w") as file:
            file.write("\n".join(lines) + "\n")


CHROOT = 'chroot("/run/postfix-elb-agent/empty") = 0'


@pytest.mark.parametrize("line, trouble", [
    ('openat(AT_FDCWD, "/private/Mail/i-1", O_RDONLY) = -1 ENOENT (No such file or directory)', "named the mount"),
    ('openat(AT_FDCWD, "/etc/passwd", O_RDONLY) = 3', "found a path"),
    ('openat(AT_FDCWD, "/etc/localtime", O_RDONLY) = -1 ENOENT (No such file or directory)', None),
])
def test_a_trace_shows_a_server_that_names_a_path(tmp_path, line, trouble):
    world = TracedWorld(tmp_path)
    world.trace(7, 'openat(AT_FDCWD, "/private/Mail/i-1", O_PATH) = 3')  # the mount worker may
    world.trace(8, 'openat(AT_FDCWD, "/proc/self/stat", O_RDONLY) = 4', CHROOT, line)
    found = path_trace.troubles(world)
    assert len(found) == (trouble is not None) and all(trouble in text for text in found)
