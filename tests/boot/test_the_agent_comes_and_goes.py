# SPDX-License-Identifier: Apache-2.0
"""The agent is restarted, reloaded, upgraded, killed, and found hanging by systemd. Meanwhile a thousand probes get their
answers, and Postfix and a session of mail go on undisturbed."""
import collections
import json
import shutil
import subprocess

import pytest

import images
from support.deadline import eventually

AGENT = "postfix-elb-agent.service"
SOCKET = "postfix-elb-agent.socket"
PACKAGE = "postfix-elb-agent"
PROBES = 1000
GUEST = "/run/boot"
# What a test may wait for the agent to recover.
SOON = 120
NODES = 4  # guest/probes.py


class Traffic:
    """Probes and a session of mail, from __enter__ to __exit__."""

    def __init__(self, machine):
        self.machine = machine
        self.master = self._master()

    def __enter__(self):
        machine = self.machine
        machine.run(f"mkdir -p {GUEST}")
        for path in ("support/poller.py", "boot/guest/probes.py", "boot/guest/smtp_session.py"):
            machine.copy_in(f"{images.ROOT}/tests/{path}", f"{GUEST}/{path.rsplit('/')[-1]}")
        self._start("smtp_session")
        self.start_probes()
        return self

    def __exit__(self, *_):
        self.machine.run("systemctl stop probes smtp_session; postsuper -d ALL", check=False, timeout=240)

    def _start(self, name):
        self.machine.run(f"systemd-run --quiet --collect --unit {name} -p StandardOutput=append:{GUEST}/{name} "
                         f"python3 {GUEST}/{name}.py")
        self.machine.until(f"test -s {GUEST}/{name}")

    def start_probes(self):
        self._start("probes")

    def stop_probes(self):
        """Probes under way are dropped."""
        self.machine.run("systemctl stop probes")

    def probes(self, since=0.0):
        """Each as support.poller.Answer has it; those that were asked in that moment of the machine's clock, or later."""
        lines = self.machine.read(f"{GUEST}/probes").splitlines()
        return [probe for probe in map(json.loads, lines) if probe["at"] >= since]

    def now(self):
        """A moment of the machine's clock that probes go by."""
        return float(self.machine.run("python3 -c 'import time; print(time.monotonic())'"))

    def more_probes(self, number=40):
        """Waits for that many more probes, so that late effects are seen, too."""
        before = len(self.probes())
        eventually(lambda: len(self.probes()) >= before + number, "probes go on", within=SOON + 30, step=0.5)

    def postfix_noticed_nothing(self):
        assert self._master() == self.master, "the same master, started when it was"
        lines = self.machine.read(f"{GUEST}/smtp_session").split("\n")
        assert set(lines) == {"taken", ""}, lines[-2:]
        taken = len(lines)
        eventually(lambda: len(self.machine.read(f"{GUEST}/smtp_session").split("\n")) > taken, "the session goes on",
                   within=30, step=0.3)

    def _master(self):
        """Its pid, and when it started."""
        stat, = self.machine.run("cat $(pgrep -x master | sed 's,.*,/proc/&/stat,')").splitlines()
        return stat.split()[0], stat.rsplit(")", 1)[1].split()[19]


@pytest.fixture(scope="module")
def container(lab):
    made = lab.container("undisturbed", "i-0f1257000000000c0").start()
    made.until_health(status=200, phase="serving", within=600)
    yield made
    lab.forget(made)


@pytest.fixture(scope="module")
def traffic(container):
    with Traffic(container) as traffic:
        yield traffic


@pytest.fixture
def unnoticed(traffic):
    """For a test while probes go on: each was answered with 200, and Postfix noticed nothing."""
    begin = traffic.now()
    yield
    assert not other_than_answered(traffic, begin)


@pytest.fixture
def hardly_noticed(traffic):
    """The same where the process that answers is killed: the questions that it had just taken may go with it, one of each
    node that asks. None was refused, and no other answer was given."""
    begin = traffic.now()
    yield
    other = other_than_answered(traffic, begin)
    assert len(other) <= NODES
    assert all(gone_with_its_process(probe) for probe in other), other


def other_than_answered(traffic, begin):
    traffic.more_probes()
    traffic.postfix_noticed_nothing()
    probes = traffic.probes(since=begin)
    other = [probe for probe in probes if probe["status"] != 200]
    print(f"\n{len(probes)} probes, the slowest took {max(probe['took'] for probe in probes):.2f} s; other: {other}")
    return other


def gone_with_its_process(probe):
    return probe["status"] is None and any(word in probe["text"] for word in ("RemoteDisconnected", "ConnectionReset"))


def main_pid(machine):
    return machine.show(AGENT, "MainPID")


def until_another_main_process(machine, before):
    machine.until(lambda: main_pid(machine) not in ("0", before), "systemd has started it again", within=SOON)
    machine.until_health(status=200, phase="serving", within=SOON)


def child(machine, name):
    """Its pid; "" while there is none."""
    return machine.run(f"pgrep -x -P {main_pid(machine)} {name} || :").strip()


def test_restarts_and_reloads(container, unnoticed):
    for _ in range(3):
        before = main_pid(container)
        container.run(f"systemctl restart {AGENT}")
        assert main_pid(container) != before
    for _ in range(3):
        container.run(f"systemctl reload {AGENT}")


def test_a_stop_lasts_until_the_next_probe(container, unnoticed):
    """The socket unit starts it again for the next client; stop both units to stop it."""
    before = main_pid(container)
    container.run(f"systemctl stop {AGENT}")
    until_another_main_process(container, before)


def test_an_upgrade(container, unnoticed, tmp_path):
    old, before = images.package(), main_pid(container)
    subprocess.run(["dpkg-deb", "-R", old, tmp_path / "tree"], check=True)
    control = tmp_path / "tree/DEBIAN/control"
    version = container.run(f"dpkg-query -W -f '${{Version}}' {PACKAGE}")
    control.write_text(control.read_text().replace(f"Version: {version}\n", f"Version: {version}+newer\n"))
    subprocess.run(["dpkg-deb", "-b", "--root-owner-group", "-Znone", tmp_path / "tree", tmp_path / "newer.deb"],
                   check=True, capture_output=True)
    shutil.rmtree(tmp_path / "tree")
    container.copy_in(tmp_path / "newer.deb", f"{GUEST}/newer.deb")
    container.run(f"dpkg -i {GUEST}/newer.deb", timeout=120)
    assert container.run(f"dpkg-query -W -f '${{Version}}' {PACKAGE}") == f"{version}+newer"
    until_another_main_process(container, before)


@pytest.mark.parametrize("worker", ["pea-mount", "pea-host", "pea-systemd"])
def test_a_worker_that_is_killed_is_started_again(container, unnoticed, worker):
    before = child(container, worker)
    container.run(f"kill -KILL {before}")
    container.until(lambda: child(container, worker) not in ("", before), "there is another", within=SOON)


def test_killed(container, hardly_noticed):
    before = main_pid(container)
    container.run(f"kill -KILL {before}")
    until_another_main_process(container, before)


def test_the_process_that_answers_is_killed(container, hardly_noticed):
    before = main_pid(container)
    container.run(f"kill -KILL {child(container, 'pea-server')}")
    until_another_main_process(container, before)


def test_the_watchdog_finds_a_dead_evaluator(container, hardly_noticed):
    """The supervisor and its socket are well, but a round of checks, which feeds the watchdog, does not end."""
    assert container.show(AGENT, "WatchdogUSec") == "30s"
    container.write(f"/run/systemd/system/{AGENT}.d/watchdog.conf", "[Service]\nWatchdogSec=12s\n")
    container.run(f"systemctl daemon-reload; systemctl restart {AGENT}")
    before = main_pid(container)
    container.run(f"kill -STOP {child(container, 'pea-server')}")
    until_another_main_process(container, before)
    assert f"{AGENT}: Watchdog timeout (limit 12s)!" in container.journal("-u", AGENT)
    container.run(f"rm -r /run/systemd/system/{AGENT}.d; systemctl daemon-reload; systemctl restart {AGENT}")


def test_a_thousand_probes_and_one_mail_session_were_undisturbed(traffic):
    eventually(lambda: len(traffic.probes()) >= PROBES, f"{PROBES} probes", within=120, step=1)
    probes = traffic.probes()
    print(f"\n{len(probes)} probes, answered with {collections.Counter(probe['status'] for probe in probes)}")
    assert not [probe for probe in probes if "Refused" in probe["text"]]
    traffic.postfix_noticed_nothing()


def test_removed_and_installed_again(container, traffic):
    link = container.run("readlink /var/spool/postfix")
    queue = f"ls -A /Mail/{container.instance_id}"
    entries = container.run(queue)
    traffic.stop_probes()
    container.run(f"dpkg -r {PACKAGE}", timeout=120)
    assert not container.does(f"test -e /usr/sbin/{PACKAGE} || systemctl is-active {AGENT} {SOCKET} || pgrep pea-")
    assert container.http() is None
    assert container.run("readlink /var/spool/postfix") == link
    assert container.run(queue) == entries
    traffic.postfix_noticed_nothing()

    container.copy_in(images.package(), f"{GUEST}/again.deb")
    container.run(f"dpkg -i {GUEST}/again.deb", timeout=120)
    container.until_health(status=200, phase="serving", within=SOON)
    assert container.run("readlink /var/spool/postfix") == link
    assert container.run(queue) == entries
    traffic.start_probes()
    traffic.postfix_noticed_nothing()
    traffic.more_probes()
