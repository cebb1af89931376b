# SPDX-License-Identifier: Apache-2.0
"""The program under test: its daemon, its commands, and what it answers over HTTP."""
import http.client
import json
import os
import signal
import socket
import subprocess

from support import path_trace
from support.deadline import DeadlinePassed, eventually
from support.host import children_of


def binary():
    """PEA_BINARY, else what the release preset built."""
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    path = os.environ.get("PEA_BINARY", f"{root}/build/release/postfix-elb-agent")
    assert os.access(path, os.X_OK), f"{path} is not there: build it, or set PEA_BINARY"
    return path


class Response:
    def __init__(self, reply):
        self.status = reply.status
        self.reason = reply.reason
        self.headers = {name.lower(): value for name, value in reply.getheaders()}
        self.body = reply.read()

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"<{self.status} {self.body[:600]!r}>"


class Agent:
    """`postfix-elb-agent serve` on one pretended host."""

    def __init__(self, instance, arguments=(), wrapper=()):
        self.instance = instance
        self.port = instance.settings["listen"]["port"]
        self.stderr_path = f"{instance.host.directory}/agent.stderr"
        self._stderr = open(self.stderr_path, "ab")
        if path_trace.wanted() and not wrapper:
            wrapper = path_trace.wrapper(f"{instance.host.directory}/paths")
        self._nsenter = instance.host.popen(
            *wrapper, binary(), "serve", "--config", instance.settings_path, *arguments,
            stdout=self._stderr, stderr=self._stderr)
        self._wrapped = len(wrapper) > 0

    # ---- its processes, in this process's numbering

    @property
    def supervisor(self):
        pid = eventually(lambda: children_of(self._nsenter.pid), "the program started")[0]
        if self._wrapped:
            pid = eventually(lambda: children_of(pid), "the wrapped program started")[0]
        return pid

    def children(self):
        return children_of(self.supervisor)

    def server(self):
        """The process that answers, once it is not root any more."""
        def unprivileged():
            return [pid for pid in self.children() if status_field(pid, "Name") == "pea-server"
                    and status_field(pid, "Uid").split()[1:2] not in ([], ["0"])]
        return eventually(unprivileged, "the server, which is not root")[0]

    def workers(self):
        server = self.server()
        return [pid for pid in self.children() if pid != server]

    def worker(self, name, after=None):
        """The one worker of that name that is not `after`. The list of children may lack it while another ends, and has
        one that was killed until it is reaped."""
        def found():
            named = [pid for pid in self.children() if status_field(pid, "Name") == name and pid != after]
            return named if len(named) == 1 else None
        return eventually(found, f"one {name}")[0]

    def mount_worker(self):
        """The worker that touches the mount."""
        return self.worker("pea-mount")

    # ---- HTTP

    def request(self, path, method="GET", headers=None, timeout=10):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, path, headers=headers or {})
            return Response(connection.getresponse())
        finally:
            connection.close()

    def raw(self, data, timeout=15, half_close=False):
        """Sends bytes as they are; returns everything that comes until the other end closes."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=timeout) as connection:
            try:
                connection.sendall(data)
                if half_close:
                    connection.shutdown(socket.SHUT_WR)
                received = b""
                while chunk := connection.recv(65536):
                    received += chunk
            except ConnectionResetError:
                pass
            return received

    def health(self):
        return self.request("/health")

    def reason(self, check):
        """(status, reason) of one check; the reason is None on pass."""
        row = self.health().json["checks"][check][0]
        return row["status"], row.get("reason")

    def row(self, check):
        return self.health().json["checks"][check][0]

    def runs(self):
        return self._nsenter.poll() is None

    def _still_runs(self):
        code = self._nsenter.poll()
        assert code is None, f"the agent ended with {code}:\n{self.stderr()}"

    def until(self, path="/health", status=None, check=None, reason=None, phase=None, said=(), within=15.0):
        """Waits until the answer is so; returns it. `reason` and `said`, words of the check's output, need `check`;
        the reason "" means that the check passes."""
        last = []

        def so():
            self._still_runs()
            try:
                response = self.request(path)
            except OSError as error:
                last[:] = [error]
                return None
            last[:] = [response]
            if status is not None and response.status != status:
                return None
            if phase is not None and response.json.get("phase") != phase:
                return None
            if check is not None and reason is not None:
                checks = response.json.get("checks")  # not there before the first verdict
                if checks is None or (checks[check][0].get("reason") or "") != reason:
                    return None
                if not all(word in checks[check][0].get("output", "") for word in said):
                    return None
            return response

        try:
            return eventually(so, f"{path} says status={status} {check}={reason} phase={phase} {said}", within)
        except DeadlinePassed as error:
            raise DeadlinePassed(f"{error}\nlast answer: {last}\nstderr:\n{self.stderr()[-3000:]}") from None

    def started(self):
        """Waits until it listens."""
        self.until("/livez", status=200)
        return self

    # ---- the end

    def stderr(self):
        with open(self.stderr_path, errors="replace") as file:
            return file.read()

    def hup(self):
        os.kill(self.supervisor, signal.SIGHUP)

    def stop(self, number=signal.SIGTERM, within=20):
        """Signals the supervisor; returns the exit status (-9 if it was killed by signal 9)."""
        if self._nsenter.poll() is None:
            os.kill(self.supervisor, number)
        try:
            return self._nsenter.wait(timeout=within)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still there {within} s after signal {number}:\n{self.stderr()[-3000:]}") from None
        finally:
            self._stderr.close()

    def wait(self, within=20):
        return self._nsenter.wait(timeout=within)


def status_field(pid, name):
    """A field of /proc/<pid>/status; "" when the process is gone."""
    try:
        with open(f"/proc/{pid}/status") as file:
            for line in file:
                if line.startswith(name + ":"):
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return ""
