# SPDX-License-Identifier: Apache-2.0
"""Two relays with one host name: to the file server they are two only where their NFS clients have their own names."""
import json
import re

import pytest

from lab import LEASE
from machine import Link
from support.deadline import eventually, stays

IDS = ("i-0ccccccccccccccc1", "i-0ccccccccccccccc2")
UNIT = "postfix-elb-agent-nfs-identity.service"
WITHOUT_NAMES = {f"/etc/systemd/system/{UNIT}": Link("/dev/null")}
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
        told = machine.http().json
        assert told["status"] == "pass", told
        assert "lost" not in machine.run("dmesg | grep 'NFS:' || :")


def test_without_them_the_agent_says_that_locks_do_not_hold(twins):
    first, second = twins
    for machine in twins:
        machine.cut_power()
    first.start(WITHOUT_NAMES)
    until_served(first)
    assert first.read("/sys/fs/nfs/net/nfs_client/identifier").strip() == "(null)"
    second.start(WITHOUT_NAMES, wait=False)

    def told():
        for machine in twins:
            answer = machine.http()
            row = answer.json["checks"]["ownership"][0] if answer and answer.json.get("checks") else {}
            if row.get("reason") == "identity_shared" or (row.get("reason") == "lost" and row["status"] == "fail"):
                return machine.name, row
        return None

    second.until_shell()
    second.until("mountpoint -q /Mail", "it has mounted", within=120)
    _, row = eventually(told, "one of the two says that its locks do not hold", within=60, step=0.2)
    assert row["remedy"], row
