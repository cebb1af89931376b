# SPDX-License-Identifier: Apache-2.0
"""What remains of an ended instance: journal entries, the console, last-words/<id>.json; and what the agent keeps for
the rest of the boot."""
import json
import os
import re
import socket
import stat
import termios

import pytest

from support.deadline import eventually
from support.world import OTHER

pytestmark = pytest.mark.traced


class Journal:
    """Replaces systemd-journald at its socket."""

    def __init__(self, host):
        host.run("mkdir", "-p", "/run/systemd/journal")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(host.view("/run/systemd/journal/socket"))
        self._socket.setblocking(False)
        self.entries = []

    def read(self):
        """All entries so far, each a dictionary of its fields."""
        try:
            while True:
                lines = self._socket.recv(65536).decode().splitlines()
                self.entries.append(dict(line.split("=", 1) for line in lines))
        except BlockingIOError:
            return self.entries

    def close(self):
        self._socket.close()


@pytest.fixture
def journal(instance, monkeypatch):
    """The agent's standard error is the journal's stream, as its service would have it."""
    stream = f"{instance.host.directory}/agent.stderr"
    with open(stream, "ab") as file:
        status = os.fstat(file.fileno())
    monkeypatch.setenv("JOURNAL_STREAM", f"{status.st_dev}:{status.st_ino}")
    made = Journal(instance.host)
    yield made
    made.close()


class Console:
    """A terminal in the place of /dev/console."""

    def __init__(self, host):
        self._ours, self._theirs = os.openpty()
        attributes = termios.tcgetattr(self._theirs)
        attributes[1] &= ~termios.OPOST
        termios.tcsetattr(self._theirs, termios.TCSANOW, attributes)
        host.bind(os.ttyname(self._theirs), "/dev/console")
        os.set_blocking(self._ours, False)
        self.text = ""

    def read(self):
        try:
            while True:
                self.text += os.read(self._ours, 65536).decode()
        except BlockingIOError:
            return self.text

    def close(self):
        os.close(self._ours)
        os.close(self._theirs)


@pytest.fixture
def console(instance):
    made = Console(instance.host)
    yield made
    made.close()


def serve_until_all_passes(instance):
    """200 at /health is not enough: a warning at the start is one more change."""
    instance.serving()
    eventually(lambda: instance.agent.health().json["status"] == "pass", "all checks pass")
    return instance


def last_words(instance):
    try:
        with open(f"{instance.world.shared}/.postfix-elb-agent/last-words/{instance.id}.json") as file:
            return json.load(file)
    except FileNotFoundError:
        return {}


# ---- the journal


def test_each_change_is_one_journal_entry_and_no_plain_line(instance, journal):
    serve_until_all_passes(instance)
    instance.postfix.kill()
    instance.agent.until(status=503, check="master_pid", reason="stale")
    found = eventually(lambda: [e for e in journal.read() if e["POSTFIX_ELB_AGENT_REASON"] == "stale"
                                and e["POSTFIX_ELB_AGENT_PHASE"] == "serving"], "the entry of the failure")
    entry = found[-1]
    assert len([e for e in journal.read() if e["MESSAGE"] == entry["MESSAGE"]]) == 1
    assert entry["MESSAGE"].startswith("health fail, ready fail, serving: master_pid stale: ")
    assert entry["PRIORITY"] == "3"
    assert entry["SYSLOG_IDENTIFIER"] == "postfix-elb-agent"
    assert (entry["POSTFIX_ELB_AGENT_HEALTH"], entry["POSTFIX_ELB_AGENT_READY"]) == ("fail", "fail")
    assert entry["POSTFIX_ELB_AGENT_CHECK"] == "master_pid"
    assert entry["POSTFIX_ELB_AGENT_INSTANCE_ID"] == instance.id
    assert entry["MESSAGE_ID"] == "2439d55c3c345d07b70fd5ca802a4254", "the id of master_pid stale in the catalog"
    same_cause = [e for e in journal.entries if e["MESSAGE_ID"] == entry["MESSAGE_ID"]]
    assert {(e["POSTFIX_ELB_AGENT_CHECK"], e["POSTFIX_ELB_AGENT_REASON"]) for e in same_cause} == {("master_pid", "stale")}
    assert [e["MESSAGE"] for e in journal.entries if "looked at yet" in e["MESSAGE"]] == [], "no news"
    said = instance.agent.stderr()
    assert "health fail" not in said, "not a second time over standard error"
    assert "<5>version " in said, "what is no change of the verdict goes there, with its priority"


def test_without_a_journal_the_plain_line_goes_to_standard_error(instance):
    assert serve_until_all_passes(instance).agent.stderr().count("postfix-elb-agent: health pass, ready pass, serving\n") == 1


def test_a_journal_that_is_not_standard_error_gets_nothing(instance, journal, monkeypatch):
    monkeypatch.setenv("JOURNAL_STREAM", "8:1")
    serve_until_all_passes(instance)
    assert instance.agent.stderr().count("postfix-elb-agent: health pass, ready pass, serving\n") == 1
    assert journal.read() == []


def test_a_journal_that_reads_nothing_holds_up_no_answer(instance, journal):
    instance.serving()
    for _ in range(20):
        instance.unmount()
        instance.agent.until(status=503, check="mount", reason="missing")
        instance.mount()
        instance.agent.until(check="mount", reason="")
    assert instance.agent.request("/livez", timeout=2).status == 200


# ---- the console


def test_the_console_gets_a_line_for_each_change_of_health(instance, console, monkeypatch):
    monkeypatch.setenv("INVOCATION_ID", "0" * 32)
    serve_until_all_passes(instance)
    instance.postfix.kill()
    instance.agent.until(status=503, check="master_pid", reason="stale")
    lines = eventually(lambda: "master_pid stale" in console.read().split("health pass")[-1] and
                       console.text.split("\r\n"), "the line on the console")
    assert lines[-1] == "", "the last line is ended, too"
    stamp = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
    assert re.fullmatch(stamp + f" postfix-elb-agent on {instance.id}: health pass", lines[-3])
    assert re.match(stamp + f" postfix-elb-agent on {instance.id}: health fail: master_pid stale: ", lines[-2])
    assert len(set(line.split(" ", 1)[1] for line in lines[-3:-1])) == 2


def test_an_agent_that_is_no_service_writes_nothing_to_the_console(instance, console, monkeypatch):
    monkeypatch.delenv("INVOCATION_ID", raising=False)
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    instance.serving()
    assert console.read() == ""


# ---- the shared file system


def test_the_last_failure_and_recovery_are_kept_on_the_mount(serving):
    assert last_words(serving) == {}, "a start is no failure"
    serving.postfix.kill()
    words = eventually(lambda: last_words(serving), "the last words")
    assert (words["status"], words["serviceId"], words["phase"]) == ("fail", serving.id, "serving")
    assert words["output"].startswith("master_pid stale: ")
    assert [row["reason"] for row in words["checks"] if row["check"] == "master_pid"] == ["stale"]
    assert words["secondsSinceBoot"] > 0
    folder = f"{serving.world.shared}/.postfix-elb-agent/last-words"
    assert stat.S_IMODE(os.stat(f"{folder}/{serving.id}.json").st_mode) == 0o600
    assert os.listdir(folder) == [f"{serving.id}.json"]

    serving.postfix.start()
    serving.agent.until(status=200)
    recovered = eventually(lambda: last_words(serving)["status"] == "recovered" and last_words(serving),
                           "that it recovered")
    assert recovered["output"] == words["output"], "the failure stays readable"
    assert recovered["recovered"] > recovered["time"]

    serving.agent.stop()
    serving.serve().until(status=200)
    assert last_words(serving) == recovered, "a restart of the agent is no failure, either"


def test_last_words_outlive_the_instance_and_stay_apart(world):
    first = world.instance().serving()
    second = world.instance(OTHER).serving()
    first.postfix.kill()
    words = eventually(lambda: last_words(first), "the last words")
    first.host.close()
    second.postfix.kill()
    eventually(lambda: last_words(second), "the second's")
    assert last_words(first) == words


# ---- the rest of the boot


def test_the_agent_remembers_for_this_boot_that_it_linked_the_queue(instance):
    kept = instance.host.view("/run/postfix-elb-agent/mount-worked")
    instance.bake()
    instance.serve().until(status=503, check="mount", reason="missing")
    assert not os.path.exists(kept)
    instance.mount()
    instance.agent.until(check="relink", reason="")
    assert eventually(lambda: os.path.exists(kept) and open(kept).read(), "the file") == instance.id + "\n"
    assert stat.S_IMODE(os.stat(kept).st_mode) == 0o644
