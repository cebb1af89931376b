# SPDX-License-Identifier: Apache-2.0
"""Harmless events of file systems: of others, of a slow shared one, and an outage of its server."""
import contextlib
import os
import time

from innocents.hands import start_twice
from support.mount_table import serve_with_nfs


def other_file_systems_come_and_go(relay):
    relay.instance.host.run("sh", "-c", 'mkdir -p "$1"; for i in $(seq 200); do mount -t tmpfs other "$1"; '
                            'umount "$1"; done', "sh", f"{relay.instance.host.directory}/other")


def mount_seen_at_a_second_place(relay):
    host, mail = relay.instance.host, relay.instance.world.mount_path
    host.run("sh", "-c", 'mkdir -p "$2"; for i in $(seq 20); do mount --bind "$1" "$2"; umount "$2"; done', "sh", mail,
             f"{host.directory}/other")


def mount_remounted(relay):
    for option in ("noatime", "nodiratime", "relatime", "rw"):
        relay.instance.host.run("mount", "-o", f"remount,bind,{option}", relay.instance.world.mount_path)


def link_recreated_as_it_was(relay):
    for _ in range(20):
        os.symlink(relay.instance.link_text(), f"{relay.instance.link}.new")
        os.rename(f"{relay.instance.link}.new", relay.instance.link)


# ---- a file system that is slow


def mount_slow(relay):
    relay.world.faultfs.delay("40ms")
    time.sleep(2.5)
    start_twice(relay)
    relay.world.faultfs.delay("0")


def mount_hangs_for_a_moment(relay):
    relay.world.faultfs.freeze()
    time.sleep(2.8)  # longer than the deadline of 1 s
    assert "watched" in relay.instance.agent.row("mount")["output"], "it was seen"
    relay.world.faultfs.thaw()


def one_error_of_the_file_system(relay):
    relay.world.faultfs.refuse("EIO", "open", times=1)
    time.sleep(1.2)
    relay.world.faultfs.refuse("ENOSPC", "write", "create", times=5)
    time.sleep(1.2)
    relay.world.faultfs.clear()


# ---- an outage of the file server, which every instance shares: out of rotation, and not replaced


@contextlib.contextmanager
def outage(relay):
    relay.file_server.fault = "silent"
    relay.world.faultfs.freeze()
    try:
        relay.instance.agent.until("/readyz", status=503, check="mount", reason="hung")
        yield
        answer = relay.instance.agent.until(status=200, check="mount", reason="hung")
        assert answer.json["status"] == "warn"
        assert relay.instance.agent.request("/readyz").status == 503
    finally:
        relay.world.faultfs.thaw()
        relay.file_server.fault = "answers"
    relay.instance.agent.until("/readyz", status=200, within=30)


def file_server_down(relay):
    with outage(relay):
        time.sleep(4)


def file_server_back_after_the_lease_ran_out(relay):
    """Away for longer than its lease, it has forgotten the locks of every instance: a read through the descriptor of a
    lock fails, and the lock can be acquired again."""
    with outage(relay):
        time.sleep(1)
        relay.world.faultfs.refuse("EIO", "read", times=1)


def file_server_down_and_the_agent_upgraded(relay):
    with outage(relay):
        assert relay.instance.agent.stop() == 0
        serve_with_nfs(relay.instance, relay.file_server.port)
        time.sleep(2)
