# SPDX-License-Identifier: Apache-2.0
"""The failure that this program prevents: the link that was baked into the image names a queue that another instance's live
master works in, across NFS."""
import pytest

from system import Link

FATAL = "fatal: the Postfix mail system is already running"
OWN_ID = "i-0bbbbbbbbbbbbbbb1"
UNITS = "/etc/systemd/system"
# As on distributions whose Postfix waits for the network's file systems, and as a fleet without the agent has it.
AFTER_MOUNTS = {f"{UNITS}/postfix@-.service.d/mounts.conf": "[Unit]\nAfter=remote-fs.target\n"}


@pytest.fixture
def stolen(in_service):
    """The link to the queue of the relay in service, which must be healthy afterwards, too."""
    master = in_service.master()
    yield {"/var/spool/postfix": Link(f"/Mail/{in_service.instance_id}")}
    assert in_service.master() == master
    assert in_service.http().status == 200, in_service.http()


def test_without_the_agent_postfix_dies_with_a_misleading_line(in_service, stolen, relay):
    robber = relay("without", variant="plain", export=in_service.export, files={**stolen, **AFTER_MOUNTS}).start()
    robber.until("systemctl is-failed postfix@-.service", "Postfix gives up", within=240)
    assert FATAL in robber.journal("-t", "postfix/postfix-script")
    assert not robber.does("pgrep -x master")


def test_the_agent_prevents_it_or_reports_it_without_its_drop_in(in_service, stolen, relay):
    relieved = relay("with", OWN_ID, export=in_service.export, files=stolen).start(wait=False)
    relieved.until_health(status=200, phase="serving", within=400)
    relieved.until_shell()
    assert relieved.run(f"readlink /proc/{relieved.master()}/cwd").strip() == f"/Mail/{OWN_ID}"
    assert "fatal:" not in relieved.journal("SYSLOG_FACILITY=2")

    # The drop-in is removed, and the agent runs after Postfix, where user data was.
    by_hand = {f"/usr/lib/systemd/system/{unit}.d/10-postfix-elb-agent.conf": None
               for unit in ("postfix.service", "postfix@-.service")}
    late = {f"{UNITS}/postfix-elb-agent.service.d/late.conf": "[Unit]\nAfter=postfix@-.service\n"}
    relieved.reboot({**stolen, **AFTER_MOUNTS, **by_hand, **late}, wait=False)
    failing = relieved.until_health(status=503, check="startup_log", reason="already_running", within=400)
    relieved.until_shell()
    row = failing.json["checks"]["startup_log"][0]
    assert "already running" in row["output"] and row["remedy"], row
    assert FATAL in relieved.journal("-t", "postfix/postfix-script")
    relieved.until_health(status=503, check="relink", reason="")
    assert relieved.run("readlink /var/spool/postfix").strip() == f"/Mail/{OWN_ID}"

    relieved.run("systemctl restart postfix")
    relieved.until_health(status=200, phase="serving")
