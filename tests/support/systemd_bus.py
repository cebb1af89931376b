# SPDX-License-Identifier: Apache-2.0
"""The system bus of a pretended host: a real dbus-daemon, and fake_systemd.py on it as systemd."""
import json
import os
import signal
import subprocess
import sys

from support.deadline import eventually
from support.host import children_of

SOCKET = "/run/dbus/system_bus_socket"
_HERE = os.path.dirname(os.path.abspath(__file__))


class SystemdBus:
    def __init__(self, host):
        self.host = host
        self._daemon = self._systemd = None
        host.run("mkdir", "-p", os.path.dirname(SOCKET))

    def start(self):
        self.host.run("rm", "-f", SOCKET)
        self._daemon = self.host.popen("dbus-daemon", "--nofork", "--nopidfile", f"--address=unix:path={SOCKET}",
                                       f"--config-file={_HERE}/private_bus.conf", stderr=subprocess.DEVNULL)
        eventually(lambda: os.path.exists(self.host.view(SOCKET)), "the bus listens")
        return self.start_systemd()

    def start_systemd(self):
        self._systemd = self.host.popen(sys.executable, f"{_HERE}/fake_systemd.py", stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        assert self._systemd.stdout.readline() == "ready\n"
        return self

    def send(self, line):
        """One of the lines that fake_systemd.py takes; returns its answer."""
        self._systemd.stdin.write(line + "\n")
        self._systemd.stdin.flush()
        answer = self._systemd.stdout.readline()
        assert answer, f"it died of {line!r}"
        return answer.strip()

    def unit(self, name, active, sub, kind="forking", load="loaded"):
        self.send(f"unit {name} {load} {active} {sub} {kind}")

    def property(self, name, key, signature, value):
        """Sets a property of an existing unit, beside its state."""
        self.send(f"property {name} {key} {signature} {json.dumps(value)}")

    def hang(self):
        self._signal(self._systemd, signal.SIGSTOP)

    def thaw(self):
        self._signal(self._systemd, signal.SIGCONT)
        self._systemd.send_signal(signal.SIGCONT)  # nsenter(1) stops with what it started

    def stop_systemd(self):
        self._signal(self._systemd, signal.SIGKILL)
        self._systemd.wait(timeout=20)

    def stop(self):
        self._signal(self._daemon, signal.SIGKILL)
        self._daemon.wait(timeout=20)

    @staticmethod
    def _signal(process, number):
        for pid in children_of(process.pid):
            os.kill(pid, number)
