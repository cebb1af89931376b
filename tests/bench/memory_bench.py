# SPDX-License-Identifier: Apache-2.0
"""Memory, processor time and wake-ups of an idle program beside those of two that operators run on every host."""
import contextlib
import os
import time

import peers

ASK_EVERY = 5  # seconds, in the second window


def memory(running):
    """{"Pss": MB, "Rss": MB} over all its processes."""
    sums = {"Pss": 0, "Rss": 0}
    for pid in running.pids():
        with open(f"/proc/{pid}/smaps_rollup") as file:
            for line in file:
                name = line.split(":")[0]
                if name in sums:
                    sums[name] += int(line.split()[1])
    return {name: kilobytes / 1024 for name, kilobytes in sums.items()}


def spent(running):
    """(processor time in ms, wake-ups) so far, over all its threads.

    schedstat has nanoseconds, where utime and stime count ticks of 10 ms. A wake-up is the end of a voluntary wait."""
    nanoseconds = wakeups = 0
    for pid in running.pids():
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/schedstat") as file:
                nanoseconds += int(file.read().split()[0])
            with open(f"/proc/{pid}/task/{thread}/status") as file:
                wakeups += int(file.read().split("\nvoluntary_ctxt_switches:")[1].split()[0])
    return nanoseconds / 1e6, wakeups


def watch(contenders, seconds, each_interval):
    """name -> (ms of processor time, wake-ups) within that time, calling each_interval(contender) now and then."""
    before = {contender.name: spent(contender) for contender in contenders}
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        for contender in contenders:
            each_interval(contender)
        time.sleep(min(ASK_EVERY, left))
    after = {contender.name: spent(contender) for contender in contenders}
    return {name: tuple(b - a for a, b in zip(before[name], after[name])) for name in before}


def run(options, table):
    with contextlib.ExitStack() as stack:
        contenders = []
        if not options.peers_only:
            contenders.append(stack.enter_context(peers.agent()))
        contenders += [stack.enter_context(peers.node_exporter()), stack.enter_context(peers.monit())]
        for contender in contenders:
            for _ in range(10):
                contender.ask()
        idle = watch(contenders, options.idle, lambda contender: None)
        asked = watch(contenders, options.idle, lambda contender: contender.ask())
        sizes = {contender.name: memory(contender) for contender in contenders}
        count = {contender.name: len(contender.pids()) for contender in contenders}

    def row(measure, peer, figures, key, aim="", unit=""):
        ours = [figures["agent"][key]] if "agent" in figures else []
        table.add("memory", measure, peer, ours, [figures[peer][key]], aim, unit)

    for peer in ("node-exporter", "monit"):
        row("PSS, all processes", peer, sizes, "Pss", "at most 10 MB", "MB")
        row("RSS, all processes", peer, sizes, "Rss", unit="MB")
        row(f"CPU in {options.idle} s, idle", peer, idle, 0, unit="ms")
        row(f"wake-ups in {options.idle} s, idle", peer, idle, 1, f"{options.idle // 5} rounds")
        row(f"CPU in {options.idle} s, asked every {ASK_EVERY} s", peer, asked, 0, unit="ms")
        row(f"wake-ups in {options.idle} s, asked every {ASK_EVERY} s", peer, asked, 1)
    table.note("memory", f"processes {count}; after 10 requests and {2 * options.idle} s; the agent is asked for "
                         "/health, node-exporter for /metrics, monit for its page")
    for contender in contenders:
        table.command("memory", contender.command)
    table.command("memory", "/proc/PID/smaps_rollup; /proc/PID/task/*/schedstat and status")
