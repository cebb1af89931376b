# SPDX-License-Identifier: Apache-2.0
"""Clients on the port: strangers must not get an instance replaced."""
import contextlib
import socket
import struct

from row import condition

MANY = 600  # more than the connections that the program keeps (agent/http/limits.hpp)
REQUEST = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"


def connected(relay, data=b""):
    connection = socket.create_connection(("127.0.0.1", relay.agent.port), timeout=5)
    if data:
        connection.sendall(data)
    return connection


@contextlib.contextmanager
def held(connections):
    kept = []
    try:
        for connection in connections:
            kept.append(connection)
        yield
    finally:
        for connection in kept:
            connection.close()


@condition
def many_that_send(relay, data):
    with held(connected(relay, data) for _ in range(MANY)):
        yield


@condition
def many_that_reset(relay):
    for _ in range(MANY):
        with connected(relay, REQUEST) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    yield


@condition
def some_that_never_read(relay):
    """Requests are written until nothing goes through any more."""
    def one():
        connection = connected(relay)
        connection.settimeout(0.05)
        with contextlib.suppress(OSError):
            while True:
                connection.sendall(REQUEST * 100)
        return connection
    with held(one() for _ in range(8)):
        yield


@condition
def many_that_send_to_a_frozen_relay(relay, data):
    relay.faultfs.freeze()
    with held(connected(relay, data) for _ in range(MANY)):
        yield
    relay.faultfs.thaw()
