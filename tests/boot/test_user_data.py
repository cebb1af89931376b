# SPDX-License-Identifier: Apache-2.0
"""cloud-init: user data that mounts the shared file system late (cloud-final comes after multi-user.target on Debian) or
early, and that is to be waited for. The boot is never deadlocked and has no cycle; Postfix starts automatically."""
import json
import re

import pytest

from container import STORE

_SEED = "/var/lib/cloud/seed/nocloud"
_UNITS = "/etc/systemd/system"
MOUNT = f"mount -o loop {STORE} /Mail"
# The old remedy: Postfix after user data. Where cloud-final comes after multi-user.target, that is a cycle.
AFTER_USER_DATA = {f"{_UNITS}/postfix@-.service.d/user-data.conf": "[Unit]\nAfter=cloud-final.service\n"}
NO_DROP_IN = {f"/usr/lib/systemd/system/{unit}.d/10-postfix-elb-agent.conf": None
              for unit in ("postfix.service", "postfix@-.service")}
# Modules of cloud-init that cost seconds each here, and set up what these tests do not look at.
_MODULES = """
cloud_init_modules: [bootcmd, mounts]
cloud_config_modules: [runcmd]
cloud_final_modules: [scripts-user]
"""


def files_of_user_data(instance_id, user_data):
    """cloud-init finds that user data, a dict, and no metadata service of a cloud."""
    return {f"{_SEED}/meta-data": f"instance-id: {instance_id}\n",
            f"{_SEED}/user-data": "#cloud-config\n" + json.dumps(user_data),
            "/etc/cloud/cloud.cfg.d/98-modules.cfg": _MODULES}


@pytest.fixture
def with_user_data(container):
    """Makes a container (Lab.container) with that user data."""
    def make(name, instance_id, user_data, files=None, **how):
        return container(name, instance_id, cloud_init=True,
                         files={**files_of_user_data(instance_id, user_data), **(files or {})}, **how)

    return make


def until_user_data_has_run(machine):
    machine.until("test -e /run/cloud-init/result.json", "cloud-init has come to its end", within=240)
    assert json.loads(machine.read("/run/cloud-init/result.json"))["v1"]["errors"] == []


def stopwatch(machine, *pattern):
    """Seconds since boot of the first line of the journal that matches each pattern."""
    lines = machine.journal().splitlines()
    found = []
    for wanted in pattern:
        line = next((line for line in lines if re.search(wanted, line)), None)
        assert line, f"nothing in the journal of {machine.name} matches {wanted!r}"
        found.append(float(re.match(r"\[\s*([\d.]+)\]", line).group(1)))
    return found


def boots_well(machine, instance_id):
    machine.until_health(status=200, phase="serving", within=240)
    assert machine.run(f"readlink /proc/{machine.master()}/cwd").strip() == f"/Mail/{instance_id}"
    assert "ordering cycle" not in machine.journal()
    assert "fatal:" not in machine.journal("SYSLOG_FACILITY=2")
    machine.until("systemctl is-system-running | grep -x running", "the boot comes to its end", within=240)


@pytest.mark.parametrize("wait", ["5m", "3s"], ids=["while Postfix waits at its gate", "after its gate refused"])
def test_user_data_mounts_late(with_user_data, wait):
    """No line in fstab: before user data there is nothing to mount. Postfix starts automatically, whether its start still
    waits for the agent or was refused meanwhile."""
    own_id = "i-0aaaaaaaaaaaaaa61" if wait == "5m" else "i-0aaaaaaaaaaaaaa62"
    late = with_user_data(f"late{wait}", own_id, {"runcmd": ["pgrep -x master > /root/master; sleep 5", MOUNT]},
                          files={"/etc/fstab": ""}, settings={"mount": {"wait": wait}}).start()
    failing = late.until_health(status=503, check="mount", reason="missing", within=240)
    assert failing.json["phase"] in ("starting", "relinking"), failing
    until_user_data_has_run(late)
    boots_well(late, own_id)

    assert late.read("/root/master") == "", "before user data no Postfix ran"
    multi_user, mounted, master = stopwatch(
        late, "Reached target multi-user.target", "relink: done: claim the id", r"postfix/master\[\d+\]: daemon started")
    assert multi_user < mounted < master
    if wait == "3s":
        assert "Postfix may not start: " in late.journal()
        # Debian's postfix.service brings postfix@-.service with it.
        assert re.search(r"starting postfix(@-)?\.service, which was refused before: ",
                         late.journal("-u", "postfix-elb-agent"))
    else:
        assert "waiting for postfix-elb-agent.service, which is starting" in late.journal()


def test_user_data_mounts_early(with_user_data):
    """The mounts module writes fstab and mounts before multi-user.target, while the agent waits."""
    own_id = "i-0aaaaaaaaaaaaaa63"
    early = with_user_data("early", own_id, {"mounts": [[STORE, "/Mail", "ext4", "loop,_netdev", "0", "0"]]},
                           files={"/etc/fstab": ""}).start()
    boots_well(early, own_id)
    assert " comment=cloudconfig" in early.read("/etc/fstab").replace(",comment", " comment")


def test_queue_after_user_data(with_user_data):
    """/Mail is there early, by fstab; the relink waits for user data all the same, and Postfix with it."""
    own_id = "i-0aaaaaaaaaaaaaa64"
    looks = "(readlink /var/spool/postfix; ls -A /Mail; pgrep -x master) > /root/seen; findmnt -n /Mail; sleep 5"
    waits = with_user_data("waits", own_id, {"runcmd": [looks]}, settings={"queue": {"after_user_data": True}}).start()
    answer = waits.until_health(status=503, check="mount", reason="", within=240)
    assert answer.json["checks"]["relink"][0]["reason"] == "pending", answer
    assert "user data" in answer.json["checks"]["relink"][0]["output"], answer
    until_user_data_has_run(waits)
    boots_well(waits, own_id)
    link, *rest = waits.read("/root/seen").split()
    assert link.startswith("/Mail/i-0b111de5"), "the link that the image came with"
    assert own_id not in rest and not [word for word in rest if word.isdigit()], "no queue, no master"


def test_doctor_names_the_ordering_cycle_of_the_old_remedy(relay):
    """The remedy without the agent: After=cloud-final.service on Postfix, no drop-in of the agent. systemd reports the cycle
    in the kernel's log, which a container does not have."""
    own_id = "i-0aaaaaaaaaaaaaa65"
    cured = relay("cured", own_id, cloud_init=True,
                  files={**files_of_user_data(own_id, {}), **NO_DROP_IN, **AFTER_USER_DATA}).start()
    assert "Found ordering cycle on " in cured.journal()
    done = cured.run("postfix-elb-agent doctor --json", check=False)
    assert done.returncode == 2, done
    row, = (row for row in json.loads(done.stdout) if row["check"] == "ordering_cycle")
    assert row["status"] == "fail" and "cloud-final.service" in row["output"] and row["remedy"], row
