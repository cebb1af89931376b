# SPDX-License-Identifier: Apache-2.0
"""The file server is away when a machine boots, comes later, dies, or is unreachable for one machine alone."""
import json

import pytest

from support.deadline import eventually

_BOOT = 300  # a minute where nothing else runs: two boot at once
_SETTINGS = json.dumps({"checks": {"interval": "1s"}, "mount": {"wait": "90s"}})
_FSTAB = "fs:/{} /Mail nfs4 _netdev,vers=4.1,hard,timeo=600,retrans=2,noresvport,{} 0 0\n"
_TUNNEL = ("systemd-run --quiet --collect --unit tunnel "
           "socat TCP-LISTEN:20049,bind=127.0.0.1,fork,reuseaddr TCP:10.77.0.1:2049")
# What the kernel sends for its mounts belongs to no user; what the agent itself sends does.
_CUT_THE_KERNEL_OFF = """nft -f - <<'.'
table ip cut {
  chain out {
    type filter hook output priority 0;
    tcp dport 2049 meta skuid postfix-elb-agent accept
    tcp dport 2049 drop
  }
}
."""
AGENT = "postfix-elb-agent.service"
POSTFIX = "postfix@-.service"
AGENTS = ["pea-host", "pea-mount", "pea-server", "pea-systemd", "postfix-elb-age"]


def files(fstab):
    return {"/etc/fstab": fstab, "/etc/postfix-elb-agent/agent.json": _SETTINGS}


def master_of(machine):
    return machine.master()


def until_served(machine):
    """200 because all is well, and ready."""
    machine.until_health(status=200, check="master_pid", reason="", phase="serving", within=420)
    machine.until_health(status=200, path="/readyz", within=120)
    machine.until_health(status=200, check="mount", reason="", within=60)


def until_hung(machine, status, attribution, within=60):
    """Waits until the mount hangs with that attribution; returns the row of `mount`."""
    def so():
        answer = machine.http()
        if answer is None or answer.status != status:
            return None
        row = answer.json["checks"]["mount"][0]
        return row if (row.get("reason"), row.get("attribution")) == ("hung", attribution) else None

    return eventually(so, f"{machine.name}: {status}, the mount hangs, {attribution}", within, step=0.1)


def agents_of(machine):
    """The names of the processes of the agent."""
    return sorted(machine.run(f"ps -o comm= -p $(systemctl show -P ControlGroup {AGENT} | "
                              "xargs -I@ cat /sys/fs/cgroup@/cgroup.procs | paste -sd,)").split())


def asleep(machine):
    """Processes in uninterruptible sleep."""
    return machine.run("ps -eo stat=,comm= | grep ^D || :")


@pytest.fixture(scope="module")
def booted_without(lab):
    """Two relays that were switched on while the file server was away: one whose mount waits for it (bg), and one whose
    mount gives up, as that of a standard host does after 90 s."""
    relays = [lab.relay("patient", "i-0aaaaaaaaaaaaaaa1", files=files(_FSTAB.format("patient", "bg"))),
              lab.relay("standard", "i-0aaaaaaaaaaaaaaa2",
                        files=files(_FSTAB.format("standard", "x-systemd.mount-timeout=5s")))]
    lab.server.freeze()
    for machine in relays:
        machine.start(wait=False)
    yield relays
    lab.server.thaw()
    for machine in relays:
        lab.forget(machine)


def test_a_boot_without_the_file_server_ends_and_names_the_fault(booted_without):
    for machine in booted_without:
        first = eventually(machine.http, f"{machine.name} answers", within=_BOOT, step=0.1)
        assert first.status == 503, first
        machine.until_health(status=503, check="mount", reason="missing", phase="relinking", within=_BOOT)
    for machine in booted_without:
        machine.until_shell(within=_BOOT)
        machine.until("systemctl is-active multi-user.target", within=_BOOT)
        assert not machine.does("mountpoint -q /Mail")
        assert not machine.does("pgrep -x master")
        assert machine.http().status == 503


def test_the_gate_waits_for_the_agent_and_then_refuses(booted_without):
    _, standard = booted_without
    standard.until("systemctl is-failed Mail.mount", "the mount gives up")
    standard.until("test -e /run/postfix-elb-agent/refused/" + POSTFIX, "the gate refuses", within=120)
    said = standard.journal("-u", POSTFIX)
    assert "waiting for " + AGENT in said
    assert said.index("waiting for " + AGENT) < said.index("Postfix may not start: mount missing"), said
    assert standard.show(AGENT, "ActiveState") == "activating"
    assert standard.http().status == 503


def test_postfix_starts_without_a_person_when_the_mount_comes(booted_without, lab):
    patient, standard = booted_without
    lab.server.thaw()
    standard.run("mount /Mail", timeout=120)  # what systemd gave up once it does not try again
    for machine in booted_without:
        until_served(machine)
        assert machine.run("readlink /var/spool/postfix").strip() == f"/Mail/{machine.instance_id}"
        assert machine.run(f"readlink /proc/{machine.master()}/cwd").strip() == f"/Mail/{machine.instance_id}"
    assert "starting postfix.service, which was refused before" in standard.journal("-u", AGENT)
    assert patient.journal("-u", "Mail.mount").count("Mounting Mail.mount") == 1, "it was waiting all the time"


def test_a_client_that_is_cut_off_alone_is_unhealthy(booted_without):
    patient, _ = booted_without
    master = master_of(patient)
    patient.run("systemctl restart " + AGENT)  # an agent that remembers no silence of the server
    until_served(patient)
    agent = patient.show(AGENT, "MainPID")
    patient.run(_CUT_THE_KERNEL_OFF)
    until_hung(patient, 503, "instance")
    assert patient.http("/readyz").status == 503
    patient.run("nft delete table ip cut")
    until_served(patient)
    assert (patient.show(AGENT, "MainPID"), master_of(patient)) == (agent, master)


def test_a_file_server_that_dies_costs_no_instance(booted_without, lab):
    patient, standard = booted_without
    assert [agents_of(machine) for machine in booted_without] == [AGENTS] * 2
    before = [(machine.show(AGENT, "MainPID"), master_of(machine)) for machine in booted_without]
    lab.server.freeze()
    for machine in booted_without:
        row = until_hung(machine, 200, "shared")
        assert row["excuse"] == "shared_fault", row
        assert machine.http("/readyz").status == 503

    # The stuck worker ends only when the server answers. That delays no stop, no start and no restart after a crash.
    standard.run("systemctl stop " + AGENT, timeout=30)
    assert "pea-mount" in asleep(standard)
    standard.run("systemctl start --no-block " + AGENT)
    until_hung(standard, 200, "shared")
    standard.run(f"kill -KILL $(systemctl show --property=MainPID --value {AGENT})")
    until_hung(standard, 200, "shared")

    lab.server.thaw()
    for machine in booted_without:
        until_served(machine)
        machine.until(lambda machine=machine: not asleep(machine), f"nothing hangs in {machine.name}")
    after = [(machine.show(AGENT, "MainPID"), master_of(machine)) for machine in booted_without]
    assert after[0] == before[0]
    assert after[1][1] == before[1][1]
    for machine in booted_without:
        machine.until(lambda machine=machine: agents_of(machine) == AGENTS, f"{machine.name}: no process is left over")


def test_user_data_may_mount_late_through_a_tunnel(relay):
    late = relay("late", "i-0aaaaaaaaaaaaaaa3", files=files("")).start()
    late.until("systemctl is-active multi-user.target", "the boot does not wait for the mount", within=_BOOT)
    late.until_health(status=503, check="mount", reason="missing", phase="relinking")
    assert not late.does("pgrep -x master")

    late.run(_TUNNEL)
    late.run("mount -t nfs4 -o vers=4.1,port=20049,hard,timeo=600,retrans=2,noresvport 127.0.0.1:/late /Mail",
             timeout=120)
    until_served(late)
    master = master_of(late)
    late.run("systemctl kill --signal=KILL tunnel.service")
    until_hung(late, 503, "instance")
    late.run(_TUNNEL)
    until_served(late)
    assert master_of(late) == master
