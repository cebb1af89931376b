# SPDX-License-Identifier: Apache-2.0
"""Mail relays with all in order, and what breaks them, each in its own way and as often as wanted."""
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
import xml.etree.ElementTree

import mail_log
from support.deadline import eventually
from support.postfix import Postfix, free_port, make_skeleton
from support.world import OTHER

INTERVAL = 5   # seconds, the default: a fault that is found by the round alone takes up to that
DEADLINE = 2   # seconds, the default of mount.deadline
PATIENCE = 40  # seconds for anything to be found or mended
MNT_DETACH = 2
MS_BIND = 4096


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


class Stage:
    """One mail relay with all in order, the agent and, if asked for, monit."""

    path = "/health"

    def __init__(self, world):
        self.world = world
        self.instance = world.instance()
        # There is no systemd to say that a master that is gone will not come back: the first look counts.
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
    """Another master runs in the queue of another instance: all right until the own one is gone."""

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
        """Whether something that it watches is wrong, or monit does not answer."""
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
