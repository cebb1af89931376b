# SPDX-License-Identifier: Apache-2.0
"""The parts of which the deeds are made. Each takes a Relay."""
import contextlib
import os
import signal
import socket
import subprocess
import time

from support.agent import status_field
from support.deadline import eventually
from support.postfix import Postfix, make_skeleton

DAY = 86_400

ALREADY = " mx postfix/postfix-script[7]: fatal: the Postfix mail system is already running"
LOCK = " mx postfix/master[7]: fatal: open lock file pid/master.pid: unable to set exclusive lock: " \
       "Resource temporarily unavailable"


class HostTooSlow(Exception):
    """The deed took longer than what it stands for, so the answers show nothing."""


def boot_began():
    return time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)


def rfc3339(when):
    return time.strftime("%Y-%m-%dT%H:%M:%S.000001+00:00", time.gmtime(when))


def traditional(when):
    return time.strftime("%b %e %H:%M:%S", time.localtime(when))


def log(relay, *lines):
    with open(relay.instance.postfix.log, "a") as file:
        file.write("".join(line + "\n" for line in lines))


def read(path):
    with open(path, "rb") as file:
        return file.read()


def write_aged(path, text):
    """Programs of Postfix wait until a configuration that was just written has aged."""
    with open(path, "w") as file:
        file.write(text)
    os.utime(path, (1_600_000_000, 1_600_000_000))


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


def workers(relay):
    """Their names."""
    agent = relay.instance.agent
    return sorted(status_field(pid, "Name") for pid in agent.workers())


@contextlib.contextmanager
def stopped_for_a_moment(pid):
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def hup(relay):
    before = relay.instance.agent.stderr().count("reload: ")
    relay.instance.agent.hup()
    eventually(lambda: relay.instance.agent.stderr().count("reload: ") > before, "the settings were read again")


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
