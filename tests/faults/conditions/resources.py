# SPDX-License-Identifier: Apache-2.0
"""Descriptors, processes and disks run out."""
import os
import resource
import signal

from conditions.clients import connected, held
from row import condition
from support.full_disk import fill
from support.injection import Attached


@condition
def worker_without_descriptors(relay, name, waits_for):
    """It keeps those that it has, and gets no more, or one, which is not enough to look at anything. Not below the number
    of those that it waits for: that is a limit of poll(2) too, and would end it."""
    pid = relay.agent.worker(name)
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    had = {int(number) for number in os.listdir(f"/proc/{pid}/fd")}
    limit = next(number for number in range(waits_for, max(had) + 2) if number not in had)
    assert limit - len([number for number in had if number < limit]) <= 1, f"too many gaps below {limit}: {sorted(had)}"
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (limit, before[1]))
    yield
    resource.prlimit(pid, resource.RLIMIT_NOFILE, before)


@condition
def few_descriptors_and_many_clients(relay):
    relay.agent_wrapper = ("sh", "-c", 'ulimit -n 40; "$@"; exit $?', "sh")
    relay.baked().in_service()
    with held(connected(relay) for _ in range(200)):
        yield


@condition
def accepting_fails_every_other_time(relay, error):
    with Attached(relay.agent.server(), f"accept4:error={error}:when=1+2"):
        yield


@condition
def a_worker_that_died_cannot_be_forked_again(relay):
    with Attached(relay.agent.supervisor, "clone:error=EAGAIN"):
        os.kill(relay.agent.worker("pea-host"), signal.SIGKILL)
        yield


@condition
def shared_disk_full(relay):
    filler = f"{relay.world.below}/filler"
    fill(filler)
    yield
    os.remove(filler)


@condition
def shared_disk_full_and_master_dead(relay):
    filler = f"{relay.world.below}/filler"
    fill(filler)
    relay.postfix.kill()
    yield
    os.remove(filler)
    relay.postfix.start()


@condition
def run_directory_full(relay):
    relay.host.run("mount", "-o", "remount,size=64k", "/run")
    relay.host.run("sh", "-c", "cat /dev/zero > /run/filler", check=False)
    yield
    relay.host.run("rm", "/run/filler")
    relay.host.run("mount", "-o", "remount,size=50%", "/run")
