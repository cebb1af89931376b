# SPDX-License-Identifier: Apache-2.0
"""A kept-alive connection that asks for the same path over and over, as fast as it is answered. Opened again when the
server ends it."""
import contextlib
import socket
import time


class Connection:
    """A request takes well under a millisecond, so a change is seen within that time."""

    def __init__(self, port, path="/health", timeout=30):
        self._request = f"GET {path} HTTP/1.1\r\nHost: bench\r\n\r\n".encode()
        self._port, self._timeout = port, timeout
        self._connect()

    def _connect(self):
        self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=self._timeout)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self):
        """(status, body)."""
        self._socket.sendall(self._request)
        received = b""
        while (end := received.find(b"\r\n\r\n")) < 0:
            received += self._more()
        head = received[:end].lower()
        length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
        while len(received) < end + 4 + length:
            received += self._more()
        if b"\r\nconnection: close" in head:  # its last request (agent/http/limits.hpp)
            self.close()
            self._connect()
        return int(received[9:12]), received[end + 4:]

    def _more(self):
        chunk = self._socket.recv(65536)
        if not chunk:
            raise ConnectionError("the connection was closed before the answer was complete")
        return chunk

    def close(self):
        self._socket.close()


@contextlib.contextmanager
def polling(port, path="/health"):
    poller = Connection(port, path)
    try:
        yield poller
    finally:
        poller.close()


def until(poller, condition, within, pause=0.0):
    """(time.monotonic() of the first answer of which condition(status, body) holds, durations of all in ms)."""
    deadline = time.monotonic() + within
    durations = []
    while True:
        asked = time.monotonic()
        status, body = poller.ask()
        answered = time.monotonic()
        durations.append((answered - asked) * 1000)
        if condition(status, body):
            return answered, durations
        if answered > deadline:
            raise AssertionError(f"not within {within} s; the last answer is {status}: {body[:600]!r}")
        if pause:
            time.sleep(pause)
