# SPDX-License-Identifier: Apache-2.0
"""`doctor` on simulated machines: files of their own at the usual paths, and a real bus with a service that follows
systemd's documentation. The unit tests cover each rule; these tests cover what is read."""
import json
import os
import time

import pytest

from support.agent import binary
from support.postfix import make_skeleton
from support.systemd_bus import SystemdBus
from support.tree_compare import differences, snapshot
from support.world import OTHER

AGENT, SOCKET, POSTFIX = "postfix-elb-agent.service", "postfix-elb-agent.socket", "postfix@-.service"
GATE = ["/usr/sbin/postfix-elb-agent", ["/usr/sbin/postfix-elb-agent", "gate", "--unit", POSTFIX], False,
        0, 0, 0, 0, 0, 0, 0]
COMMANDS = "a(sasbttttuii)"


def has_file(instance, path, text):
    """Gives this machine a file of its own at a path that every machine has."""
    own = f"{instance.host.directory}/{path.replace('/', '_')}"
    with open(own, "w") as file:
        file.write(text)
    instance.host.bind(own, path)


def has_files(instance, fstab):
    has_file(instance, "/etc/fstab", fstab)
    has_file(instance, "/etc/postfix/main.cf", f"queue_directory = {instance.link}\n")
    instance.host.run("mount", "-t", "tmpfs", "units", "/etc/systemd/system")


def findings(instance, *arguments):
    done = instance.command("doctor", "--json", *arguments)
    rows = json.loads(done.stdout)
    assert all(set(row) == {"check", "status", "output", "remedy", "commands"} for row in rows)
    return done.returncode, {row["check"]: row for row in rows}


@pytest.fixture
def machine(instance):
    """Debian 12 with the package installed, and no fault in its units."""
    has_files(instance, f"fs-test:/ {instance.world.mount_path} tmpfs nofail 0 0\n")
    bus = SystemdBus(instance.host).start()
    bus.unit(AGENT, "active", "running", "notify")
    bus.property(AGENT, "UnitFileState", "s", "enabled")
    bus.unit(SOCKET, "active", "running", "-")
    bus.property(SOCKET, "UnitFileState", "s", "enabled")
    bus.property(SOCKET, "Listen", "a(ss)", [["Stream", f"[::]:{instance.settings['listen']['port']}"]])
    bus.unit("postfix-elb-agent-nfs-identity.service", "active", "exited", "oneshot")
    bus.property("postfix-elb-agent-nfs-identity.service", "UnitFileState", "s", "enabled")
    bus.unit("postfix.service", "active", "exited", "oneshot")
    bus.property("postfix.service", "UnitFileState", "s", "enabled")
    bus.unit(POSTFIX, "active", "running")
    bus.property(POSTFIX, "ExecCondition", COMMANDS, [GATE])
    bus.property(POSTFIX, "DefaultDependencies", "b", False)
    bus.property(POSTFIX, "TimeoutStartUSec", "t", 3_600_000_000)
    mount_unit = instance.host.run("systemd-escape", "--path", "--suffix=mount", instance.world.mount_path).stdout
    bus.property(POSTFIX, "After", "as", ["remote-fs.target", mount_unit.strip()])
    instance.systemd = bus
    yield instance
    bus.thaw()  # a stopped process would keep the host from ending


def test_a_correct_machine_passes(machine):
    machine.serving()
    code, seen = findings(machine)
    # These depend on the machine that runs the tests: its clock, its journal, and the start of Postfix.
    beside = {"clock", "log_kept", "ordering_cycle", "postfix_process", "settings_file"}
    assert {name: row for name, row in seen.items() if row["status"] != "pass" and name not in beside} == {}
    assert seen["running"]["output"] == "every check passes"
    assert seen["port"]["output"] == f"port {machine.agent.port} is held by the agent"
    assert seen["queue_link"]["output"] == f"{machine.link} leads to {machine.queue}"
    assert "in no unit" in seen["postfix_process"]["output"], "a test started it, not systemd"
    assert code == 1, "and that is a warning"


def test_a_postfix_without_the_gate_is_a_fault_with_remedy(machine):
    machine.systemd.property(POSTFIX, "ExecCondition", COMMANDS, [])
    done = machine.command("doctor")
    assert done.returncode == 2
    assert "postfix_gate" in done.stdout
    assert f"{POSTFIX} starts Postfix without asking postfix-elb-agent gate" in done.stdout
    assert f"/usr/lib/systemd/system/{POSTFIX}.d/10-postfix-elb-agent.conf" in done.stdout
    assert "\x1b" not in done.stdout


def test_a_drop_in_of_the_wrong_name_is_named(machine):
    machine.host.run("mkdir", "/etc/systemd/system/postfix.service.d")
    row = findings(machine)[1]["postfix_drop_ins"]
    assert row["status"] == "warn" and "/etc/systemd/system/postfix.service.d" in row["output"]


def test_the_line_of_fstab_is_read(machine):
    machine.host.unmount("/etc/fstab")
    has_file(machine, "/etc/fstab", f"#x:/ {machine.world.mount_path} nfs4 rw 0 0\n")
    row = findings(machine)[1]["mount_fstab"]
    assert row["status"] == "fail" and "line 1 is commented out" in row["output"]


def test_an_image_with_the_builders_link_and_mail_in_its_skeleton(machine):
    machine.bake()
    with open(f"{machine.skeleton}/deferred/ABCDEF", "w") as file:
        file.write("mail")
    has_file(machine, "/etc/machine-id", "0123456789abcdef0123456789abcdef\n")
    code, seen = findings(machine, "--image")
    assert code == 2
    assert seen["queue_skeleton"]["status"] == "fail" and "1 message" in seen["queue_skeleton"]["output"]
    assert seen["image_link"]["status"] == "warn" and OTHER in seen["image_link"]["output"]
    assert seen["image_machine_id"]["status"] == "warn"
    assert seen["image_instance_id"]["status"] == "fail", "the tests give the id in the settings"
    assert "running" not in seen and "queue_link" not in seen


def test_a_fresh_image_whose_queue_is_still_a_directory(machine):
    make_skeleton(machine.link)
    seen = findings(machine, "--image")[1]
    assert seen["image_link"]["status"] == "pass"
    assert seen["queue_skeleton"] == {"check": "queue_skeleton", "status": "pass", "remedy": "", "commands": [],
                                      "output": f"{machine.link} is pristine"}


def test_it_changes_nothing(machine):
    machine.relinked()
    before = [snapshot(path, identity=True) for path in (machine.spool, machine.world.shared)]
    machine.command("doctor")
    machine.command("doctor", "--image")
    after = [snapshot(path, identity=True) for path in (machine.spool, machine.world.shared)]
    assert [differences(a, b) for a, b in zip(before, after)] == [[], []]


def test_settings_with_errors_are_one_finding_among_others(machine):
    machine.write_settings(mount={"pth": "/x"})
    code, seen = findings(machine)
    assert code == 2
    assert seen["settings"]["status"] == "fail" and "pth" in seen["settings"]["output"]
    assert seen["agent_unit"]["status"] == "pass"


def test_settings_that_others_may_write_are_a_fault(machine):
    os.chmod(machine.settings_path, 0o666)
    row = findings(machine)[1]["settings_file"]
    assert row["status"] == "fail" and row["commands"][-1] == f"sudo chmod 0644 {machine.settings_path}"


def test_another_program_on_the_port_is_named_with_its_pid(machine):
    port = machine.settings["listen"]["port"]
    script = f"import socket,time; s=socket.create_server(('127.0.0.1',{port})); print('up',flush=True); time.sleep(600)"
    taker = machine.host.popen("/usr/bin/python3", "-c", script, stdout=-1, text=True)
    assert taker.stdout.readline() == "up\n"
    row = findings(machine)[1]["port"]
    taker.kill()
    assert row["status"] == "fail"
    assert f"port {port} is held by python3" in row["output"] and "(pid " in row["output"]


def test_another_user_sees_what_needs_no_root(machine):
    machine.relinked()
    done = machine.host.run("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", binary(), "doctor", "--json",
                            "--config", machine.settings_path, check=False)
    seen = {row["check"]: row for row in json.loads(done.stdout)}
    for name in ("running", "postfix_process", "queue_skeleton"):
        assert seen[name]["status"] == "unknown" and seen[name]["commands"] == ["sudo postfix-elb-agent doctor"], name
    for name in ("postfix_gate", "agent_unit", "mount_fstab", "queue_link"):
        assert seen[name]["status"] == "pass", seen[name]


@pytest.mark.parametrize("trouble", ["hang", "stop_systemd"])
def test_without_systemd_the_other_findings_come_soon(machine, trouble):
    getattr(machine.systemd, trouble)()
    began = time.monotonic()
    seen = findings(machine)[1]
    assert time.monotonic() - began < 20
    assert seen["systemd"]["status"] == seen["postfix_gate"]["status"] == "unknown"
    assert seen["mount_fstab"]["status"] == "pass"


def test_a_hung_mount_does_not_delay_it(frozen_world):
    instance = frozen_world.instance()
    has_files(instance, "")
    instance.relinked()
    frozen_world.faultfs.freeze()
    began = time.monotonic()
    code, seen = findings(instance)
    assert time.monotonic() - began < 20
    assert code == 2
    assert seen["running"]["status"] == "fail" and "mount hung" in seen["running"]["output"]
    assert seen["queue_link"]["status"] == "pass", "the link is local"
