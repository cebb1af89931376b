# SPDX-License-Identifier: Apache-2.0
"""Postfix's master and its pid file. The master is killed as the kernel kills, so that the file stays as it was."""
import os

from row import condition
from support.deadline import eventually
from support.host import children_of
from support.postfix import Postfix, make_skeleton
from support.world import OTHER


@condition
def killed(relay):
    relay.postfix.kill()
    yield
    relay.postfix.start()


@condition
def stopped(relay):
    relay.postfix.stop()
    yield
    relay.postfix.start()


@condition
def killed_and_its_pid_given_to_another_program(relay):
    relay.postfix.kill()
    sleeper = relay.host.popen("sleep", "600")
    inner = relay.host.inner_pid(eventually(lambda: children_of(sleeper.pid), "sleep runs")[0])
    write(relay, f"{inner:>32}\n")
    yield
    sleeper.kill()
    sleeper.wait()
    relay.postfix.start()


@condition
def killed_and_the_file_says(relay, text):
    relay.postfix.kill()
    write(relay, text)
    yield
    relay.postfix.start()


@condition
def killed_and_the_file_is(relay, kind):
    relay.postfix.kill()
    os.remove(relay.pid_file)
    make, remove = {
        "gone": (lambda path: None, lambda path: None),
        "a directory": (os.mkdir, os.rmdir),
        "a FIFO": (os.mkfifo, os.remove),
        "a symbolic link": (lambda path: os.symlink("/etc/hostname", path), os.remove),
    }[kind]
    make(relay.pid_file)
    yield
    remove(relay.pid_file)
    relay.postfix.start()


@condition
def pid_file_replaced(relay):
    """By one with the same text: the lock is on the other."""
    with open(relay.pid_file) as file:
        text = file.read()
    os.remove(relay.pid_file)
    write(relay, text)
    yield
    relay.restart_postfix()


@condition
def replaced_by_one_in_the_queue_of_another(relay):
    relay.postfix.kill()
    make_skeleton(f"{relay.world.shared}/{OTHER}")
    other = Postfix(relay.host, relay.other_queue, name="postfix-other")
    other.start()
    yield
    other.stop()
    relay.postfix.start()


@condition
def pid_file_removed_beside_a_living_master(relay):
    """As systemd does with a PIDFile= of a unit that failed."""
    os.remove(relay.pid_file)
    yield
    relay.restart_postfix()


@condition
def pid_file_linked_beside_a_living_master(relay):
    os.link(relay.pid_file, f"{relay.pid_file}.linked")
    yield
    os.remove(f"{relay.pid_file}.linked")


@condition
def joined_by_a_second_postfix_with_a_queue_of_its_own(relay):
    """Several instances of Postfix on one host, as postmulti(1) makes them."""
    queue = f"{relay.instance.spool}/postfix-out"
    if not os.path.exists(queue):
        make_skeleton(queue)
    second = Postfix(relay.host, queue, name="postfix-out")
    second.start()
    yield
    second.stop()


def write(relay, text):
    with open(relay.pid_file, "w") as file:
        file.write(text)
