# SPDX-License-Identifier: Apache-2.0
"""What following a busy mail log costs, beside two exporters that do; and starting beside a log of gigabytes."""
import contextlib
import os
import re
import subprocess
import sys
import time

import mail_log
import peers
from memory_bench import spent
from kept_alive import polling, until
from support.agent import Agent
from support.deadline import eventually
from support.world import World

BURST = 1000        # lines in one write
BURSTS_PER_S = 100  # of a very busy relay
SINGLE_PER_S = 2000  # lines, one in a write
AIM = "at most 0.2"
BLOCK = 1000        # messages with one stamp in a large log
LAST_PART = 0.02    # of the large log that is of this boot, in the first case
START_FAILED = b'"start_failed"'


def stamp_now():
    """mtail's program for Postfix takes RFC 3339 stamps of the morning alone."""
    return mail_log.traditional(time.time())


class Followed:
    """A log that one contender follows."""

    def __init__(self, directory, name):
        self.path = f"{directory}/{name}.log"
        self.connects = self.lines = 0
        self._fd = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    def write(self, pieces, messages, lines, per_second):
        """Each piece by a write of its own, evenly; then counts what was written."""
        begin = time.monotonic()
        for number, piece in enumerate(pieces):
            wait = begin + number / per_second - time.monotonic()
            if wait > 0:
                time.sleep(wait)
            os.write(self._fd, piece)
        self.connects += messages
        self.lines += lines

    def close(self):
        os.close(self._fd)


def connects(running):
    """How many connections it has counted."""
    found = re.search(r"^postfix_smtpd_connects_total(?:\{[^}]*\})? (\S+)$", running.ask()[2].decode(), re.MULTILINE)
    return float(found[1]) if found else 0


class OurFollower:
    """The agent, relinked, without a Postfix: the last line of what is written decides its answer."""

    name = "agent"

    def __init__(self, stack, directory):
        self.log = Followed(directory, self.name)
        world = stack.enter_context(contextlib.closing(World()))
        instance = world.instance()
        instance.write_settings(maillog={"path": self.log.path}, checks={"interval": "5s"}, user="nobody")
        instance.relinked()
        self._agent = instance.serve()
        self._agent.until(check="startup_log", reason="")
        stack.callback(self._agent.stop)
        self.running = peers.Running(self.name, self._agent.supervisor,
                                     f"http://127.0.0.1:{self._agent.port}/metrics", "postfix-elb-agent serve")

    def end_with(self):
        return mail_log.refused_start(stamp_now())

    def await_all(self):
        with polling(self._agent.port, "/health/startup_log") as poller:
            until(poller, lambda _, body: START_FAILED in body, within=120, pause=0.5)
            self.log.write([mail_log.started(stamp_now())], 0, 0, 1)
            until(poller, lambda _, body: START_FAILED not in body, within=120, pause=0.5)
        assert connects(self.running) == self.log.connects


class PeerFollower:
    """It counts connections."""

    def __init__(self, stack, directory, name, start):
        self.name = name
        self.log = Followed(directory, name)
        self.running = stack.enter_context(start(self.log.path))
        # Both begin at the end of the file, which they must have found before something is written.
        eventually(lambda: self._follows(), f"{name} follows its log", within=30)

    def _follows(self):
        return any(self._has_open(pid) for pid in self.running.pids())

    def _has_open(self, pid):
        folder = f"/proc/{pid}/fd"
        return any(os.path.realpath(f"{folder}/{fd}") == self.log.path for fd in os.listdir(folder))

    def end_with(self):
        return b""

    def await_all(self):
        eventually(lambda: connects(self.running) >= self.log.connects, f"{self.name} has read its log", within=300,
                   step=0.5)


def follow_once(follower, pieces, messages, lines, per_second):
    """ms of processor time that following these lines took."""
    before = spent(follower.running)[0]
    follower.log.write(pieces, messages, lines, per_second)
    if last := follower.end_with():
        follower.log.write([last], 0, 1, 1)
    follower.await_all()
    return spent(follower.running)[0] - before


def bursts(lines):
    """(pieces of BURST lines, messages, lines), of messages that are whole."""
    template = mail_log.Template(-(-lines // len(mail_log.LINES)))
    rows = template.at(stamp_now()).splitlines(keepends=True)
    pieces = [b"".join(rows[i:i + BURST]) for i in range(0, len(rows), BURST)]
    return pieces, template.messages, len(rows)


def singles(seconds):
    template = mail_log.Template(SINGLE_PER_S * seconds // len(mail_log.LINES))
    rows = template.at(stamp_now()).splitlines(keepends=True)
    return rows, template.messages, len(rows)


def follow(options, table):
    with contextlib.ExitStack() as stack:
        directory = stack.enter_context(peers.private_directory())
        followers = [] if options.peers_only else [OurFollower(stack, directory)]
        followers.append(PeerFollower(stack, directory, "postfix-exporter", peers.postfix_exporter))
        followers.append(PeerFollower(stack, directory, "mtail", peers.mtail))
        million = {follower.name: [] for follower in followers}
        single = {follower.name: [] for follower in followers}
        for number in range(options.log_rounds):
            for follower in followers:
                ways = (("in bursts", million, bursts(options.lines), BURSTS_PER_S),
                        ("one by one", single, singles(options.log_seconds), SINGLE_PER_S))
                for name, figures, written, rate in ways:
                    figures[follower.name].append(follow_once(follower, *written, rate) / written[2] * 1e6)
                    print(f"  round {number + 1} {follower.name}: {figures[follower.name][-1]:.0f} ms for a million "
                          f"lines {name}", file=sys.stderr)
        for follower in followers:
            table.command("log", follower.running.command)
            follower.log.close()
    for peer in ("postfix-exporter", "mtail"):
        table.add("log", f"CPU for a million lines, {BURST} in a write", peer, million.get("agent", []), million[peer],
                  AIM, "ms")
        table.add("log", f"CPU for a million lines, one in a write, {SINGLE_PER_S}/s", peer,
                  single.get("agent", []), single[peer], AIM, "ms")


# ---- starting beside a large log

def boot_began():
    return time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)


def write_large(path, size, part_of_this_boot):
    """A log without holes, the last part of it of this boot, in the order of its stamps. The last line of all is of a
    start that was refused: a program that reports it has read to the end."""
    template = mail_log.Template(BLOCK)
    block = len(template.at(mail_log.rfc3339(0)))
    blocks = size // block
    of_this_boot = max(1, int(blocks * part_of_this_boot))
    boot, now = boot_began(), time.time()
    with open(path, "wb", buffering=0) as file:
        for number in range(blocks):
            left = blocks - number
            if left > of_this_boot:
                at = boot - 86400 - (left - of_this_boot) * 60
            else:
                at = boot + (now - boot) * (1 - left / (of_this_boot + 1))
            file.write(template.at(mail_log.rfc3339(at)))
        file.write(mail_log.refused_start(mail_log.rfc3339(now)))
        os.fsync(file.fileno())


def warm(path):
    with open(path, "rb", buffering=0) as file:
        while file.read(1 << 20):
            pass


def cold(path):
    with open(path, "rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def grep_once(path):
    begin = time.monotonic()
    subprocess.run(["grep", "-c", "fatal: the Postfix", path], stdout=subprocess.DEVNULL, check=False)
    return time.monotonic() - begin


class Starter:
    """Starts the agent on a log, again and again."""

    def __init__(self, stack, path):
        world = stack.enter_context(contextlib.closing(World()))
        self._instance = world.instance()
        # A start that failed is doubtful: with more than one round it would be rounds that are measured.
        self._instance.write_settings(maillog={"path": path}, checks={"fail_after": 1}, user="nobody")
        self._instance.relinked()

    @contextlib.contextmanager
    def _started(self):
        # As at boot: one that served before in this boot lets its clients wait until it knows better than to fail.
        self._instance.host.run("rm", "-rf", "/run/postfix-elb-agent")
        begin = time.monotonic()
        agent = Agent(self._instance)
        try:
            eventually(lambda: _listens(agent.port), "the agent listens", step=0.001)
            with polling(agent.port) as poller:
                yield begin, poller
        finally:
            agent.stop()

    def seconds(self):
        """From the start of the program to the answer that knows the last line."""
        with self._started() as (begin, poller):
            return until(poller, _knows, within=120, pause=0.005)[0] - begin

    def answers(self):
        """ms that each answer took until then, asked as fast as they come; and for as long with nothing to read."""
        with self._started() as (_, poller):
            at_work = until(poller, _knows, within=120)[1]
            end = time.monotonic() + max(1.0, sum(at_work) / 1000)
            at_rest = until(poller, lambda *_: time.monotonic() >= end, within=130)[1]
        return at_work, at_rest


def _listens(port):
    try:
        with polling(port, "/livez") as poller:
            return poller.ask()[0] == 200
    except OSError:
        return False


def _knows(status, body):
    assert status != 200, f"said to be healthy before the log was read: {body[:600]!r}"
    return START_FAILED in body


def start_up(options, table):
    with contextlib.ExitStack() as stack:
        directory = stack.enter_context(peers.private_directory())
        path = f"{directory}/mail.log"
        starter = None if options.peers_only else Starter(stack, path)
        for case, part in (("the last part of it of this boot", LAST_PART), ("all of it of this boot", 1.0)):
            write_large(path, int(options.log_gigabytes * (1 << 30)), part)
            for cache, prepare in (("warm", warm), ("cold", cold)):
                ours, theirs, work, rest = [], [], [], []
                for number in range(options.log_rounds):
                    prepare(path)
                    theirs.append(grep_once(path))
                    if not starter:
                        continue
                    prepare(path)
                    ours.append(starter.seconds())
                    prepare(path)
                    at_work, at_rest = starter.answers()
                    work += at_work
                    rest += at_rest
                    print(f"  round {number + 1} {case}, {cache}: {ours[-1]:.2f} s, grep {theirs[-1]:.2f} s, worst "
                          f"answer {max(at_work):.2f} ms of {len(at_work)}, at rest {max(at_rest):.2f} ms",
                          file=sys.stderr)
                what = f"{options.log_gigabytes:g} GiB log, {case}, {cache} cache"
                table.add("log", f"start with a {what}", "grep -c", ours, theirs, unit="s")
                if starter:
                    table.note("log", f"{what}: /health meanwhile: worst {max(work):.2f} ms, p99 {p99(work):.2f} ms of "
                                      f"{len(work)} answers; at rest {max(rest):.2f} ms, {p99(rest):.2f} ms")
    table.command("log", "grep -c 'fatal: the Postfix' mail.log")


def p99(durations):
    return sorted(durations)[int(len(durations) * 0.99)]


def run(options, table):
    follow(options, table)
    start_up(options, table)
