# SPDX-License-Identifier: Apache-2.0
"""What happens to a mail relay, in random order: innocent deeds, through which /health stays 200, and faults, which it
must name and forget."""
import contextlib
import os
import random
import signal
import socket
import time

from support.agent import status_field
from support.deadline import eventually
from support.world import OTHER


class Churn:
    """`faults` are the spans of time in which 503 is right: (from, to)."""

    def __init__(self, instance, faultfs, seed):
        self.instance, self.agent, self.postfix, self.faultfs = instance, instance.agent, instance.postfix, faultfs
        self.random = random.Random(seed)
        self.faults = []
        self.done = {}
        self._deck = []
        self._rare = [kill_a_worker] * 4
        self._first = [settings_read_again, every_page]  # code that is used for the first time is no growth

    def one(self, also_rarely=False):
        """The next deed: each once before any of them comes again."""
        if not self._deck:
            self._deck = [*INNOCENT, *FAULTS]
            self.random.shuffle(self._deck)
        rare = self._rare if also_rarely else []
        deed = (self._first or rare or self._deck).pop()
        began = time.monotonic()
        deed(self)
        if deed in FAULTS:
            self.healthy()
            self.faults.append((began, time.monotonic()))
        self.done[deed.__name__] = self.done.get(deed.__name__, 0) + 1

    def healthy(self):
        self.agent.until(status=200, phase="serving", within=30)
        self.agent.until("/readyz", status=200, within=30)

    def log(self, *lines):
        with open(self.postfix.log, "a") as file:
            file.write("".join(f"{time.strftime('%b %e %H:%M:%S')} mx {line}\n" for line in lines))

    @contextlib.contextmanager
    def connections(self, count, first_bytes):
        with contextlib.ExitStack() as stack:
            for _ in range(count):
                connection = stack.enter_context(socket.create_connection(("127.0.0.1", self.agent.port), timeout=10))
                with contextlib.suppress(OSError):
                    connection.sendall(first_bytes)
            yield


# ---- innocent

def restart(churn):
    churn.postfix.command("stop")
    churn.postfix.start()


def reload(churn):
    churn.postfix.command("reload")


def second_start(churn):
    assert churn.postfix.command("start", check=False).returncode == 1


def rotate_by_rename(churn):
    os.rename(churn.postfix.log, f"{churn.postfix.log}.1")
    churn.log("postfix/smtpd[1]: connect from unknown[192.0.2.1]")
    churn.postfix.command("reload")


def rotate_by_truncation(churn):
    os.truncate(churn.postfix.log, 0)


def lines(churn):
    churn.log(*(f"postfix/smtpd[{number}]: connect from unknown[192.0.2.{number % 250}]" for number in range(5000)),
              "postfix/cleanup[1]: 4F: warning: header Subject: fatal: the Postfix mail system is already running",
              "x" * 50_000)


def mail(churn):
    for number in range(5):
        churn.postfix.send(f"message {number}")


def mounts(churn):
    churn.instance.host.run("sh", "-c", 'mkdir -p "$1"; for i in $(seq 50); do mount -t tmpfs other "$1"; umount "$1"; '
                            "done", "sh", f"{churn.instance.host.directory}/other")


def recreate_link(churn):
    for _ in range(20):
        os.symlink(churn.instance.link_text(), f"{churn.instance.link}.new")
        os.rename(f"{churn.instance.link}.new", churn.instance.link)


def settings_read_again(churn):
    churn.agent.hup()


def held_connections(churn):
    with churn.connections(100, b"GET /health HTTP/1.1\r\n"), \
            churn.connections(100, b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n"):
        time.sleep(0.3)


def garbage(churn):
    for _ in range(20):
        with churn.connections(5, churn.random.randbytes(2000)):
            pass


def every_page(churn):
    for _ in range(200):
        for path in ("/health", "/readyz", "/livez", "/health/mount", "/metrics", "/", "/nowhere"):
            churn.agent.request(path)


def short_freeze(churn):
    churn.faultfs.freeze()
    time.sleep(0.6)
    churn.faultfs.thaw()


# ---- faults

def freeze(churn):
    churn.faultfs.freeze()
    try:
        churn.agent.until("/readyz", status=503, check="mount", reason="hung", within=30)
    finally:
        churn.faultfs.thaw()


def swap_the_link(churn):
    for text in (f"{churn.instance.world.mount_path}/{OTHER}", churn.instance.queue):
        os.symlink(text, f"{churn.instance.link}.new")
        os.rename(f"{churn.instance.link}.new", churn.instance.link)
        if text != churn.instance.queue:
            churn.agent.until(status=503, check="queue_link", reason="wrong_target")


def kill_master(churn):
    churn.postfix.kill()
    churn.agent.until(status=503, check="master_pid", reason="stale", within=30)
    churn.postfix.start()


def unmount(churn):
    churn.instance.unmount()
    churn.agent.until(status=503, check="mount", reason="missing")
    churn.instance.mount()
    churn.agent.until(check="mount", reason="")
    churn.postfix.stop()  # it works in what was mounted before
    churn.postfix.start()


def error_of_the_file_system(churn):
    churn.faultfs.refuse("EIO")
    try:
        churn.agent.until("/readyz", status=503, check="mount", reason="io_error", within=30)
    finally:
        churn.faultfs.clear()


# ---- what makes new processes, so that it comes only in the warm-up

def kill_a_worker(churn):
    pid = churn.random.choice(churn.agent.workers())
    name = status_field(pid, "Name")
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: pid not in churn.agent.workers()
               and name in [status_field(other, "Name") for other in churn.agent.workers()], f"a new {name}")


INNOCENT = (restart, reload, second_start, rotate_by_rename, rotate_by_truncation, lines, mail, mounts, recreate_link,
            settings_read_again, held_connections, garbage, every_page, short_freeze)
FAULTS = (freeze, swap_the_link, kill_master, unmount, error_of_the_file_system)
