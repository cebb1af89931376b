# SPDX-License-Identifier: Apache-2.0
"""The queue link, or what it leads to, is changed under a relay in service."""
import os

from row import condition


def _back(relay):
    relay.relink_text(relay.queue)


@condition
def removed(relay):
    os.remove(relay.link)
    yield
    _back(relay)


@condition
def turned_to(relay, text):
    """In `text` {queue}, {other} and {mount} stand for the paths."""
    relay.relink_text(text.format(queue=relay.queue, other=relay.other_queue, mount=relay.mount_path))
    yield
    _back(relay)


@condition
def replaced_by_a_directory(relay):
    os.remove(relay.link)
    os.mkdir(relay.link)
    yield
    os.rmdir(relay.link)
    _back(relay)


@condition
def replaced_by_a_file(relay):
    os.remove(relay.link)
    with open(relay.link, "w"):
        pass
    yield
    _back(relay)


@condition
def its_directory_covered(relay):
    relay.host.run("mount", "-t", "tmpfs", "cover", relay.instance.spool)
    yield
    relay.host.unmount(relay.instance.spool)


@condition
def queue_renamed_away(relay):
    """By another client of the file system."""
    away = f"{relay.queue_seen}.away"
    os.rename(relay.queue_seen, away)
    yield
    os.rename(away, relay.queue_seen)


@condition
def queue_replaced_by(relay, kind):
    away = f"{relay.queue_seen}.away"
    os.rename(relay.queue_seen, away)
    if kind == "file":
        with open(relay.queue_seen, "w"):
            pass
    else:
        os.symlink(away, relay.queue_seen)
    yield
    os.remove(relay.queue_seen)
    os.rename(away, relay.queue_seen)


@condition
def queue_covered_by_a_local_file_system(relay):
    relay.host.run("mount", "-t", "tmpfs", "-o", "mode=0755", "local", relay.queue)
    yield
    relay.host.unmount(relay.queue)
