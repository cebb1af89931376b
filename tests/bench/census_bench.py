# SPDX-License-Identifier: Apache-2.0
"""What it costs to know what is queued: a scrape beside that of prometheus-postfix-exporter, which asks showq each
time; a census beside a bare walk of the directories; and a census of a very long queue in memory."""
import contextlib
import os
import shutil
import statistics
import subprocess
import tempfile
import time

import peers
from memory_bench import memory, spent
from support.agent import binary, status_field
from support.deadline import eventually
from support.host import children_of
from support.queue import censuses, depths, fill, hash_directory, long_id, mail_files, until_counted, value
from support.world import World

OFTEN = {"interval": "1s", "budget": 1_000_000}  # as fast as it can: what it costs, not what it is held to
SCRAPES = 20   # of the agent in each round; the exporter gets one
CENSUSES = 5
WALKS = 5
FAR = 86400 * 2  # seconds until qmgr tries any of the messages


class Relay:
    """A mail relay in service whose deferred queue is filled further and further."""

    def __init__(self, agent=True):
        self.world = World()
        subprocess.run(["mount", "-o", "remount,size=8g", self.world.shared], check=True)
        self.instance = self.world.instance()
        self.instance.write_settings(user="nobody", checks={"interval": "5s"}, census=OFTEN)
        self.instance.bake().mount()
        self.instance.serve().until(check="relink", reason="")
        self.instance.postfix.start(quick=False)  # showq dies where "hold" is missing
        self.instance.agent.until(status=200, phase="serving")
        self.instance.postfix.send("the sample of all others, " * 20)
        queue = self.instance.queue_seen
        path = eventually(lambda: [path for path in mail_files(queue) if path.startswith("deferred/")], "it is deferred")
        with open(f"{queue}/{path[0]}", "rb") as file:
            self._sample = file.read()
        self._owner = os.stat(f"{queue}/{path[0]}")
        self.deferred = f"{queue}/deferred"
        self.messages = 1
        if not agent:
            self.instance.agent.stop()

    def grow(self, messages):
        """Until there are so many: copies of a real message with ids of their own, which are not due for days."""
        due = time.time() + FAR
        for number in range(self.messages, messages):
            name = long_id(int(time.time()) - 7 * number, number * 7919 % 1_000_000, number)
            place = f"{self.deferred}/{hash_directory(name)}"
            if not os.path.isdir(place):
                os.mkdir(place, 0o700)
                os.chown(place, self._owner.st_uid, self._owner.st_gid)
            with open(f"{place}/{name}", "wb", opener=lambda path, flags: os.open(path, flags, 0o700)) as file:
                file.write(self._sample)
            os.chown(f"{place}/{name}", self._owner.st_uid, self._owner.st_gid)
            os.utime(f"{place}/{name}", (due, due))
        self.messages = messages

    def agent(self):
        agent = self.instance.agent
        url = f"http://127.0.0.1:{agent.port}/metrics"
        return peers.Running("agent", agent.supervisor, url, "postfix-elb-agent serve --config agent.json")

    def services(self):
        """Postfix's own processes, which work for the clients of showq."""
        return [child for child in children_of(self.instance.postfix.master_pid())]

    def close(self):
        if self.instance.agent:
            self.instance.agent.stop()
        self.world.close()


def processor_time(pids):
    nanoseconds = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            with open(f"/proc/{pid}/schedstat") as file:
                nanoseconds += int(file.read().split()[0])
    return nanoseconds / 1e6


def scrape(running, helpers):
    """(ms to the answer, ms of processor time of it and its helpers) of one scrape."""
    before, began = spent(running)[0] + processor_time(helpers()), time.monotonic()
    status, _, _ = running.ask(timeout=120)
    seconds = time.monotonic() - began
    assert status == 200, status
    return seconds * 1e3, spent(running)[0] + processor_time(helpers()) - before


def resident(pids):
    """Peak resident memory in MB, in sum."""
    return sum(int((status_field(pid, "VmHWM") or "0 kB").split()[0]) for pid in pids) / 1024


def scrapes(options, table, relay, size, exporter):
    ours, theirs = [], []
    for _ in range(options.rounds):
        if relay.instance.agent:
            rounds = [scrape(relay.agent(), lambda: []) for _ in range(SCRAPES)]
            ours.append([statistics.median(each[i] for each in rounds) for i in (0, 1)])
        theirs.append(scrape(exporter, relay.services))
    heading = f"{size} messages"
    table.add("census", f"scrape, {heading}", exporter.name, [one[0] for one in ours], [one[0] for one in theirs],
              "1/1000" if size == max(options.queue_sizes) else "", "ms")
    table.add("census", f"CPU of a scrape, {heading}", exporter.name, [one[1] for one in ours],
              [one[1] for one in theirs], "", "ms")
    asked = exporter.pids() + [pid for pid in relay.services() if status_field(pid, "Name") == "showq"]
    table.add("census", f"RSS, {heading}", f"{exporter.name}, showq",
              [memory(relay.agent())["Rss"]] if relay.instance.agent else [], [resident(asked)], "", "MB")


def walk(directory):
    """Milliseconds of processor time of a bare walk; asserts that it sees as many as there are."""
    program = f"{os.path.dirname(binary())}/tests/support/getdents_walk"
    files, nanoseconds = subprocess.run([program, directory], check=True, capture_output=True, text=True).stdout.split()
    return int(files), int(nanoseconds) / 1e6


def census_cost(agent):
    """Milliseconds of processor time of the mount worker for a census, and its operations: of some, each."""
    worker = agent.mount_worker()

    def now():
        return processor_time([worker]), value(agent, "postfix_elb_agent_census_operations_total"), censuses(agent)

    until_counted(agent, within=60)
    before = now()
    eventually(lambda: censuses(agent) >= before[2] + CENSUSES, "more censuses", within=120)
    after = now()
    taken = after[2] - before[2]
    return (after[0] - before[0]) / taken, (after[1] - before[1]) / taken


def walks(options, table, relay, size):
    eventually(lambda: (depths(relay.instance.agent) or {}).get("deferred") == size, "all are counted", within=120)
    ours, theirs, operations = [], [], 0
    for _ in range(options.rounds):
        cost, operations = census_cost(relay.instance.agent)
        ours.append(cost)
        theirs.append(statistics.median(walk(relay.deferred)[1] for _ in range(WALKS)))
    table.add("census", f"CPU of a census, {size} messages", "getdents", ours, theirs,
              "at most 1.5" if size == max(options.queue_sizes) else "", "ms")
    table.note("census", f"{size} messages: {operations:.0f} operations of the file system, which census.budget 200 "
                         f"spreads over {operations / 200:.1f} s")


def long_queue(options, table):
    """RSS of the mount worker, at its peak, over the first census of a very long queue."""
    world = World()
    try:
        instance = world.instance()
        instance.write_settings(user="nobody", census=OFTEN)
        instance.relinked()
        instance.serve()
        until_counted(instance.agent)
        worker = instance.agent.mount_worker()
        before = resident([worker])
        fill(f"{instance.queue_seen}/deferred", options.long_queue, seconds=int(time.time()) - 3600)
        eventually(lambda: (depths(instance.agent) or {}).get("deferred") == options.long_queue, "all are counted",
                   within=300)
        grown = resident([worker]) - before
        cost, operations = census_cost(instance.agent)
        table.add("census", f"RSS grown by a census, {options.long_queue} messages", "-", [grown], [], "under 2 MB",
                  "MB")
        table.add("census", f"CPU of a census, {options.long_queue} messages", "getdents", [cost],
                  [walk(f"{instance.queue_seen}/deferred")[1]], "", "ms")
        table.note("census", f"{options.long_queue} messages: {operations:.0f} operations, {operations / 200:.1f} s at "
                             "census.budget 200")
        instance.agent.stop()
    finally:
        world.close()


def run(options, table):
    directory = tempfile.mkdtemp(prefix="pea-bench-")
    relay = Relay(agent=not options.peers_only)
    try:
        log = f"{directory}/mail.log"
        with open(log, "w"):
            pass
        with peers.postfix_exporter(log, f"{relay.instance.queue_seen}/public/showq") as exporter:
            for size in options.queue_sizes:
                relay.grow(size)
                scrapes(options, table, relay, size, exporter)
                if not options.peers_only:
                    walks(options, table, relay, size)
            shown = exporter.command.replace(directory, "DIR").replace(relay.instance.queue_seen, "QUEUE")
            table.command("census", shown)
        table.command("census", "GET /metrics of each; /proc/PID/schedstat; tests/support/getdents_walk DIR")
    finally:
        relay.close()
        shutil.rmtree(directory, ignore_errors=True)
    if not options.peers_only:
        long_queue(options, table)
