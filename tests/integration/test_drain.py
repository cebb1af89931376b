# SPDX-License-Identifier: Apache-2.0
"""SIGTERM: /readyz fails at once, answers go on for drain.delay, then the agent ends, even if something hangs."""
import os
import signal
import socket
import time

import pytest

from support.agent import status_field
from support.deadline import eventually, stays

# As agent/supervisor/supervisor.hpp promises beyond drain.delay; a busy machine gets two seconds more.
PROMPT = 3 + 2
WITHOUT_SERVER = 6 + 2


@pytest.fixture(autouse=True)
def untraced(monkeypatch):
    """A tracer delays the end of its processes, and the end is timed here."""
    monkeypatch.delenv("PEA_TRACE_SERVER", raising=False)


@pytest.fixture
def relay(frozen_world):
    """In service on a shared file system that can freeze."""
    instance = frozen_world.instance()
    instance.write_settings(mount={"deadline": "500ms"})
    return instance.serving()


def term(agent):
    os.kill(agent.supervisor, signal.SIGTERM)
    return time.monotonic()


def ended(agent, since, within):
    """Waits for the end: status 0, in time, and no process of the agent is left."""
    processes = [agent.supervisor, *agent.children()] if agent._nsenter.poll() is None else []
    assert agent.wait(within=within + 20) == 0, agent.stderr()[-2000:]
    took = time.monotonic() - since
    assert took < within, f"ended after {took:.1f} s"
    eventually(lambda: not any(runs(pid) for pid in processes), "no process is left", within=10)
    return took


def runs(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(") ", 1)[1][0] not in "ZX"
    except OSError:
        return False


def refused(agent):
    try:
        socket.create_connection(("127.0.0.1", agent.port), timeout=5).close()
    except ConnectionRefusedError:
        return True
    return False


def test_readyz_fails_at_once_and_health_answers_until_the_delay_ends(relay):
    relay.agent.stop()
    agent = relay.serve("--set", "drain.delay=2s")
    agent.until(status=200)
    start = term(agent)
    agent.until("/readyz", status=503, phase="draining", within=0.5)

    def still():
        answer = agent.health()
        return answer.status == 200 and answer.json["phase"] == "draining" and agent.request("/readyz").status == 503

    stays(still, "health answers 200 while it drains", during=1.2)
    took = ended(agent, start, 2 + PROMPT)
    assert took >= 2
    assert refused(agent)


def test_without_a_delay_it_ends_at_once(relay):
    assert ended(relay.agent, term(relay.agent), PROMPT) < 2


def test_a_second_signal_ends_the_delay(relay):
    relay.agent.stop()
    agent = relay.serve("--set", "drain.delay=10m")
    agent.until(status=200)
    term(agent)
    agent.until("/readyz", status=503, phase="draining", within=2)
    ended(agent, term(agent), PROMPT)


def test_a_request_under_way_gets_its_answer(relay):
    agent = relay.agent
    with socket.create_connection(("127.0.0.1", agent.port), timeout=10) as connection:
        connection.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n")
        assert agent.request("/livez").status == 200, "what was sent before is there now"
        start = term(agent)
        eventually(lambda: refused(agent), "it accepts no more")
        connection.sendall(b"\r\n")
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
    assert answer.startswith(b"HTTP/1.1 200 ") and b"Connection: close" in answer
    ended(agent, start, PROMPT)


@pytest.mark.parametrize("words", [b"", b"GET /hea", b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 4000],
                         ids=["silent", "half a request", "reads nothing"])
def test_a_client_that_keeps_a_connection_does_not_delay_the_end(relay, words):
    agent = relay.agent
    connections = []
    for _ in range(5):
        connection = socket.create_connection(("127.0.0.1", agent.port), timeout=10)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.setblocking(False)
        try:
            connection.send(words)
        except BlockingIOError:
            pass
        connections.append(connection)
    assert agent.health().status == 200
    ended(agent, term(agent), PROMPT)
    for connection in connections:
        connection.close()


def test_while_the_mount_is_frozen(relay):
    relay.world.faultfs.freeze()
    relay.agent.until(status=503, check="mount", reason="hung")
    ended(relay.agent, term(relay.agent), PROMPT)


def test_readyz_says_so_at_once_while_the_mount_is_frozen(relay):
    relay.agent.stop()
    agent = relay.serve("--set", "drain.delay=2s")
    agent.until(status=200)
    relay.world.faultfs.freeze()
    relay.world.faultfs.until_frozen()
    start = term(agent)
    agent.until("/readyz", status=503, phase="draining", within=0.5)
    ended(agent, start, 2 + PROMPT)


def test_a_mount_worker_that_nothing_can_kill_is_left_behind(relay):
    worker = relay.agent.mount_worker()
    server_of_files = relay.world.faultfs.process
    relay.world.faultfs.freeze()
    relay.agent.until(status=503, check="mount", reason="hung")
    server_of_files.send_signal(signal.SIGSTOP)  # what it has read and does not answer, the kernel waits for
    try:
        start = term(relay.agent)
        assert relay.agent.wait(within=30) == 0
        assert time.monotonic() - start < PROMPT
        assert status_field(worker, "State").startswith("D"), "killed, still there, and not waited for"
    finally:
        server_of_files.send_signal(signal.SIGCONT)
    eventually(lambda: not runs(worker), "the worker is gone when the file server comes back")


@pytest.mark.parametrize("kind", ["rename", "fsync", "create", "mkdir"])
def test_while_a_relink_is_under_way(frozen_world, kind):
    instance = frozen_world.instance()
    instance.write_settings(mount={"deadline": "500ms"})
    instance.bake().mount()
    frozen_world.faultfs.freeze(kind)
    agent = instance.serve()
    frozen_world.faultfs.until_frozen()
    ended(agent, term(agent), PROMPT)
    frozen_world.faultfs.thaw()
    instance.serve().until(check="relink", reason="")


def test_while_the_mount_is_waited_for(instance):
    instance.bake()
    agent = instance.serve()
    agent.until(status=503, check="mount", reason="missing")
    ended(agent, term(agent), PROMPT)


def test_sigterm_ends_it_while_the_metadata_service_is_silent(instance):
    instance.host.run("sh", "-c", "mount -t tmpfs none /sys/devices/virtual && mkdir -p /sys/devices/virtual/dmi/id")
    with socket.create_server(("127.0.0.1", 0)) as service:
        endpoint = f"http://127.0.0.1:{service.getsockname()[1]}"
        instance.write_settings(instance_id="auto", imds={"endpoint": endpoint})
        instance.bake().mount()
        agent = instance.serve()
        connection, _ = service.accept()
        assert connection.recv(65536).startswith(b"PUT /latest/api/token")
        ended(agent, term(agent), PROMPT)
        connection.close()


def test_a_stopped_server_is_killed(relay):
    agent = relay.agent
    os.kill(agent.server(), signal.SIGSTOP)
    start = term(agent)
    assert agent.wait(within=30) == 1
    assert time.monotonic() - start < WITHOUT_SERVER
    assert "the server did not end in time; killing it" in agent.stderr()


def test_before_the_first_round(relay):
    relay.agent.stop()
    relay.world.faultfs.freeze()
    agent = relay.serve()
    ended(agent, term(agent), PROMPT)


def test_sigterm_to_every_process_works_like_one_signal(relay):
    agent = relay.agent
    every_process = [*agent.children(), agent.supervisor]
    start = time.monotonic()
    for pid in every_process:
        os.kill(pid, signal.SIGTERM)
    ended(agent, start, PROMPT)


def test_a_signal_while_a_worker_is_being_started_again(relay):
    agent = relay.agent
    os.kill(agent.mount_worker(), signal.SIGKILL)
    ended(agent, term(agent), PROMPT)
