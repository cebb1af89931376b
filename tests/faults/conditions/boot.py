# SPDX-License-Identifier: Apache-2.0
"""A boot that goes wrong: each condition begins with nothing but the host, and the program starts after it."""
import os
import subprocess

from row import condition
from support.full_disk import fill
from support.postfix import Postfix, make_skeleton
from support.world import OTHER


@condition
def nothing_is_mounted(relay):
    relay.instance.bake()
    yield
    relay.instance.mount()


@condition
def mounted_with(relay, fstype, source):
    """Something that is not the shared file system."""
    relay.instance.bake()
    relay.host.run("mount", "-t", fstype, source, relay.mount_path)
    yield
    relay.host.unmount(relay.mount_path)
    relay.instance.mount()


@condition
def mounted_read_only(relay):
    relay.instance.bake().mount_read_only()
    yield
    relay.host.run("mount", "-o", "remount,bind,rw", relay.mount_path)


@condition
def frozen_from_the_first(relay):
    relay.baked()
    relay.faultfs.freeze()
    yield
    relay.faultfs.thaw()


@condition
def refused_from_the_first(relay, error, *kinds):
    relay.baked()
    relay.faultfs.refuse(error, *kinds)
    yield
    relay.faultfs.clear()


@condition
def really_full(relay):
    relay.baked()
    filler = f"{relay.world.below}/filler"
    fill(filler)
    yield
    os.remove(filler)


@condition
def without_free_inodes(relay):
    relay.baked()
    below = relay.world.below
    used = int(subprocess.run(["df", "--output=iused", below], text=True, capture_output=True,
                              check=True).stdout.split()[1])
    subprocess.run(["mount", "-o", f"remount,nr_inodes={used + 6}", below], check=True)
    yield
    subprocess.run(["mount", "-o", "remount,nr_inodes=100000", below], check=True)


@condition
def without_a_skeleton(relay):
    relay.baked()
    os.rename(relay.instance.skeleton, f"{relay.instance.skeleton}.away")
    yield
    os.rename(f"{relay.instance.skeleton}.away", relay.instance.skeleton)


@condition
def with_an_empty_skeleton(relay):
    relay.instance.mount()
    os.mkdir(relay.instance.skeleton)
    os.symlink(relay.other_queue, relay.link)
    yield
    os.rmdir(relay.instance.skeleton)
    make_skeleton(relay.instance.skeleton)


@condition
def with_mail_in_a_directory_at_the_link(relay):
    relay.instance.mount()
    make_skeleton(relay.instance.skeleton)
    make_skeleton(relay.link)
    with open(f"{relay.link}/deferred/4jXRTW1KpQzyc8", "w") as mail:
        mail.write("a message")
    yield
    os.rename(relay.link, f"{relay.link}.with-mail")


@condition
def with_a_file_at_the_link(relay):
    relay.instance.bake(link_to=None).mount()
    with open(relay.link, "w"):
        pass
    yield
    os.remove(relay.link)


@condition
def with_a_file_in_the_queue_s_place(relay):
    relay.baked()
    with open(relay.queue_seen, "w"):
        pass
    yield
    os.remove(relay.queue_seen)


@condition
def with_a_master_in_the_queue_of_another(relay):
    """In the queue that the image's link names."""
    relay.baked()
    make_skeleton(f"{relay.world.shared}/{OTHER}")
    relay.postfix.start()
    yield
    relay.postfix.stop()


@condition
def started_on_the_queue_that_another_holds(relay):
    """Section 1 of the design: the link is the image's, the master of that queue lives on another host."""
    other = relay.world.instance(OTHER, "host-other")
    other.mount()
    make_skeleton(other.queue_seen)
    os.symlink(other.queue, other.link)
    other.postfix.start()
    relay.baked()
    start_in_vain(relay)
    yield
    # The relink is done by now; only the start is missing.


@condition
def with_the_id_held_by_another_host(relay):
    twin = relay.world.instance(relay.instance.id, "host-twin")
    twin.write_settings(mount=relay.instance.settings["mount"], checks=relay.instance.settings["checks"])
    twin.bake().mount()
    twin.serve().until(check="relink", reason="")
    relay.baked()
    yield
    assert twin.agent.stop() == 0


@condition
def before_postfix_is_started(relay):
    relay.baked()
    yield


@condition
def with_a_second_postfix_in_the_queue_of_another(relay):
    """This instance's own Postfix has not started; another configuration of this host works in a queue that is not its own."""
    relay.baked()
    relay.serve()
    relay.agent.until(check="relink", reason="")
    make_skeleton(f"{relay.world.shared}/{OTHER}")
    other = Postfix(relay.host, relay.other_queue, name="postfix-other")
    other.start()
    yield
    other.stop()


def start_in_vain(relay):
    assert relay.postfix.command("start", check=False).returncode != 0
