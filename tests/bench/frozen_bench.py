# SPDX-License-Identifier: Apache-2.0
"""/health while the mount is frozen beside /health while all is well: 10,000 requests each, turn about. And what monit,
which watches the same mount, says in the same freeze."""
import contextlib
import os
import re
import socket
import statistics
import subprocess
import sys
import time

import peers
from support.deadline import eventually
from support.frozen_world import FrozenWorld
from support.host import children_of
from support.postfix import free_port

REQUESTS = 10_000
MONIT_WATCH = 12  # seconds of a freeze: a dozen of monit's cycles

MONITRC = """\
set daemon 1
set pidfile {directory}/monit.pid
set idfile {directory}/monit.id
set statefile {directory}/monit.state
set log {directory}/monit.log
set httpd port {port} and use address 127.0.0.1
    allow localhost
check filesystem Mail with path {mount}
    if space usage > 99% then alert
check file pid_file with path {queue}/pid/master.pid
    if does not exist then alert
"""


def latencies(port, count):
    """Of so many requests one after the other on kept connections, in microseconds, sorted; and the last answer."""
    request = b"GET /health HTTP/1.1\r\nHost: bench\r\n\r\n"
    took = []
    while len(took) < count:  # a connection has a last request (agent/http/limits.hpp)
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            answer = b""
            while len(took) < count and b"\r\nConnection: close" not in answer:
                started = time.perf_counter_ns()
                connection.sendall(request)
                answer = connection.recv(65536)
                took.append((time.perf_counter_ns() - started) / 1000)
                assert is_whole(answer), f"an answer in pieces: {answer[:200]!r}"
    return sorted(took), answer


def is_whole(answer):
    head, found, body = answer.partition(b"\r\n\r\n")
    length = [line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    return found and length and len(body) == int(length[0].split(b":")[1])


def p(sorted_values, share):
    return sorted_values[int(len(sorted_values) * share)]


@contextlib.contextmanager
def frozen(world, agent):
    """While this lasts the agent says so."""
    world.faultfs.freeze()
    try:
        agent.until(check="mount", reason="hung", within=30)
        yield
        assert agent.row("mount")["reason"] == "hung", "hung to the end of the measurement"
    finally:
        world.faultfs.thaw()
        agent.until(status=200, check="mount", reason="", within=30)


@contextlib.contextmanager
def monit_watching(instance):
    """The URL of its page; monit runs where it sees what the agent sees."""
    directory = f"{instance.host.directory}/monit"
    os.mkdir(directory)
    port = free_port()
    path = f"{directory}/monitrc"
    with open(path, "w", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        file.write(MONITRC.format(directory=directory, port=port, mount=instance.world.mount_path,
                                  queue=instance.queue))
    process = instance.host.popen("monit", "-I", "-c", path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    running = peers.Running("monit", process.pid, f"http://127.0.0.1:{port}/_status?format=text", "")
    try:
        yield running
    finally:
        for pid in children_of(process.pid):
            os.kill(pid, 9)  # a thread of it may hang in the freeze
        process.wait(timeout=20)


def monit_says(running):
    """The status of each of its checks, None without an answer."""
    try:
        text = running.ask()[2].decode(errors="replace")
    except OSError:
        return None
    text = re.sub(r"\x1b\[[0-9;]*m", "", text)  # it colours what it says
    return [line.split(None, 1)[1].strip() for line in text.splitlines() if line.strip().startswith("status ")]


def ask_monit(world, instance, table):
    with monit_watching(instance) as monit:
        healthy = eventually(lambda: (found := monit_says(monit)) and "Initializing" not in found and found,
                             "monit has looked once", within=30)
        with frozen(world, instance.agent):
            said = []
            end = time.monotonic() + MONIT_WATCH
            while time.monotonic() < end:
                said.append(monit_says(monit))
                time.sleep(0.5)
        good = sum(1 for answer in said if answer == healthy)
        words = " and ".join(sorted(set(healthy)))
        table.note("frozen", f"monit (cycle 1 s, watching the mount and the pid file) in a freeze of {MONIT_WATCH} s: "
                             f"{good} of {len(said)} answers still said {words} of both; ours says hung")


def run(options, table):
    if options.peers_only:
        return
    world = FrozenWorld()
    try:
        instance = world.instance()
        instance.write_settings(checks={"interval": "1s"}, mount={"deadline": "1s"}, user="nobody")
        instance.serving()
        agent = instance.agent
        peers.Running("agent", agent.supervisor, "", "").pin(0)
        os.sched_setaffinity(0, {1})
        latencies(agent.port, REQUESTS)  # warms up

        well, ill = [], []
        for number in range(options.rounds):
            took, healthy_answer = latencies(agent.port, REQUESTS)
            well.append(took)
            with frozen(world, agent):
                took, frozen_answer = latencies(agent.port, REQUESTS)
                ill.append(took)
            print(f"  round {number + 1}: p99 healthy {p(well[-1], 0.99):.0f} us, frozen {p(ill[-1], 0.99):.0f} us",
                  file=sys.stderr)
        for name, share, aim in (("median", 0.5, ""), ("p99", 0.99, "at most 1.2"), ("p99.9", 0.999, "")):
            table.add("frozen", f"{name} of /health, mount frozen", "itself, healthy", [p(took, share) for took in ill],
                      [p(took, share) for took in well], aim, "us")
        worst = statistics.median(took[-1] for took in ill), statistics.median(took[-1] for took in well)
        table.note("frozen", f"{REQUESTS} requests a round, {options.rounds} rounds of each in turn; the slowest of a "
                             f"round {worst[0]:.0f} us frozen, {worst[1]:.0f} us healthy; answers of "
                             f"{len(frozen_answer)} and {len(healthy_answer)} bytes")
        table.command("frozen", "postfix-elb-agent serve on a FUSE file system (tests/support/faultfs), pinned to core "
                                "0; requests one after the other on kept connections from core 1")
        os.sched_setaffinity(0, {0, 1})
        ask_monit(world, instance, table)
        agent.stop()
    finally:
        world.faultfs.clear()
        world.close()
