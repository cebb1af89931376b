# SPDX-License-Identifier: Apache-2.0
"""The shared file system goes wrong under a relay in service."""
import os
import shutil

from row import condition


@condition
def unmounted(relay):
    relay.instance.unmount()
    yield
    relay.remount()


@condition
def moved_elsewhere(relay):
    elsewhere = f"{relay.host.directory}/elsewhere"
    os.makedirs(elsewhere, exist_ok=True)
    relay.host.run("mount", "--move", relay.mount_path, elsewhere)
    yield
    relay.host.run("mount", "--move", elsewhere, relay.mount_path)


@condition
def covered_read_only(relay):
    """The kernel refuses to remount read-only while a file is open for writing, and master's is. So the same file
    system is mounted over the first."""
    cover_read_only(relay)
    yield
    relay.host.unmount(relay.mount_path)


@condition
def covered_by(relay, fstype, source):
    relay.host.run("mount", "-t", fstype, source, relay.mount_path)
    yield
    relay.host.unmount(relay.mount_path)


@condition
def covered_by_an_empty_root_of_the_same_server(relay):
    """Type and source are right; the queue is not there."""
    root = f"{relay.world.below}/another-root"
    os.mkdir(root)
    relay.host.bind(f"{relay.world.shared}/another-root", relay.mount_path)
    yield
    relay.host.unmount(relay.mount_path)
    shutil.rmtree(root)


@condition
def frozen(relay, *kinds):
    relay.faultfs.freeze(*kinds)
    yield
    relay.faultfs.thaw()


@condition
def slow(relay, duration):
    relay.faultfs.delay(duration)
    yield
    relay.faultfs.delay("0")


@condition
def refused(relay, error, *kinds):
    relay.faultfs.refuse(error, *kinds)
    yield
    relay.faultfs.clear()


@condition
def unmounted_while_frozen(relay):
    relay.faultfs.freeze()
    relay.agent.until(check="mount", reason="hung")
    relay.instance.unmount()
    yield
    relay.faultfs.thaw()
    relay.remount()


@condition
def frozen_with_its_master_dead(relay):
    relay.faultfs.freeze()
    relay.agent.until(check="mount", reason="hung")
    relay.postfix.kill()
    yield
    relay.faultfs.thaw()
    relay.postfix.start()


@condition
def server_gone(relay):
    """The process behind the file system dies: every operation fails at once, and goes on failing."""
    relay.faultfs.process.kill()
    relay.faultfs.process.wait()
    yield
    relay.new_file_server()
    relay.replace_host()


def cover_read_only(relay):
    relay.host.bind(relay.world.shared, relay.mount_path)
    relay.host.run("mount", "-o", "remount,bind,ro", relay.mount_path)
