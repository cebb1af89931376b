# SPDX-License-Identifier: Apache-2.0
"""Two relays with one host name: the file server distinguishes them only by the names of their NFS clients."""
import json
import re

import pytest

from lab import LEASE
from support.deadline import eventually, stays

IDS = ("i-0ccccccccccccccc1", "i-0ccccccccccccccc2")
UNIT = "postfix-elb-agent-nfs-identity.service"
AGENT = "postfix-elb-agent.service"
FILES = {"/etc/postfix-elb-agent/agent.json": json.dumps({"checks": {"interval": "1s"}}),
         # On a busy host an emulated machine takes a minute to load the module.
         f"/etc/systemd/system/{UNIT}.d/slow.conf": "[Service]\nTimeoutStartSec=5min\n"}


@pytest.fixture(scope="module")
def twins(lab):
    made = [lab.relay(f"twin{number}", instance_id, export="twins", hostname="mail", files=FILES)
            for number, instance_id in enumerate(IDS)]
    yield made
    for machine in made:
        lab.forget(machine)


def until_served(machine):
    machine.until_health(status=200, check="master_pid", reason="", phase="serving", within=420)


def client_names(lab):
    return re.findall(r'^name: "(.*)"$', lab.server.run("cat /proc/fs/nfsd/clients/*/info"), re.MULTILINE)


def test_the_packages_names_keep_their_locks_apart(twins, lab):
    for machine in twins:
        machine.start(wait=False)
    for machine in twins:
        machine.until_shell()
        assert machine.run("hostname").strip() == "mail"
        until_served(machine)
        assert machine.read("/sys/fs/nfs/net/nfs_client/identifier").strip() == machine.instance_id
    assert {f"Linux NFSv4.1 {instance_id}/mail" for instance_id in IDS} <= set(client_names(lab))

    locked = [path for machine in twins
              for path in (lab.owner_seen(machine), f"{lab.queue_seen(machine)}/pid/master.pid")]
    stays(lambda: lab.locked(*locked) == locked, "each holds its locks", during=LEASE + 2, step=1)
    for machine in twins:
        body = machine.http().json
        assert body["status"] == "pass", body
        assert "lost" not in machine.run("dmesg | grep 'NFS:' || :")


def test_without_them_the_agent_says_that_locks_do_not_hold(twins, lab):
    """As where the unit is masked. Without Postfix, which shows nothing of it."""
    for machine in twins:
        machine.run(f"systemctl stop postfix@-.service postfix-elb-agent.socket {AGENT}", timeout=180)
        machine.run("umount /Mail")
        machine.until("modprobe -r nfsv4", "the kernel's client ends, and forgets its name")
    for machine in twins:
        machine.run("mount /Mail", timeout=120)
        assert machine.read("/sys/fs/nfs/net/nfs_client/identifier").strip() == "(null)"
    assert "Linux NFSv4.1 mail" in client_names(lab)
    for machine in twins:
        machine.run(f"systemctl start postfix-elb-agent.socket; systemctl start --no-block {AGENT}")
    for machine in twins:
        eventually(lambda machine=machine: f"sudo systemctl enable {UNIT}" in without_its_lock(machine).get("commands", []),
                   f"{machine.name} says why its lock does not hold", within=120)
    stays(lambda: all(without_its_lock(machine) for machine in twins), "both go on saying so", during=5, step=0.2)


def without_its_lock(machine):
    """The row of `ownership` if it fails because of the lock; else {}."""
    answer = machine.http()
    row = answer.json["checks"]["ownership"][0] if answer and answer.json.get("checks") else {}
    return row if row.get("status") == "fail" and row["reason"] in ("identity_shared", "lost") else {}
