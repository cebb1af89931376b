# SPDX-License-Identifier: Apache-2.0
"""What must never get a good mail server replaced: a table of innocent things, each done to a relay in service while a
load balancer asks for /health twenty times a second. It must never leave 200.

A row runs on one of a few relays (RELAYS), which the rows share: what one row leaves behind is what the next one lives
with, as on a real host. A relay that a row has spoilt is made anew for the next.
"""
import contextlib
import os
import signal
import socket
import subprocess
import time

import pytest

from conftest import _finish
from support.agent import status_field
from support.deadline import eventually
from support.frozen_world import FrozenWorld
from support.imds_service import ImdsService
from support.mount_table import serve_with_nfs, show_nfs
from support.nfs_server import NfsServer
from support.poller import Poller
from support.postfix import Postfix, make_skeleton
from support.world import MINE, World

DAY = 86_400


class Relay:
    """One relay in service. `tail`, in seconds: at the latest then the agent has looked again after a deed."""

    def __init__(self, checks, tail, frozen=False, by_imds=False, as_nfs=False, **sections):
        self.checks, self.tail, self.sections = checks, tail, sections
        self.frozen, self.by_imds, self.as_nfs = frozen, by_imds, as_nfs
        self.world = self.instance = self.imds = self.second = self.file_server = None

    def in_service(self):
        """The instance; made anew unless it is healthy."""
        if self.instance is not None:
            try:
                self.instance.agent.until(status=200, within=20)
                return self.instance
            except AssertionError:
                self.close()
        self.world = FrozenWorld() if self.frozen else World()
        instance = self.world.instance()
        instance.write_settings(checks=self.checks, **self.sections)
        if self.by_imds:
            self.imds = ImdsService(MINE)
            instance.host.run("sh", "-c", "mount -t tmpfs none /sys/devices/virtual")
            instance.write_settings(instance_id="auto", imds={"endpoint": self.imds.endpoint})
        self.instance = instance.serving()
        if self.as_nfs:
            self.file_server = NfsServer()
            show_nfs(instance, self.file_server.port)
            eventually(lambda: " nfs4 " in instance.agent.row("mount").get("observedValue", ""), "the mount is NFS")
        return self.instance

    def close(self):
        world, self.world, self.instance, self.second = self.world, None, None, None
        if world is None:
            return
        if self.frozen:
            world.faultfs.clear()
        for service in (self.imds, self.file_server):
            if service is not None:
                service.close()
        self.imds = self.file_server = None
        _finish(world)


RELAYS = {
    # As delivered.
    "defaults": Relay({"interval": "5s"}, tail=5.5),
    # Nothing may be even doubtful: one round decides.
    "strict": Relay({"interval": "300ms", "fail_after": 1}, tail=0.7),
    # The grace of the defaults, sooner over: a restart of Postfix passes, what lasts longer than 4 s does not.
    "graced": Relay({"interval": "1s", "fail_after": 5}, tail=1.3),
    "frozen": Relay({"interval": "1s", "fail_after": 5}, tail=1.3, frozen=True, mount={"deadline": "1s"}),
    "outage": Relay({"interval": "500ms"}, tail=1.0, frozen=True, as_nfs=True,
                    mount={"deadline": "500ms", "fstypes": ["fuse.faultfs", "nfs4"]}),
    "imds": Relay({"interval": "300ms", "fail_after": 1}, tail=0.7, by_imds=True),
}


@pytest.fixture(scope="module", autouse=True)
def _relays():
    yield
    for relay in RELAYS.values():
        relay.close()


# ---- helpers of the rows

def restart(relay):
    relay.instance.postfix.command("stop")
    relay.instance.postfix.start()


def start_twice(relay):
    """An operator types `postfix start` on a mail system that runs."""
    def said():
        """In whichever file of a rotation postlogd writes to."""
        directory = os.path.dirname(relay.instance.postfix.log)
        return sum(read(f"{directory}/{name}").count(b"already running") for name in os.listdir(directory))
    before = said()
    assert relay.instance.postfix.command("start", check=False).returncode == 1
    eventually(lambda: said() > before, "the famous line is logged", within=5)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def log(relay, *lines):
    with open(relay.instance.postfix.log, "a") as file:
        file.write("".join(line + "\n" for line in lines))


def rfc3339(when):
    return time.strftime("%Y-%m-%dT%H:%M:%S.000001+00:00", time.gmtime(when))


def traditional(when):
    return time.strftime("%b %e %H:%M:%S", time.localtime(when))


def boot_began():
    return time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)


ALREADY = " mx postfix/postfix-script[7]: fatal: the Postfix mail system is already running"
LOCK = " mx postfix/master[7]: fatal: open lock file pid/master.pid: unable to set exclusive lock: " \
       "Resource temporarily unavailable"


def worker(relay, name):
    found = [pid for pid in relay.instance.agent.children() if status_field(pid, "Name") == name]
    assert len(found) == 1, f"{len(found)} processes called {name}"
    return found[0]


def workers(relay):
    """Their names."""
    agent = relay.instance.agent
    return sorted(status_field(pid, "Name") for pid in agent.workers())


@contextlib.contextmanager
def standing_still(pid):
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def hup(relay):
    before = relay.instance.agent.stderr().count("reload: ")
    relay.instance.agent.hup()
    eventually(lambda: relay.instance.agent.stderr().count("reload: ") > before, "the settings were read again")


def second_postfix(relay):
    """An unrelated mail system on the same host with a queue of its own, which logs to the same file."""
    if relay.second is None:
        instance = relay.instance
        queue = f"{instance.spool}/postfix-out"
        make_skeleton(queue)
        second = Postfix(instance.host, queue, "postfix-out")
        path = f"{second.config}/main.cf"
        with open(path) as file:
            text = file.read()
        with open(path, "w") as file:
            file.write(text.replace(second.log, instance.postfix.log)
                       .replace(f"maillog_file_prefixes = {instance.host.directory}/postfix-out",
                                f"maillog_file_prefixes = {instance.host.directory}"))
        os.utime(path, (1_600_000_000, 1_600_000_000))
        second.log = instance.postfix.log
        relay.second = second
    return relay.second


# ---- Postfix

def restarted_again_and_again(relay):
    for _ in range(3):
        restart(relay)


def stopped_for_four_seconds(relay):
    relay.instance.postfix.command("stop")
    time.sleep(4)  # an operator edits a file
    relay.instance.postfix.start()


def killed_and_started_by_its_supervisor(relay):
    relay.instance.postfix.kill()
    relay.instance.postfix.start()


def reloaded(relay):
    for _ in range(3):
        relay.instance.postfix.command("reload")


def started_twice(relay):
    for _ in range(2):
        start_twice(relay)


def started_twice_then_restarted(relay):
    start_twice(relay)
    restart(relay)
    start_twice(relay)


def checked_flushed_and_asked(relay):
    for word in ("check", "flush", "status"):
        relay.instance.postfix.command(word)


def mail_comes_in(relay):
    for number in range(20):
        relay.instance.postfix.send(f"message {number}")


def pid_file_removed_as_systemd_does(relay):
    path = f"{relay.instance.queue_seen}/pid/master.pid"
    os.rename(path, f"{path}.away")
    time.sleep(1)
    os.rename(f"{path}.away", path)


# ---- the log

def rotated_by_rename(relay):
    path = relay.instance.postfix.log
    os.rename(path, f"{path}.1")
    log(relay)
    start_twice(relay)  # postlogd writes to the old file until it is told
    relay.instance.postfix.command("reload")
    start_twice(relay)


def rotated_by_copytruncate(relay):
    path = relay.instance.postfix.log
    start_twice(relay)
    with open(f"{path}.1", "wb") as copy:
        copy.write(read(path))
    os.truncate(path, 0)
    start_twice(relay)


def rotated_by_postfix(relay):
    relay.instance.postfix.command("logrotate")
    start_twice(relay)


def log_deleted_and_made_anew(relay):
    os.remove(relay.instance.postfix.log)
    time.sleep(0.7)
    relay.instance.postfix.command("reload")
    start_twice(relay)


def directory_of_the_log_gone_for_a_while(relay):
    directory = os.path.dirname(relay.instance.postfix.log)
    os.rename(directory, f"{directory}.away")
    time.sleep(1.2)
    os.rename(f"{directory}.away", directory)
    start_twice(relay)


def disk_of_the_log_full(relay):
    host, directory = relay.instance.host, os.path.dirname(relay.instance.postfix.log)
    host.run("mount", "-t", "tmpfs", "-o", "size=64k,mode=0755", "log", directory)
    host.run("sh", "-c", "cat /dev/zero > \"$1/filler\" || true", "sh", directory)
    assert relay.instance.postfix.command("start", check=False).returncode == 1
    relay.instance.postfix.command("reload")
    time.sleep(1)
    host.unmount(directory)
    relay.instance.postfix.command("reload")
    start_twice(relay)


def lines_of_earlier_boots(relay):
    began = boot_began()
    for when in (began - 60, began - DAY, began - 300 * DAY):
        for line in (ALREADY, LOCK):
            log(relay, rfc3339(when) + line, traditional(when) + line)


def lines_of_earlier_boots_then_a_restart(relay):
    lines_of_earlier_boots(relay)
    relay.instance.postfix.command("stop")
    lines_of_earlier_boots(relay)
    relay.instance.postfix.start()


def lines_of_last_year_without_a_year(relay):
    """The stamp of "tomorrow and a bit" can only be last year's."""
    log(relay, traditional(time.time() + 3 * DAY) + ALREADY, traditional(time.time() + 30 * DAY) + LOCK)


def lines_without_sense(relay):
    log(relay, "x" * 100_000, "\x00" * 4000, "fatal: the Postfix mail system is already running",
        "Feb 31 25:61:61 mx postfix/master[1]: daemon started", "2026-13-45T99:99:99Z" + ALREADY)


def a_header_that_quotes_the_line(relay):
    log(relay, traditional(time.time()) + " mx postfix/cleanup[9]: 4F: warning: header Subject: fatal: the Postfix mail "
        "system is already running")


# ---- metadata service

def imds_fault(fault):
    def deed(relay):
        relay.imds.faults(fault)
        time.sleep(0.7)
        hup(relay)
        time.sleep(0.7)
        relay.imds.faults()
    deed.__name__ = f"imds_{fault}"
    return deed


def imds_gone(relay):
    relay.imds.close()
    hup(relay)
    time.sleep(1)


# ---- the agent itself

def agent_restarted(relay):
    """As an upgrade does. Between the two nobody listens."""
    for _ in range(3):
        assert relay.instance.agent.stop() == 0
        relay.instance.serve()
        relay.instance.agent.until(status=200)


def agent_killed_and_restarted(relay):
    relay.instance.agent.stop(number=signal.SIGKILL)
    relay.instance.serve()
    relay.instance.agent.until(status=200)


def agent_restarted_while_postfix_restarts(relay):
    relay.instance.postfix.command("stop")
    relay.instance.postfix.start()
    agent_restarted(relay)
    relay.instance.postfix.command("reload")


def workers_killed_in_turn(relay):
    for name in workers(relay):
        pid = worker(relay, name)
        os.kill(pid, signal.SIGKILL)
        eventually(lambda: name in workers(relay) and worker(relay, name) != pid, f"a new {name}")


def workers_killed_at_once(relay):
    before = relay.instance.agent.workers()
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    eventually(lambda: len(relay.instance.agent.workers()) == len(before)
               and not set(before) & set(relay.instance.agent.workers()), "new workers")


def workers_stand_still_for_a_moment(relay):
    for name in workers(relay):
        with standing_still(worker(relay, name)):
            time.sleep(1.0)  # less than the deadline of 2 s


def server_stands_still_for_a_moment(relay):
    with standing_still(relay.instance.agent.server()):
        time.sleep(1.5)


def settings_read_again(relay):
    for hold in ("29m", "31m"):
        relay.instance.write_settings(shared_fault={"hold": hold})
        hup(relay)


def broken_settings_read_again(relay):
    path = relay.instance.settings_path
    with open(path) as file:
        good = file.read()
    for broken in ("{", '{"chekcs": {}}', '{"checks": {"interval": "-1s"}}', "", "\x00"):
        with open(path, "w") as file:
            file.write(broken)
        hup(relay)
    os.rename(path, f"{path}.away")
    hup(relay)
    os.rename(f"{path}.away", path)
    with open(path, "w") as file:
        file.write(good)
    hup(relay)


def few_descriptors_left(relay):
    """A connection and nothing else; and just then the log is rotated, so that a new descriptor has to be handed over."""
    server = relay.instance.agent.server()
    used = max(int(name) for name in os.listdir(f"/proc/{server}/fd")) + 1
    with limit(server, "nofile", used + 1):
        time.sleep(0.7)
        rotated_by_rename(relay)
        workers_killed_at_once(relay)
        time.sleep(0.7)


def little_memory_left(relay):
    server = relay.instance.agent.server()
    size = int(status_field(server, "VmSize").split()[0]) * 1024
    with limit(server, "as", size + (1 << 20)), clients(relay, 200):
        time.sleep(1)
        start_twice(relay)


@contextlib.contextmanager
def limit(pid, name, value):
    """The soft limit of a process, as its own user may set it."""
    user, group = (status_field(pid, field).split()[0] for field in ("Uid", "Gid"))
    prlimit = ["setpriv", f"--reuid={user}", f"--regid={group}", "--clear-groups", "prlimit", f"--pid={pid}"]
    shown = subprocess.run([*prlimit, f"--{name}", "--noheadings", "--raw", "--output=SOFT"], check=True,
                           capture_output=True, text=True).stdout.strip()
    subprocess.run([*prlimit, f"--{name}={value}:"], check=True)
    try:
        yield
    finally:
        subprocess.run([*prlimit, f"--{name}={shown}:"], check=True)


# ---- HTTP clients

@contextlib.contextmanager
def clients(relay, count, first_bytes=b""):
    """That many connections, held."""
    held = []
    try:
        for _ in range(count):
            connection = socket.create_connection(("127.0.0.1", relay.instance.agent.port), timeout=5)
            with contextlib.suppress(OSError):  # the server may have closed it in favour of another
                connection.sendall(first_bytes)
            held.append(connection)
        yield held
    finally:
        for connection in held:
            connection.close()


def connections_held(relay):
    with clients(relay, 300), clients(relay, 300, b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n"):
        time.sleep(1)


def slowloris(relay):
    with clients(relay, 100, b"GET /health HTTP/1.1\r\n") as held:
        for byte in b"Host: a-slow-client":
            for connection in held:
                with contextlib.suppress(OSError):
                    connection.sendall(bytes([byte]))
            time.sleep(0.05)


def garbage(relay):
    for data in (b"\x16\x03\x01\x02\x00\x01\x00" + bytes(500), b"\x00" * 20_000, os.urandom(5000), b"GET\r\n\r\n" * 100,
                 b"POST /health HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n", b"EHLO mx\r\n",
                 b"GET /health HTTP/1.1\r\n" + b"X: y\r\n" * 5000):
        with clients(relay, 10, data):
            pass


def connections_reset(relay):
    linger = b"\x01\x00\x00\x00\x00\x00\x00\x00"
    for _ in range(200):
        with clients(relay, 1, b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n") as (connection,):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)


# ---- a second mail system, foreign mounts

def second_postfix_comes_and_goes(relay):
    second = second_postfix(relay)
    second.start()
    second.command("reload")
    assert second.command("start", check=False).returncode == 1
    second.command("stop")


def second_postfix_fails_to_start(relay):
    second = second_postfix(relay)
    path = f"{second.config}/main.cf"
    with open(path) as file:
        good = file.read()
    for text in (good.replace("mydestination =", "default_process_limit = abc\nmydestination ="),
                 good.replace(f"{relay.instance.spool}/postfix-out", "/nowhere")):
        write_aged(path, text)
        assert second.command("start", check=False).returncode != 0
    write_aged(path, good)


def write_aged(path, text):
    """Programs of Postfix wait until a configuration that was just written has aged."""
    with open(path, "w") as file:
        file.write(text)
    os.utime(path, (1_600_000_000, 1_600_000_000))


def restarted_beside_a_second_postfix(relay):
    second_postfix(relay).start()
    restart(relay)
    second_postfix(relay).command("stop")


def restarted_after_a_second_postfix_failed(relay):
    second_postfix_fails_to_start(relay)
    restart(relay)


def restarted_after_a_second_postfix_stopped_and_a_double_start(relay):
    second_postfix(relay).start()
    second_postfix(relay).command("stop")
    start_twice(relay)
    restart(relay)


def agent_restarted_beside_a_second_postfix(relay):
    second_postfix(relay).start()
    agent_restarted(relay)
    second_postfix(relay).command("stop")


def other_file_systems_come_and_go(relay):
    relay.instance.host.run("sh", "-c", 'mkdir -p "$1"; for i in $(seq 200); do mount -t tmpfs other "$1"; umount "$1"; '
                            "done", "sh", f"{relay.instance.host.directory}/other")


def mount_seen_at_a_second_place(relay):
    host, mail = relay.instance.host, relay.instance.world.mount_path
    host.run("sh", "-c", 'mkdir -p "$2"; for i in $(seq 20); do mount --bind "$1" "$2"; umount "$2"; done', "sh", mail,
             f"{host.directory}/other")


def mount_remounted(relay):
    for option in ("noatime", "nodiratime", "relatime", "rw"):
        relay.instance.host.run("mount", "-o", f"remount,bind,{option}", relay.instance.world.mount_path)


def link_made_anew_as_it_was(relay):
    for _ in range(20):
        os.symlink(relay.instance.link_text(), f"{relay.instance.link}.new")
        os.rename(f"{relay.instance.link}.new", relay.instance.link)


# ---- a file system that is slow

def mount_slow(relay):
    relay.world.faultfs.delay("40ms")
    time.sleep(2.5)
    start_twice(relay)
    relay.world.faultfs.delay("0")


def mount_hangs_for_a_moment(relay):
    relay.world.faultfs.freeze()
    time.sleep(2.8)  # longer than the deadline of 1 s
    assert "watched" in relay.instance.agent.row("mount")["output"], "it was seen"
    relay.world.faultfs.thaw()


def one_error_of_the_file_system(relay):
    relay.world.faultfs.refuse("EIO", "open", times=1)
    time.sleep(1.2)
    relay.world.faultfs.refuse("ENOSPC", "write", "create", times=5)
    time.sleep(1.2)
    relay.world.faultfs.clear()


# ---- an outage of the file server, which every instance shares: out of rotation, and not replaced

@contextlib.contextmanager
def outage(relay):
    relay.file_server.fault = "silent"
    relay.world.faultfs.freeze()
    try:
        relay.instance.agent.until("/readyz", status=503, check="mount", reason="hung")
        yield
        answer = relay.instance.agent.until(status=200, check="mount", reason="hung")
        assert answer.json["status"] == "warn"
        assert relay.instance.agent.request("/readyz").status == 503
    finally:
        relay.world.faultfs.thaw()
        relay.file_server.fault = "answers"
    relay.instance.agent.until("/readyz", status=200, within=30)


def file_server_down(relay):
    with outage(relay):
        time.sleep(4)


def file_server_down_and_the_agent_upgraded(relay):
    with outage(relay):
        assert relay.instance.agent.stop() == 0
        serve_with_nfs(relay.instance, relay.file_server.port)
        time.sleep(2)


# ---- the table

ROWS = [  # relay, deed, for how many seconds at a time nobody may listen
    ("defaults", restarted_again_and_again, 0),
    ("defaults", stopped_for_four_seconds, 0),
    ("defaults", killed_and_started_by_its_supervisor, 0),
    ("defaults", agent_restarted, 2),
    ("graced", started_twice_then_restarted, 0),
    ("graced", lines_of_earlier_boots_then_a_restart, 0),
    ("graced", restarted_beside_a_second_postfix, 0),
    ("graced", restarted_after_a_second_postfix_failed, 0),
    ("graced", restarted_after_a_second_postfix_stopped_and_a_double_start, 0),
    ("graced", agent_restarted_beside_a_second_postfix, 2),
    ("graced", agent_killed_and_restarted, 2),
    ("graced", agent_restarted_while_postfix_restarts, 2),
    ("graced", pid_file_removed_as_systemd_does, 0),
    ("graced", workers_killed_in_turn, 0),
    ("graced", workers_killed_at_once, 0),
    ("graced", workers_stand_still_for_a_moment, 0),
    ("graced", server_stands_still_for_a_moment, 0),
    ("graced", few_descriptors_left, 3),
    ("graced", little_memory_left, 2),
    ("strict", reloaded, 0),
    ("strict", started_twice, 0),
    ("strict", checked_flushed_and_asked, 0),
    ("strict", mail_comes_in, 0),
    ("strict", rotated_by_rename, 0),
    ("strict", rotated_by_copytruncate, 0),
    ("strict", rotated_by_postfix, 0),
    ("strict", log_deleted_and_made_anew, 0),
    ("strict", directory_of_the_log_gone_for_a_while, 0),
    ("strict", disk_of_the_log_full, 0),
    ("strict", lines_of_earlier_boots, 0),
    ("strict", lines_of_last_year_without_a_year, 0),
    ("strict", lines_without_sense, 0),
    ("strict", a_header_that_quotes_the_line, 0),
    ("strict", settings_read_again, 0),
    ("strict", broken_settings_read_again, 0),
    ("strict", connections_held, 0),
    ("strict", slowloris, 0),
    ("strict", garbage, 0),
    ("strict", connections_reset, 0),
    ("strict", second_postfix_comes_and_goes, 0),
    ("strict", second_postfix_fails_to_start, 0),
    ("strict", other_file_systems_come_and_go, 0),
    ("strict", mount_seen_at_a_second_place, 0),
    ("strict", mount_remounted, 0),
    ("strict", link_made_anew_as_it_was, 0),
    ("imds", imds_fault("always_503"), 0),
    ("imds", imds_fault("tokens_refused"), 0),
    ("imds", imds_fault("silent"), 0),
    ("imds", imds_gone, 0),
    ("frozen", mount_slow, 0),
    ("frozen", mount_hangs_for_a_moment, 0),
    ("frozen", one_error_of_the_file_system, 0),
    ("outage", file_server_down, 0),
    ("outage", file_server_down_and_the_agent_upgraded, 8),
]


def name_of(row):
    relay, deed, _ = row
    return f"{relay}-{deed.__name__}"


def still_watched(instance):
    """Checks of which a fault is seen that does not count yet."""
    return {name: row["output"] for name, (row,) in instance.agent.health().json["checks"].items()
            if "watched (" in row.get("output", "")}


@pytest.mark.parametrize("relay,deed,gap", ROWS, ids=map(name_of, ROWS))
def test_never_leaves_200(relay, deed, gap):
    relay = RELAYS[relay]
    instance = relay.in_service()
    # Where the agent itself is started again the first answer after the gap is of interest, so one is never missed.
    with Poller(instance.agent.port, every=0.002 if gap else 0.05) as poller:
        eventually(lambda: poller.answers, "the first answer")
        deed(relay)
        time.sleep(relay.tail)
    poller.assert_never_left(200, longest_gap=gap)
    eventually(lambda: not still_watched(instance), f"nothing is left to be watched: {still_watched(instance)}", within=3)
    if gap:
        print(f"{len(poller.unanswered())} of {len(poller.answers)} requests met nobody, for at most "
              f"{poller.longest_gap():.3f} s at a time")
