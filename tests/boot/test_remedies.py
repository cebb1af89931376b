# SPDX-License-Identifier: Apache-2.0
"""Every remedy that a machine can carry out is carried out word for word, as an operator pastes it, and the fault is gone.

The commands come from the answer of /health itself. Left out are the remedies that another system must carry out (a
file server, a security group, the settings of another host), and those that only wait or only look."""
import re

import pytest

import images

ID = "i-0c0ffee000000000c"
QUEUE = f"/Mail/{ID}"
PID_FILE = f"{QUEUE}/pid/master.pid"
OWNER = f"/Mail/.postfix-elb-agent/owners/{ID}"
AGENT = "postfix-elb-agent.socket postfix-elb-agent.service"
KILL = f"kill -KILL $(cat {PID_FILE})"

# check, reason, what makes the fault, and what the advice asks a person to correct before the last command.
FAULTS = [
    ("mount", "missing", "umount -l /Mail", ""),
    ("mount", "wrong_type", "umount -l /Mail; mount -t tmpfs tmpfs /Mail", ""),
    ("queue_link", "missing", "rm /var/spool/postfix", ""),
    ("queue_link", "not_a_link", "rm /var/spool/postfix; mkdir /var/spool/postfix", ""),
    ("queue_link", "wrong_target", "ln -sfn /Mail/i-0ther /var/spool/postfix", ""),
    ("queue_link", "dangling", f"systemctl stop postfix; mv {QUEUE} /Mail/.moved; touch {QUEUE}", ""),
    ("queue_link", "off_mount", f"mount -t tmpfs tmpfs {QUEUE}", ""),
    ("master_pid", "stale", KILL, ""),
    ("master_pid", "missing", f"pid=$(cat {PID_FILE}); rm {PID_FILE}; kill -KILL $pid", ""),
    ("master_pid", "unreadable", f"{KILL}; rm {PID_FILE}; mkdir {PID_FILE}", ""),
    ("master_pid", "not_master", f"{KILL}; printf '%32d\\n' $(systemctl show --value -p MainPID ssh) > {PID_FILE}", ""),
    ("master_pid", "not_locked", f"cp -p {PID_FILE} {PID_FILE}.new; mv {PID_FILE}.new {PID_FILE}", ""),
    ("ownership", "lost", f"sed s/remedied/stranger/g {OWNER} > /run/owner; cat /run/owner > {OWNER}", ""),
    ("mount", "read_only", f"systemctl stop postfix@- {AGENT}; mount -o remount,ro /Mail; "
     f"systemctl start --no-block {AGENT} postfix", ""),
    ("startup_log", "start_failed", "systemctl stop postfix@-; systemd-run -q --unit other socat TCP-LISTEN:25,reuseaddr PIPE; "
     "until ss -Hltn sport 25 | grep .; do sleep 0.1; done; systemctl start postfix", "systemctl stop other"),
]


@pytest.fixture(scope="module")
def machine(lab):
    # One fault after the other starts Postfix more often than systemd lets an operator.
    often = {"/etc/systemd/system/postfix@-.service.d/often.conf": "[Unit]\nStartLimitIntervalSec=0\n"}
    made = lab.container("remedied", ID, files=often).start()
    made.until_health(status=200, phase="serving", within=600)
    yield made
    lab.forget(made)


@pytest.mark.parametrize("check, reason, fault, correction", FAULTS, ids=[f"{row[0]}-{row[1]}" for row in FAULTS])
def test_a_remedy_ends_its_fault(machine, check, reason, fault, correction):
    machine.until_health(status=200, phase="serving")
    machine.run(fault, check=False, timeout=120)
    answer = machine.until_health(status=503, check=check, reason=reason)
    commands = answer.json["checks"][check][0]["commands"]
    said = []
    for number, command in enumerate(commands, start=1):
        if number == len(commands) and correction:
            machine.run(correction)
        done = machine.run(command, check=False, timeout=180)
        said.append(f"$ {command}\n{done.stdout}{done.stderr}[{done.returncode}]")
    print("\n".join(said))
    machine.until_health(status=200, phase="serving")
    assert machine.run("readlink /var/spool/postfix").strip() == QUEUE
    # Not by name: of a mount that was replaced /proc knows the old place.
    machine.run(f"[ /proc/{machine.master()}/cwd -ef {QUEUE} ]")


# Why a remedy is not run here.
ELSEWHERE = {
    ("mount", "hung"): "the file server ends it", ("mount", "io_error"): "the file server ends it",
    ("mount", "denied"): "the file server ends it",
    ("mount", "wrong_source"): "the commands are those of wrong_type",
    ("ownership", "identity_shared"): "test_client_identity.py", ("ownership", "held_elsewhere"): "test_lost_lease.py",
    ("ownership", "lease_expired"): "test_lost_lease.py",
    ("relink", "refused"): "the output names the cause", ("relink", "failed"): "the output names the cause",
    ("relink", "pending"): "it waits",
    ("master_pid", "wrong_queue"): "the pid to kill is read from the list that the commands print",
    ("startup_log", "already_running"): "test_stolen_queue.py", ("startup_log", "lock_refused"): "test_lost_lease.py",
    ("startup_log", "unreadable"): "a warning", ("startup_log", "source_lost"): "a warning",
}


def test_every_reason_is_tried_or_names_the_obstacle():
    with open(f"{images.ROOT}/core/checks/reason_table.hpp") as file:
        table = set(re.findall(r"{Check::(\w+),\s*Reason::(\w+),", file.read()))
    assert len(table) >= 30
    assert {(row[0], row[1]) for row in FAULTS} | set(ELSEWHERE) == table
