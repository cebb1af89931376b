# SPDX-License-Identifier: Apache-2.0
"""A client is cut off for longer than its lease, another client takes its locks, and the first comes back."""
import json

from lab import LEASE
from support.deadline import eventually

ID = "i-0ddddddddddddddd1"
SETTINGS = {"/etc/postfix-elb-agent/agent.json": json.dumps({"checks": {"interval": "1s"}})}
CUT_OFF = "nft 'table ip cut { chain out { type filter hook output priority 0; tcp dport 2049 drop; }; }'"
# What the agent of another host with the same id does.
CLAIM = """
import fcntl, json, sys, time
owner, pid_file = (open(path, "r+") for path in sys.argv[1:])
record = json.load(owner)
for file in (owner, pid_file):
    fcntl.lockf(file, fcntl.LOCK_EX)
record.update(boot_id="11111111-2222-3333-4444-555555555555", hostname="another", nfs_client="another")
owner.seek(0)
owner.write(json.dumps(record).ljust(4095) + "\\n")
owner.flush()
print("claimed", flush=True)
time.sleep(3600)
"""


def test_a_lost_lock_is_reported_although_the_kernel_claims_it(relay, lab):
    cut = relay("cutoff", ID, files=SETTINGS).start()
    cut.until_health(status=200, check="master_pid", reason="", phase="serving", within=420)
    owner, pid_file = lab.owner_seen(cut), f"{lab.queue_seen(cut)}/pid/master.pid"
    assert lab.locked(owner, pid_file) == [owner, pid_file]
    master = cut.master()
    inode = lab.server.run(f"stat -c %i {pid_file}").strip()

    cut.run(CUT_OFF)
    cut.until_health(check="mount", reason="hung")
    lab.server.write("/run/claim.py", CLAIM)
    lab.server.run(f"systemd-run --quiet --collect --unit another -p StandardOutput=file:/run/claimed "
                   f"python3 /run/claim.py {owner} {pid_file}")
    eventually(lambda: lab.server.does("grep -x claimed /run/claimed"), "the lease ends and another has the id",
               within=6 * LEASE, step=0.5)

    cut.run("nft delete table ip cut")
    failing = cut.until_health(status=503, check="ownership", reason="held_elsewhere",
                               said=("held by host another",), within=120)
    assert cut.http("/readyz").status == 503
    assert "lost" in cut.run("dmesg | grep 'NFS:'")
    claimed = cut.run(f"grep ' {master} ' /proc/locks")
    assert f":{inode} " in claimed, "the kernel goes on listing the lock of a master that has lost it"

    # What the remedy says, word for word.
    row = failing.json["checks"]["ownership"][0]
    assert "keep Postfix stopped here, correct instance_id on the host where it is wrong" in row["remedy"], row
    wanted = [f"sudo cat /Mail/.postfix-elb-agent/owners/{ID}", "sudo systemctl stop postfix",
              "sudo systemctl restart postfix-elb-agent"]
    assert row["commands"][:3] == wanted, row
    assert json.loads(cut.read(f"/Mail/.postfix-elb-agent/owners/{ID}"))["hostname"] == "another"
    cut.run("systemctl stop postfix", timeout=180)
    lab.server.run("systemctl stop another")
    cut.run("systemctl restart postfix-elb-agent", timeout=180)
    cut.run("systemctl start postfix", timeout=420)
    cut.until_health(status=200, check="ownership", reason="", within=120)
    cut.until_health(status=200, path="/readyz", within=120)
    assert lab.locked(owner, pid_file) == [owner, pid_file]
    assert cut.master() != master
