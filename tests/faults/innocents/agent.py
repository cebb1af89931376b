# SPDX-License-Identifier: Apache-2.0
"""Harmless events of the agent itself, its metadata service and its clients."""
import contextlib
import os
import signal
import socket
import time

from innocents.hands import clients, hup, limit, second_postfix, stopped_for_a_moment, start_twice, workers
from innocents.maillog import rotated_by_rename
from support.agent import status_field
from support.deadline import eventually


def agent_restarted(relay):
    """As an upgrade does. Nothing listens between the two."""
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


def agent_restarted_beside_a_second_postfix(relay):
    second_postfix(relay).start()
    agent_restarted(relay)
    second_postfix(relay).command("stop")


def workers_killed_in_turn(relay):
    for name in workers(relay):
        pid = relay.instance.agent.worker(name)
        os.kill(pid, signal.SIGKILL)
        relay.instance.agent.worker(name, after=pid)


def workers_killed_at_once(relay):
    before = relay.instance.agent.workers()
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    eventually(lambda: len(relay.instance.agent.workers()) == len(before)
               and not set(before) & set(relay.instance.agent.workers()), "new workers")


def workers_are_stopped_for_a_moment(relay):
    for name in workers(relay):
        with stopped_for_a_moment(relay.instance.agent.worker(name)):
            time.sleep(1.0)  # less than the deadline of 2 s


def server_is_stopped_for_a_moment(relay):
    with stopped_for_a_moment(relay.instance.agent.server()):
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
    """A connection and nothing else; and just then the log is rotated, so that one has to be handed over."""
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


# ---- its metadata service


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


# ---- its clients


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
