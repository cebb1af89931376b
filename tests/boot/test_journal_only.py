# SPDX-License-Identifier: Apache-2.0
"""A host without rsyslog: no mail.log, the journal alone. The agent reads from it what it would read from the log."""
import pytest

from system import Link

ID = "i-0eeeeeeeeeeeeeee7"
FATAL = "fatal: the Postfix mail system is already running"
NO_RSYSLOG = {"/etc/systemd/system/rsyslog.service": Link("/dev/null"),
              "/etc/systemd/system/multi-user.target.wants/rsyslog.service": None,
              "/etc/systemd/system/syslog.service": None, "/var/log/mail.log": None, "/var/log/syslog": None}
# Another process of this host takes the lock that master takes, as Postfix's own programs do (flock), and says so.
HOLD_THE_LOCK = """import fcntl, time
file = open("/var/spool/postfix/pid/master.pid", "r+")
fcntl.flock(file, fcntl.LOCK_EX)
print("held", flush=True)
time.sleep(3600)
"""


def refused_starts(machine):
    return machine.journal("-t", "postfix/postfix-script").count(FATAL)


def startup_log(machine):
    return machine.http("/health/startup_log").json["checks"]["startup_log"][0]


@pytest.fixture(scope="module")
def journal_only(lab):
    machine = lab.container("journal", ID, files=NO_RSYSLOG).start()
    machine.until_health(status=200, phase="serving", within=600)
    yield machine
    lab.forget(machine)


def test_the_first_boot_ends_well(journal_only):
    assert not journal_only.does("pgrep -x rsyslogd || ls /var/log/mail.log")
    journal_only.until_health(status=200, check="startup_log", reason="")
    assert journal_only.run(f"readlink /proc/{journal_only.master()}/cwd").strip() == f"/Mail/{ID}"
    assert "left-over process" not in journal_only.journal(), "each gate ended with all that it started"


def test_a_second_postfix_start_by_hand_is_harmless(journal_only):
    master = journal_only.master()
    seen = refused_starts(journal_only)
    assert not journal_only.does("postfix start")
    journal_only.until(lambda: refused_starts(journal_only) == seen + 1, "the journal holds one more refused start")
    row = journal_only.until(lambda: (row := startup_log(journal_only))["observedValue"].startswith("a start was refused at")
                             and row, "the agent has read that line")
    assert row["status"] == "pass" and row["observedValue"].endswith(f"master {master} is not affected"), row
    assert journal_only.http().status == 200
    assert journal_only.master() == master


def test_a_start_that_a_held_lock_refuses_is_reported(journal_only):
    journal_only.write("/run/hold.py", HOLD_THE_LOCK)
    journal_only.run("systemctl stop postfix@-.service")
    journal_only.run("systemd-run --quiet --collect --unit holder -p StandardOutput=file:/run/held python3 /run/hold.py")
    journal_only.until("test -s /run/held")
    assert not journal_only.does("systemctl start postfix@-.service", timeout=180)
    failing = journal_only.until_health(status=503, check="startup_log", reason="already_running")
    row = failing.json["checks"]["startup_log"][0]
    assert FATAL.removeprefix("fatal: ") in row["output"], row

    journal_only.run("systemctl stop holder; systemctl start postfix@-.service", timeout=180)
    journal_only.until_health(status=200, phase="serving", check="startup_log", reason="")
