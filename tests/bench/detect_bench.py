# SPDX-License-Identifier: Apache-2.0
"""From a fault to the first answer that says so, for each kind of fault, beside monit with its shortest cycle."""
import contextlib
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import time
import urllib.request
import xml.etree.ElementTree

import mail_log
from kept_alive import polling, until
from support.deadline import eventually
from support.frozen_world import FrozenWorld
from support.postfix import Postfix, free_port, make_skeleton
from support.world import OTHER, World

INTERVAL = 5          # seconds, the default: a fault that is found by the round alone takes up to that
PATIENCE = 40         # seconds for an answer that says 503
CYCLE = 1             # seconds: monit's shortest
MONIT_CYCLES = 4      # after which monit is taken not to see it
BLIND_AFTER = 2       # faults that monit did not see, and it is asked no more
FREEZES = 5
DEADLINE = 2          # seconds, the default of mount.deadline


class Hand:
    """A process in the mount namespace of a host that mounts and unmounts on demand: without the start of a program
    between the clock and the deed."""

    _PROGRAM = """\
import ctypes, json, sys, time
libc = ctypes.CDLL(None, use_errno=True)
for line in sys.stdin:
    name, *words = json.loads(line)
    words = [word.encode() if isinstance(word, str) else word for word in words]
    at = time.monotonic()
    failed = getattr(libc, name)(*words)
    print(json.dumps([at, failed and ctypes.get_errno()]), flush=True)
"""

    def __init__(self, host):
        self._process = host.popen(sys.executable, "-c", self._PROGRAM, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   text=True)

    def begin(self, *call):
        print(json.dumps(call), file=self._process.stdin, flush=True)

    def begun(self):
        """time.monotonic() just before the deed."""
        at, error = json.loads(self._process.stdout.readline())
        assert not error, os.strerror(error)
        return at

    def do(self, *call):
        self.begin(*call)
        return self.begun()

    def close(self):
        self._process.kill()
        self._process.wait()


MNT_DETACH = 2
MS_BIND = 4096


class Stage:
    """One mail relay with all in order, the agent and, if asked for, monit."""

    path = "/health"

    def __init__(self, world):
        self.world = world
        self.instance = world.instance()
        # Nothing says here that a master that is gone is not about to come back, as systemd does: the first look counts.
        self.instance.write_settings(checks={"interval": f"{INTERVAL}s", "fail_after": 1}, user="nobody",
                                     mount={"deadline": f"{DEADLINE}s"})
        self.instance.host.bind(f"{self.instance.postfix.config}/main.cf", "/etc/postfix/main.cf")
        self.hand = Hand(self.instance.host)
        self.monit = None

    def set(self):
        self.instance.serving()
        return self

    def watch_by_monit(self):
        self.monit = Monit(self.instance)

    def until_fine(self):
        self.instance.agent.until(status=200, path=self.path, within=PATIENCE)
        if self.monit:
            eventually(lambda: not self.monit.trouble(), "monit is content", within=PATIENCE)

    # Each fault begins with break_it(), which may only ask for it; broken_at() is when; mend() undoes it.

    def broken_at(self):
        return self._at

    def close(self):
        if self.monit:
            self.monit.close()
        self.hand.close()
        self.instance.agent.stop()


class Unmounted(Stage):
    def break_it(self):
        self.hand.begin("umount2", self.world.mount_path, MNT_DETACH)

    def broken_at(self):
        return self.hand.begun()

    def mend(self):
        self.hand.do("mount", self.world.shared, self.world.mount_path, None, MS_BIND, None)


class Covered(Unmounted):
    def break_it(self):
        self.hand.begin("mount", "local", self.world.mount_path, "ramfs", 0, None)

    def mend(self):
        self.hand.do("umount2", self.world.mount_path, MNT_DETACH)


class LinkTurned(Stage):
    def _turn(self, target):
        new = f"{self.instance.link}.new"
        os.symlink(target, new)
        self._at = time.monotonic()
        os.rename(new, self.instance.link)

    def break_it(self):
        self._turn(f"{self.world.mount_path}/{OTHER}")

    def mend(self):
        self._turn(self.instance.queue)


class LinkRemoved(LinkTurned):
    def break_it(self):
        self._at = time.monotonic()
        os.unlink(self.instance.link)


class MasterKilled(Stage):
    def break_it(self):
        pid = self.instance.postfix.master_pid()
        self._at = time.monotonic()
        os.kill(pid, signal.SIGKILL)

    def mend(self):
        for pid in self.instance.host.pids():
            with contextlib.suppress(OSError):
                if os.readlink(f"/proc/{pid}/exe").startswith("/usr/lib/postfix/") and not self._is_foreign(pid):
                    os.kill(pid, signal.SIGKILL)
        self.instance.postfix.start()

    def _is_foreign(self, pid):
        return False


class MasterReplaced(MasterKilled):
    """Another master stands by, in the queue of another instance: all right until the own one is gone."""

    def set(self):
        super().set()
        make_skeleton(f"{self.world.shared}/{OTHER}")
        self._other = Postfix(self.instance.host, f"{self.world.mount_path}/{OTHER}", name="postfix-other")
        self._other.start()
        self.until_fine()
        return self

    def _is_foreign(self, pid):
        with open(f"/proc/{pid}/environ") as file:
            return f"MAIL_CONFIG={self._other.config}\0" in file.read()


class StartRefused(Stage):
    """No Postfix has been started, so that it is the log's line that turns the answer, of that one check."""

    path = "/health/startup_log"

    def set(self):
        self.instance.relinked()
        self.instance.serve()
        self.until_fine()
        return self

    def _log(self, line):
        with open(self.instance.postfix.log, "ab", buffering=0) as log:
            self._at = time.monotonic()
            log.write(line)

    def break_it(self):
        self._log(mail_log.refused_start(mail_log.traditional(time.time())))

    def mend(self):
        self._log(mail_log.started(mail_log.traditional(time.time())))


class Frozen(Stage):
    def break_it(self):
        self._at = time.monotonic()
        self.world.faultfs.freeze()

    def mend(self):
        self.world.faultfs.thaw()


# Debian's own conf-available/postfix in its essence, and the file system.
MONITRC = """\
set daemon 1
set pidfile {directory}/pid
set idfile {directory}/id
set statefile {directory}/state
set log {directory}/log
set httpd port {port} and use address 127.0.0.1
    allow localhost
check process postfix with pidfile {queue}/pid/master.pid
    if does not exist then alert
check filesystem mail with path {mount}
    if does not exist then alert
"""


class Monit:
    def __init__(self, instance):
        directory = f"{instance.host.directory}/monit"
        os.mkdir(directory)
        port = free_port()
        self._url = f"http://127.0.0.1:{port}/_status?format=xml"
        path = f"{directory}/monitrc"
        with open(path, "w", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(MONITRC.format(directory=directory, port=port, queue=instance.link,
                                      mount=instance.world.mount_path))
        self._process = instance.host.popen("monit", "-I", "-c", path, stdout=subprocess.DEVNULL,
                                            stderr=subprocess.DEVNULL)
        eventually(lambda: not self.trouble(), "monit is content", within=PATIENCE)

    def trouble(self):
        """Whether something is wrong with what it watches, or it does not say."""
        try:
            with urllib.request.urlopen(self._url, timeout=5) as response:
                services = xml.etree.ElementTree.fromstring(response.read()).findall("service")
        except OSError:
            return True
        watched = [service for service in services if service.findtext("name") in ("postfix", "mail")]
        return len(watched) != 2 or any(service.findtext("monitor") != "1" or service.findtext("status") != "0"
                                        for service in watched)

    def close(self):
        self._process.kill()
        self._process.wait()


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
    table.note("detect", "checks.fail_after is 1, because there is no systemd that says that a master is gone for good; "
                         "a refused start is looked for at /health/startup_log, with no Postfix running")
