# SPDX-License-Identifier: Apache-2.0
"""Which sockets the agent answers on: those that the service manager passes (sd_listen_fds(3)), its own, or both."""
import os
import socket
import threading

import pytest

from support.agent import Agent
from support.deadline import eventually, stays

# What PID 1 does between fork and exec: the sockets from 3 on, and LISTEN_* for this process alone.
PASSER = """
import fcntl, os, sys
passed = [fcntl.fcntl(int(number), fcntl.F_DUPFD, 100) for number in sys.argv[1].split(",")]
for place, number in enumerate(passed):
    os.dup2(number, 3 + place, inheritable=True)
os.closerange(3 + len(passed), 1024)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(passed)), LISTEN_FDNAMES=":".join(["web"] * len(passed)))
os.execv(sys.argv[2], sys.argv[2:])
"""


@pytest.fixture(autouse=True)
def untraced(monkeypatch):
    """The sockets are passed to the program itself, not to a tracer of it."""
    monkeypatch.delenv("PEA_TRACE_SERVER", raising=False)


def listener(address="127.0.0.1", port=0, family=socket.AF_INET, **options):
    return socket.create_server((address, port), family=family, backlog=512, **options)


def serve(instance, sockets, *arguments):
    """`serve` with these sockets passed; does not wait for anything."""
    numbers = ",".join(str(one.fileno()) for one in sockets)
    popen = instance.host.popen
    instance.host.popen = lambda *argv, **keywords: popen(
        *argv, pass_fds=[one.fileno() for one in sockets], **keywords)
    try:
        # exec: the interpreter becomes the program and keeps its pid.
        instance.agent = Agent(instance, arguments, wrapper=("/usr/bin/python3", "-c", PASSER, numbers))
        instance.agent._wrapped = False
    finally:
        instance.host.popen = popen
    return instance.agent


def port_of(one):
    return one.getsockname()[1]


def ask(port, address="127.0.0.1", timeout=20):
    """One probe as a load balancer sends it, on a connection of its own: the status line."""
    with socket.create_connection((address, port), timeout=timeout) as connection:
        connection.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
    return received.split(b"\r\n", 1)[0].decode()


def answers(port, address="127.0.0.1"):
    try:
        return ask(port, address) == "HTTP/1.1 200 OK"
    except ConnectionRefusedError:
        return False


def on_default_port(instance):
    """Settings without `listen`."""
    listen = instance.settings.pop("listen")
    instance.write_settings()
    instance.settings["listen"] = listen
    return instance


def test_every_passed_socket_is_answered_on(instance):
    v4, v6 = listener(), listener("::1", family=socket.AF_INET6)
    agent = serve(on_default_port(instance.bake()), [v4, v6])
    assert ask(port_of(v4)) == "HTTP/1.1 200 OK"
    assert ask(port_of(v6), "::1") == "HTTP/1.1 200 OK"
    eventually(lambda: f"serves on 127.0.0.1:{port_of(v4)}, [::1]:{port_of(v6)}" in agent.stderr(), "both are named")
    assert "socket unit" not in agent.stderr(), "the settings are at their defaults: the unit was edited on purpose"


def test_only_the_server_holds_the_passed_sockets(instance):
    one = listener()
    agent = serve(on_default_port(instance.bake()), [one])
    assert answers(port_of(one))
    inode = f"socket:[{os.fstat(one.fileno()).st_ino}]"
    for pid in [agent.supervisor, *agent.workers()]:
        held = []
        for number in os.listdir(f"/proc/{pid}/fd"):
            try:
                held.append(os.readlink(f"/proc/{pid}/fd/{number}"))
            except OSError:
                pass
        assert inode not in held, "only the server has it"


def test_a_listen_setting_beside_the_socket_unit_is_served_and_reported(instance):
    one = listener()
    agent = serve(instance.bake(), [one])
    wanted = instance.settings["listen"]["port"]
    eventually(lambda: answers(wanted), "the port of the settings")
    assert answers(port_of(one)), "and the passed one"
    lines = [line for line in agent.stderr().splitlines() if "socket unit" in line]
    assert len(lines) == 1
    for word in (f"127.0.0.1:{wanted}", f"127.0.0.1:{port_of(one)}", "systemctl edit postfix-elb-agent.socket",
                 f"ListenStream=127.0.0.1:{wanted}"):
        assert word in lines[0]


def test_an_unfit_socket_is_named_and_another_bound(instance):
    wrong = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM), socket.socket(socket.AF_INET, socket.SOCK_STREAM)]
    agent = serve(instance.bake(), wrong)
    eventually(lambda: answers(instance.settings["listen"]["port"]), "the port of the settings")
    assert 'descriptor 3 ("web"), which is an IPv4 datagram socket' in agent.stderr()
    assert 'descriptor 4 ("web"), which is an IPv4 stream socket that does not listen' in agent.stderr()


def test_a_restart_refuses_no_probe_and_loses_none(instance):
    one = listener()
    instance.bake().mount()
    on_default_port(instance)
    serve(instance, [one]).port = port_of(one)
    instance.agent.until(check="relink", reason="")
    instance.postfix.start()
    instance.agent.until(status=200)
    outcomes = []

    enough = threading.Event()

    def probe():
        while not enough.is_set():
            try:
                outcomes.append(ask(port_of(one), timeout=60))
            except OSError as error:
                outcomes.append(repr(error))

    probers = [threading.Thread(target=probe) for _ in range(6)]
    for prober in probers:
        prober.start()
    eventually(lambda: len(outcomes) >= 30, "probes are under way")
    for _ in range(3):
        assert instance.agent.stop() == 0
        waited = len(outcomes)
        stays(lambda: len(outcomes) == waited, "no agent runs, and every probe waits", during=0.2)
        serve(instance, [one]).port = port_of(one)
        eventually(lambda: len(outcomes) >= waited + 90, "the next agent answers those that waited, and more", within=60)
    enough.set()
    for prober in probers:
        prober.join(timeout=120)
    assert len(outcomes) >= 300 and set(outcomes) == {"HTTP/1.1 200 OK"}


def test_the_next_agent_answers_a_connection_that_was_not_accepted(instance):
    one = listener()
    on_default_port(instance.bake())
    assert serve(instance, [one]) and answers(port_of(one))
    assert instance.agent.stop() == 0
    with socket.create_connection(("127.0.0.1", port_of(one)), timeout=20) as waiting:
        waiting.sendall(b"GET /livez HTTP/1.0\r\n\r\n")
        serve(instance, [one])
        assert waiting.recv(65536).startswith(b"HTTP/1.1 200 OK")


def test_as_a_service_the_agent_relinks_despite_a_taken_port(instance, manager):  # noqa: F811
    port = instance.settings["listen"]["port"]
    with listener(port=port):
        instance.bake().mount()
        agent = instance.agent = Agent(instance)
        manager.until("READY=1")
        assert os.readlink(instance.link) == instance.queue
        manager.until(f"STATUS=cannot listen on 127.0.0.1:{port}: Address already in use; stop the program")
        eventually(lambda: any("; health fail" in line for line in manager.until("STATUS=")), "with the verdict behind it")
        assert agent.stderr().count("Address already in use") == 1, "said once"
    manager.forget()
    eventually(lambda: answers(port), "it listens as soon as it can", within=20)
    agent.until("/livez", status=200)
    assert "cannot listen" not in manager.until("STATUS=health")[-1]
    assert f"serves on 127.0.0.1:{port}" in agent.stderr()


def test_started_by_hand_the_agent_ends_on_a_taken_port(instance):
    with listener(port=instance.settings["listen"]["port"]):
        instance.bake().mount()
        done = instance.command("serve")
    assert done.returncode == 1
    assert "Address already in use; stop the program that listens there" in done.stderr
    assert os.readlink(instance.link) != instance.queue, "and touches nothing"
