# SPDX-License-Identifier: Apache-2.0
"""The process that answers strangers has no privileges; those with privileges answer no stranger."""
import json
import os
import re
import signal

import pytest

from support import path_trace
from support.agent import status_field
from support.deadline import eventually
from support.journald import Journald
from support.systemd_bus import SystemdBus

pytestmark = pytest.mark.traced

POWERLESS = "0" * 16
CAPABILITIES = {"CAP_CHOWN": 0, "CAP_DAC_OVERRIDE": 1, "CAP_DAC_READ_SEARCH": 2, "CAP_FOWNER": 3, "CAP_FSETID": 4,
                "CAP_KILL": 5, "CAP_SYS_PTRACE": 19}


def descriptors(pid):
    return {int(number): os.readlink(f"/proc/{pid}/fd/{number}") for number in os.listdir(f"/proc/{pid}/fd")}


def test_the_server_is_another_user_without_any_capability(serving):
    server = serving.agent.server()
    uids = set(status_field(server, "Uid").split())
    gids = set(status_field(server, "Gid").split())
    assert len(uids) == 1 and "0" not in uids
    assert len(gids) == 1 and "0" not in gids
    assert status_field(server, "Groups") == ""
    for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert status_field(server, name) == POWERLESS, name
    assert status_field(server, "NoNewPrivs") == "1"
    assert status_field(server, "Threads") == "1"


def test_the_server_holds_only_the_descriptors_that_it_needs(serving):
    server = serving.agent.server()
    allowed = re.compile(r"socket:\[\d+\]|anon_inode:\[(eventpoll|eventfd|timerfd|pidfd)\]|anon_inode:inotify|"
                         r"/proc/\d+/mountinfo|/proc/\d+/stat|/dev/null|pidfd|pipe:\[\d+\]|"
                         r"/run/postfix-elb-agent/log-position|" + re.escape(serving.postfix.log))
    for number, target in descriptors(server).items():
        is_stderr = number == 2
        assert is_stderr or allowed.fullmatch(target), (number, target)
        assert not target.startswith((serving.world.mount_path, serving.world.shared, serving.spool)), target
    flags = {target: int(re.search(r"flags:\s+(\d+)", open(f"/proc/{server}/fdinfo/{number}").read())[1], 8)
             for number, target in descriptors(server).items() if target.startswith("/") and target != "/dev/null"}
    assert serving.postfix.log in flags, "the log's descriptor was handed over"
    writable = {target for target, value in flags.items() if value & os.O_ACCMODE != os.O_RDONLY}
    assert writable - {serving.agent.stderr_path} == {"/run/postfix-elb-agent/log-position"}, "one small file of a tmpfs"


def test_the_server_has_an_empty_directory_as_its_root(serving):
    server = serving.agent.server()
    assert os.readlink(f"/proc/{server}/root").endswith("/run/postfix-elb-agent/empty")
    assert os.listdir(f"/proc/{server}/root") == []
    status = os.stat(f"/proc/{server}/root")
    assert status.st_uid == 0 and status.st_mode & 0o022 == 0, "nor can it create something there"


def test_workers_have_a_small_bounding_set_and_no_network_sockets(serving):
    allowed = sum(1 << number for number in CAPABILITIES.values())
    workers = serving.agent.workers()
    assert len(workers) == 3
    for worker in workers:
        for name in ("CapPrm", "CapEff", "CapBnd"):
            assert int(status_field(worker, name), 16) & ~allowed == 0, (name, status_field(worker, name))
        assert status_field(worker, "CapAmb") == POWERLESS
        assert status_field(worker, "NoNewPrivs") == "1"
        listening = [target for target in descriptors(worker).values() if target.startswith("socket:")]
        assert not set(listening) & set(tcp_sockets()), "no worker has a network socket"


def test_the_systemd_worker_is_not_root_and_reads_bus_and_journal(instance):
    journal = Journald(instance.host).start()
    bus = SystemdBus(instance.host).start()
    bus.unit("postfix@-.service", "active", "running")
    instance.relinked()
    instance.write_settings(maillog={"source": "journal", "path": "auto"})
    agent = instance.serve()
    agent.until(check="master_pid", reason="missing", said=("postfix@-.service is active",))
    worker = agent.worker("pea-systemd")
    server = agent.server()
    for name in ("Uid", "Gid"):
        assert status_field(worker, name) == status_field(server, name) and "0" not in status_field(worker, name).split()
    assert status_field(worker, "Groups") == ""
    for name in ("CapPrm", "CapEff", "CapBnd"):
        assert int(status_field(worker, name), 16) == 1 << CAPABILITIES["CAP_DAC_READ_SEARCH"], name
    for name in ("CapInh", "CapAmb"):
        assert status_field(worker, name) == POWERLESS, name

    bus.unit("postfix@-.service", "failed", "failed")
    agent.until(check="master_pid", reason="missing", said=("postfix@-.service is failed",), within=3)
    journal.log("postfix/postfix-script", "fatal: the Postfix mail system is already running")
    agent.until(check="startup_log", reason="already_running", within=3)


def test_a_check_by_hand_asks_systemd_as_the_same_user(instance):
    Journald(instance.host).start().log("postfix/postfix-script", "fatal: the Postfix mail system is already running")
    bus = SystemdBus(instance.host).start()
    bus.unit("postfix@-.service", "failed", "failed")
    instance.relinked()
    instance.write_settings(maillog={"source": "journal", "path": "auto"})
    looked = instance.command("check", "--json")
    checks = json.loads(looked.stdout)["checks"]
    assert checks["startup_log"][0]["reason"] == "already_running", looked
    assert "postfix@-.service" in checks["master_pid"][0]["output"], looked


def tcp_sockets():
    found = []
    for table in ("tcp", "tcp6"):
        with open(f"/proc/net/{table}") as file:
            found += [f"socket:[{line.split()[9]}]" for line in file.readlines()[1:]]
    return found


def test_only_the_mount_worker_has_the_mount_open(serving):
    holders = []
    for pid in [serving.agent.supervisor, serving.agent.server(), *serving.agent.workers()]:
        if any(target.startswith((serving.world.mount_path, serving.world.shared)) for target in descriptors(pid).values()):
            holders.append(pid)
        assert not os.readlink(f"/proc/{pid}/cwd").startswith((serving.world.mount_path, serving.world.shared))
    assert len(holders) <= 1 and set(holders) <= set(serving.agent.workers())


def test_a_killed_worker_is_started_again_and_health_recovers(serving):
    for _ in range(2):
        for worker in serving.agent.workers():
            os.kill(worker, signal.SIGKILL)
            eventually(lambda: worker not in serving.agent.children() and len(serving.agent.children()) == 4,
                       "another worker sits there")
            first = serving.agent.row("mount")["time"]
            eventually(lambda: serving.agent.health().status == 200 and serving.agent.row("mount")["time"] > first,
                       "healthy on fresh facts")
    assert "starting another" in serving.agent.stderr()


def test_a_worker_stuck_on_the_mount_is_hung_until_it_answers(serving):
    mount_worker = serving.agent.mount_worker()
    os.kill(mount_worker, signal.SIGSTOP)
    answer = serving.agent.until(status=503, check="mount", reason="hung")
    assert serving.world.mount_path in answer.json["output"]
    assert serving.agent.reason("master_pid")[0] != "fail", "a stuck mount does not blind the rest"
    assert len(serving.agent.children()) == 4, "it is never doubled"
    os.kill(mount_worker, signal.SIGCONT)
    serving.agent.until(status=200)
    assert mount_worker in serving.agent.workers()


def test_without_its_server_the_program_ends_and_says_so(serving):
    supervisor = serving.agent.supervisor
    workers = serving.agent.workers()
    os.kill(serving.agent.server(), signal.SIGKILL)
    assert serving.agent.wait() == 1
    assert "the server was killed by signal 9" in serving.agent.stderr()
    eventually(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in [supervisor, *workers]), "all are gone")


def test_without_the_supervisor_every_child_ends(serving):
    children = serving.agent.children()
    os.kill(serving.agent.supervisor, signal.SIGKILL)
    eventually(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in children), "its children are gone")


@pytest.mark.parametrize("story", ["a whole life"])
def test_the_server_never_names_a_path_of_the_mount(instance, story):
    """From an strace of all processes: the server names no path at all once it runs as the server."""
    if "asan" in os.environ.get("PEA_BINARY", ""):
        pytest.skip("sanitizers open files of their own")
    trace = f"{instance.host.directory}/paths"
    instance.bake()
    agent = instance.serve(wrapper=path_trace.wrapper(trace))
    agent.until(status=503, check="mount", reason="missing")
    instance.mount()
    agent.until(check="relink", reason="")
    instance.postfix.start()
    agent.until(status=200)
    instance.postfix.send("hello")
    agent.request("/metrics")
    instance.postfix.kill()
    agent.until(status=503)
    instance.unmount()
    agent.until(status=503, check="mount", reason="missing")
    server = instance.host.inner_pid(agent.server())
    workers = [instance.host.inner_pid(pid) for pid in agent.workers()]
    agent.hup()
    assert agent.stop() == 0

    with open(f"{trace}.{server}") as file:
        calls = file.read()
    assert instance.world.mount_path not in calls and instance.world.shared not in calls
    after_chroot = path_trace.after_becoming_the_server(calls)
    assert path_trace.paths_that_led_somewhere(after_chroot) == [], "below its empty root nothing is found by name"
    names_it = re.compile(r'^\w+\((AT_FDCWD, )?"' + re.escape(instance.world.mount_path), re.MULTILINE)
    touching = []
    for pid in workers:
        with open(f"{trace}.{pid}") as file:  # the text of a link that readlink returns names it too, but is no argument
            if names_it.search(file.read()):
                touching.append(pid)
    assert len(touching) == 1, "exactly one process, the mount worker, touches the mount"
