# SPDX-License-Identifier: Apache-2.0
"""Whether health checks are answered in time while other clients attack: the share within a second. Beside nginx, which
answers the same bytes under the same attack."""
import contextlib
import os
import select
import socket
import statistics
import sys
import time
import urllib.parse

from http_bench import contenders_for_health

CHECK_LIMIT = 1.0  # seconds
CHECKER, GREEDY, IDLE = "127.0.0.1", "127.0.0.2", "127.0.0.3"  # source addresses
GET = b"GET /health HTTP/1.1\r\nHost: attack\r\n\r\n"
HEAD = b"HEAD /health HTTP/1.1\r\nHost: attack\r\n\r\n"
# Words, and per source address how many connections do what.
ATTACKS = [
    ("500 pipelining GET", [(GREEDY, 500, GET)]),
    ("500 pipelining GET, 4000 idle", [(GREEDY, 500, GET), (IDLE, 4000, b"")]),
    ("50 pipelining HEAD, 4000 idle", [(GREEDY, 50, HEAD), (IDLE, 4000, b"")]),
    ("500 pipelining GET, 4000 idle, of the checker's address", [(CHECKER, 500, GET), (CHECKER, 4000, b"")]),
]


class Attacker:
    """Keeps so many connections; what is closed is opened again. With a request: it writes without reading ahead of its
    answers, as much as goes through."""

    def __init__(self, port, source, count, request):
        self._address = ("127.0.0.1", port)
        self._source = source
        self._bytes = request * 25
        self._events = select.EPOLLIN | select.EPOLLRDHUP | (select.EPOLLOUT if request else 0)
        self._poll = select.epoll()
        self._connections = {}
        self._missing = count

    def _open(self):
        connection = socket.socket()
        connection.setblocking(False)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")  # leaves no TIME_WAIT
        connection.setsockopt(socket.IPPROTO_IP, 24, 1)  # IP_BIND_ADDRESS_NO_PORT
        connection.bind((self._source, 0))
        with contextlib.suppress(BlockingIOError):
            connection.connect(self._address)
        self._connections[connection.fileno()] = connection
        self._poll.register(connection, self._events)
        self._missing -= 1

    def _close(self, number):
        self._poll.unregister(number)
        self._connections.pop(number).close()
        self._missing += 1

    def _exchange(self, number, events):
        connection = self._connections[number]
        if events & select.EPOLLIN and not connection.recv(65536):
            raise ConnectionError
        if events & (select.EPOLLERR | select.EPOLLHUP):
            raise ConnectionError
        if events & select.EPOLLOUT and self._bytes:
            connection.send(self._bytes)

    def turn(self, pause):
        for _ in range(min(self._missing, 100)):
            self._open()
        for number, events in self._poll.poll(pause, 256):
            try:
                self._exchange(number, events)
            except BlockingIOError:
                pass
            except OSError:
                self._close(number)


def attack(port, parts):
    """In a child of its own until it is killed. A core of its own, too, as far as there are two."""
    os.sched_setaffinity(0, {1})
    os.nice(5)  # the checker has the core when it needs it: what is measured is the server
    attackers = [Attacker(port, *part) for part in parts]
    while True:
        for attacker in attackers:
            attacker.turn(0.001)


@contextlib.contextmanager
def attacked(port, parts):
    child = os.fork()
    if child == 0:
        try:
            attack(port, parts)
        finally:
            os._exit(1)
    try:
        yield
    finally:
        os.kill(child, 9)
        os.waitpid(child, 0)


def check(port):
    """As a load balancer checks, on a connection of its own: how many seconds it took; None without an answer in time."""
    started = time.monotonic()
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=CHECK_LIMIT, source_address=(CHECKER, 0)) as connection:
            connection.sendall(b"GET /health HTTP/1.1\r\nHost: check\r\nConnection: close\r\n\r\n")
            answer = b""
            while b"\r\n\r\n" not in answer:
                connection.settimeout(max(started + CHECK_LIMIT - time.monotonic(), 0.001))
                chunk = connection.recv(65536)
                if not chunk:
                    return None
                answer += chunk
    except OSError:
        return None
    took = time.monotonic() - started
    return took if took <= CHECK_LIMIT else None


def checks_under(port, parts, seconds):
    """Of one check every quarter of a second: the seconds that each took, None where there was no answer in time."""
    with attacked(port, parts):
        time.sleep(3)  # the attackers have connected by then
        took = []
        next_at = time.monotonic()
        end = next_at + seconds
        while next_at < end:
            took.append(check(port))
            next_at = max(next_at + 0.25, time.monotonic())
            time.sleep(max(next_at - time.monotonic(), 0))
        return took


def run(options, table):
    with contextlib.ExitStack() as stack:
        contenders = contenders_for_health(options, stack)
        for contender in contenders:
            contender.pin(0)
        os.sched_setaffinity(0, {1})
        for words, parts in ATTACKS:
            shares = {}
            for contender in contenders:
                port = urllib.parse.urlsplit(contender.url).port
                took = checks_under(port, parts, options.attack_seconds)
                answered = sorted(one for one in took if one is not None)
                shares[contender.name] = [100 * len(answered) / len(took)]
                median = f"{1000 * statistics.median(answered):.0f} ms" if answered else "-"
                slowest = f"{1000 * answered[-1]:.0f} ms" if answered else "-"
                line = f"{contender.name}: {len(answered)} of {len(took)}, median {median}, slowest {slowest}"
                print(f"  {words}: {line}", file=sys.stderr)
                table.note("attack", f"{words}: {line}")
            table.add("attack", words, "nginx", shares.get("agent", []), shares["nginx"], "100 %", "%")
        os.sched_setaffinity(0, {0, 1})
    table.command("attack", f"checks from {CHECKER}, pipelining clients on {GREEDY}, idle ones on {IDLE}; the server on "
                            "core 0, all clients on core 1")
