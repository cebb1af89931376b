# SPDX-License-Identifier: Apache-2.0
"""From a fault to the first answer that says so, for each kind of fault, beside monit with its shortest cycle."""
import contextlib
import random
import statistics
import sys
import time

from kept_alive import polling, until
from stages import (DEADLINE, INTERVAL, PATIENCE, Covered, Frozen, LinkRemoved, LinkTurned, MasterKilled,
                    MasterReplaced, StartRefused, Unmounted)
from support.frozen_world import FrozenWorld
from support.world import World

CYCLE = 1         # seconds: monit's shortest
MONIT_CYCLES = 4  # after which monit is taken not to see it
BLIND_AFTER = 2   # faults that monit did not see, and it is asked no more
FREEZES = 5

KINDS = (  # what it is called, how it is made, what finds it
    ("umount -l of the mount", Unmounted, "event"),
    ("a local file system mounted over it", Covered, "event"),
    ("the link turned to the queue of another", LinkTurned, "event"),
    ("the link removed", LinkRemoved, "event"),
    ("master killed", MasterKilled, "event"),
    ("master replaced by one in the queue of another", MasterReplaced, "event"),
    ("a start refused, in the log", StartRefused, "event"),
    ("the mount frozen", Frozen, "round and deadline"),
)


def refuses(status, _):
    return status == 503


def at_some_time():
    """Not just after a round or a cycle, of which a fault that is found by the next would take the longest."""
    time.sleep(random.uniform(0, CYCLE))


def times_of_agent(stage, times):
    """ms from each fault to the first 503."""
    found = []
    for _ in range(times):
        stage.until_fine()
        at_some_time()
        with polling(stage.instance.agent.port, stage.path) as connection:
            connection.ask()
            stage.break_it()
            answered, _ = until(connection, refuses, within=PATIENCE)
        found.append((answered - stage.broken_at()) * 1000)
        stage.mend()
    return found


def times_of_monit(stage, times):
    """The same for the first of monit's status pages that says so; a fault that it does not see counts as None."""
    stage.watch_by_monit()
    found = []
    for _ in range(times):
        if found[-BLIND_AFTER:] == [None] * BLIND_AFTER:
            break
        stage.until_fine()
        at_some_time()
        stage.break_it()
        end = time.monotonic() + MONIT_CYCLES
        while not (seen := stage.monit.trouble()) and time.monotonic() < end:
            time.sleep(0.002)
        answered = time.monotonic()
        found.append((answered - stage.broken_at()) * 1000 if seen else None)
        stage.mend()
    return found


def measure(make, options):
    times = FREEZES if make is Frozen else options.times
    with contextlib.closing(FrozenWorld() if make is Frozen else World()) as world:
        with contextlib.closing(make(world)) as stage:
            stage.set()
            ours = [] if options.peers_only else times_of_agent(stage, times)
            # What monit watches is not there without a Postfix.
            theirs = [] if make is StartRefused else times_of_monit(stage, times)
    return ours, theirs


def run(options, table):
    worst = []
    for name, make, found_by in KINDS:
        ours, theirs = measure(make, options)
        seen = [value for value in theirs if value is not None]
        print(f"  {name}: {['%.1f' % value for value in ours]}, monit {['%.0f' % value for value in seen]} of "
              f"{len(theirs)}", file=sys.stderr)
        aim = "under 50 ms" if found_by == "event" else f"within {INTERVAL + DEADLINE} s"
        # There is no order to compare by: each contender's median stands for all of its times.
        table.add("detect", name, "monit", [statistics.median(ours)] if ours else [],
                  [statistics.median(seen)] if seen else [], aim, "ms")
        if ours:
            worst.append(f"{name} {max(ours):.1f} ms" + (f" (monit {max(seen):.0f} ms)" if seen else " (monit never)"))
    table.note("detect", f"medians; {options.times} times each, {FREEZES} freezes; checks.interval {INTERVAL}s; worst: "
                         + "; ".join(worst))
    table.note("detect", "monit: a process by its pid file and a file system, set daemon 1; it was asked for a fault "
                         f"until {MONIT_CYCLES} cycles had passed")
    table.note("detect", "checks.fail_after is 1: there is no systemd that says that a master does not come back; a "
                         "refused start is looked for at /health/startup_log, with no Postfix running")
