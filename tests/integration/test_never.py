# SPDX-License-Identifier: Apache-2.0
"""What must never happen, in any order of events at boot."""
import os
import socket
import stat

import pytest

from support.deadline import stays
from support.postfix import make_skeleton
from support.tree_compare import differences, snapshot
from support.world import OTHER


def unchanged(instance, action):
    """Runs `action` and asserts that it wrote nothing: not on the local disk, not on the shared file system."""
    before = [snapshot(instance.spool, identity=True), snapshot(instance.world.shared, identity=True)]
    result = action()
    after = [snapshot(instance.spool, identity=True), snapshot(instance.world.shared, identity=True)]
    assert [differences(a, b) for a, b in zip(before, after)] == [[], []]
    return result


def test_nothing_is_created_below_a_path_that_is_not_mounted(instance):
    instance.bake()
    below = instance.world.mount_path

    def all_of_it():
        instance.command("check")
        instance.command("gate")
        assert instance.command("relink", "--set", "mount.wait=1s").returncode == 2
        agent = instance.serve()
        agent.until(status=503, check="mount", reason="missing")
        stays(lambda: os.listdir(below) == [], f"{below} is empty", during=3)
        assert agent.health().status == 503
        agent.stop()

    unchanged(instance, all_of_it)
    assert os.listdir(below) == []


def test_nothing_is_created_where_the_mount_was(serving):
    serving.unmount()
    answer = serving.agent.until(status=503, check="mount", reason="missing")
    assert serving.world.mount_path in answer.json["output"]
    stays(lambda: os.listdir(serving.world.mount_path) == [], "the bare mount point is empty", during=2)
    serving.mount()
    serving.agent.until(check="mount", reason="")
    serving.postfix.stop()  # it still works in what was mounted before
    serving.postfix.start()
    serving.agent.until(status=200)


@pytest.mark.parametrize("setting,reason", [({"fstypes": ["nfs4"]}, "wrong_type"),
                                            ({"source": "fs-other:/"}, "wrong_source")])
def test_never_into_a_mount_that_is_not_the_right_one(instance, setting, reason):
    instance.bake().mount()
    instance.write_settings(mount=setting)

    def all_of_it():
        assert instance.command("relink", "--set", "mount.wait=1s").returncode == 2
        answer = instance.serve().until(status=503, check="mount", reason=reason)
        assert instance.world.mount_path in answer.json["output"]
        assert instance.agent.row("relink")["status"] == "fail"

    unchanged(instance, all_of_it)


def test_a_read_only_mount_is_relinked_once_it_is_writable(instance):
    instance.bake().mount_read_only()
    agent = instance.serve()
    unchanged(instance, lambda: agent.until(status=503, check="mount", reason="read_only"))
    instance.host.run("mount", "-o", "remount,bind,rw", instance.world.mount_path)
    agent.until(check="relink", reason="")
    assert instance.link_text() == instance.queue


def test_never_over_a_directory_with_mail_in_it(instance):
    instance.mount()
    make_skeleton(instance.skeleton)
    make_skeleton(instance.link)
    with open(f"{instance.link}/deferred/4jXRTW1KpQzyc8", "w") as mail:
        mail.write("a message")

    def refused():
        done = instance.command("relink")
        assert done.returncode == 2
        assert f"{instance.link} is a directory with 1 queued message in it: it is not replaced" in \
            done.stdout + done.stderr

    unchanged(instance, refused)
    answer = instance.serve().until(status=503, check="relink", reason="refused")
    assert "1 queued message" in answer.json["checks"]["relink"][0]["output"]
    assert os.path.isfile(f"{instance.link}/deferred/4jXRTW1KpQzyc8")


def test_a_directory_in_the_link_s_place_becomes_the_skeleton(instance):
    instance.mount()
    make_skeleton(instance.link)
    before = snapshot(instance.link)
    done = instance.command("relink")
    assert done.returncode == 0, done
    assert instance.link_text() == instance.queue
    assert differences(before, snapshot(instance.skeleton)) == []
    found = differences(before, snapshot(instance.queue_seen))
    assert [line for line in found if not line.startswith(("hold:", "trace:"))] == []


def test_a_second_boot_writes_nothing(instance):
    instance.relinked()

    def whole_second_life():
        done = instance.command("relink")
        assert done.returncode == 0, done
        assert instance.command("relink", "--dry-run").returncode == 0
        instance.serve().until(phase="awaiting_postfix")
        assert instance.agent.stop() == 0

    owners = ".postfix-elb-agent/owners"
    parts = [(instance.spool, ()), (instance.world.shared, (owners,))]
    before = [snapshot(path, identity=True, skip=skip) for path, skip in parts]
    whole_second_life()
    after = [snapshot(path, identity=True, skip=skip) for path, skip in parts]
    assert [differences(a, b) for a, b in zip(before, after)] == [[], []]


def test_baked_mail_pid_files_and_sockets_are_not_multiplied(instance):
    instance.bake().mount()
    skeleton = instance.skeleton
    for name in ("deferred/A1B2C3D4E5", "active/4jXRTW1KpQzyc8", "incoming/60B27201DD", "maildrop/60B27201DE",
                 "defer/A1B2C3D4E5", "pid/master.pid", "pid/inet.smtp"):
        with open(f"{skeleton}/{name}", "w") as file:
            file.write("from the image\n")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{skeleton}/dev/log")
    os.mkfifo(f"{skeleton}/public/pickup")
    os.mknod(f"{skeleton}/dev/urandom", 0o666 | stat.S_IFCHR, os.makedev(1, 9))
    before = snapshot(skeleton, identity=True)

    done = instance.command("relink")
    assert done.returncode == 0, done
    assert "4 queued messages" in done.stdout + done.stderr, "mail found in the skeleton is reported"
    copied = snapshot(instance.queue_seen)
    assert [path for path, entry in copied.items()
            if entry.kind not in ("file", "directory", "symlink")] == []
    assert [path for path in copied if path.startswith(("deferred/", "active/", "incoming/", "maildrop/", "defer/",
                                                        "pid/"))] == []
    assert {"etc/services", "etc/localtime", "lib/libnss_dns.so.2"} <= copied.keys()
    assert differences(before, snapshot(skeleton, identity=True)) == []


def test_hard_links_of_the_skeleton_are_not_kept(instance):
    instance.bake().mount()
    os.link(f"{instance.skeleton}/etc/hosts", f"{instance.skeleton}/etc/hosts.linked")
    assert instance.command("relink").returncode == 0
    assert os.stat(f"{instance.queue_seen}/etc/hosts").st_nlink == 1


def test_never_while_a_master_runs_in_another_queue(instance):
    instance.bake(link_to=OTHER).mount()
    make_skeleton(f"{instance.world.shared}/{OTHER}")
    instance.postfix.start()
    done = instance.command("relink")
    assert done.returncode == 2
    assert f"running in {instance.world.mount_path}/{OTHER}" in done.stdout + done.stderr
    assert os.readlink(instance.link) == f"{instance.world.mount_path}/{OTHER}"
    assert not os.path.exists(instance.queue_seen)
    agent = instance.serve()
    agent.until(status=503, check="relink", reason="refused")
    agent.until(status=503, check="master_pid", reason="wrong_queue")
    instance.postfix.stop()
    agent.until(check="relink", reason="")
    assert instance.link_text() == instance.queue


def test_never_when_another_host_owns_the_id(world):
    first = world.instance(name="host-first").serving()
    second = world.instance(name="host-second")
    second.bake().mount()
    before = snapshot(second.spool, identity=True)
    done = second.command("relink")
    assert done.returncode == 2
    assert "host-first" in done.stdout + done.stderr
    answer = second.serve().until(status=503, check="ownership", reason="held_elsewhere")
    assert second.agent.row("relink")["reason"] == "refused"
    assert "host-first" in answer.json["checks"]["ownership"][0]["output"]
    assert second.command("gate").returncode == 1
    assert differences(before, snapshot(second.spool, identity=True)) == []
    assert first.agent.health().status == 200

    first.postfix.stop()
    assert first.agent.stop() == 0
    second.agent.until(check="relink", reason="")


def test_the_gate_refuses_a_file_in_the_queue_s_place(instance):
    instance.bake().mount()
    with open(instance.queue_seen, "w") as file:
        file.write("in the way\n")
    assert instance.command("relink").returncode == 2
    assert instance.command("gate").returncode == 1
    instance.serve().until(status=503, check="relink", reason="refused")
    os.remove(instance.queue_seen)
    instance.agent.until(check="relink", reason="")
