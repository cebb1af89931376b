# SPDX-License-Identifier: Apache-2.0
"""A mount that hangs: the fault of this instance, or of the file server that all instances share? The mount is a file
system that freezes; the agent sees it as NFS from a test server, which it asks over the network."""
import pytest

from support.deadline import eventually, stays
from support.mount_table import serve_with_nfs, show_nfs
from support.nfs_server import NfsServer
from support.poller import Poller

pytestmark = pytest.mark.traced


@pytest.fixture
def server():
    made = NfsServer()
    yield made
    made.close()
    assert made.troubles == []


@pytest.fixture
def instance(frozen_world):
    made = frozen_world.instance()
    made.write_settings(mount={"deadline": "500ms", "fstypes": [frozen_world.fstype, "nfs4"]},
                        checks={"interval": "500ms"})
    return made


def serve_as_nfs(instance, server):
    """In service, its mount seen as NFS from `server`."""
    instance.serving()
    show_nfs(instance, server.port)
    eventually(lambda: instance.agent.row("mount").get("observedValue") == "127.0.0.1:/ nfs4 rw", "the mount is NFS")
    assert "attribution" not in instance.agent.row("mount")
    assert server.connections == 0  # nothing asks while all is well
    return instance


@pytest.fixture
def serving(instance, server):
    return serve_as_nfs(instance, server)


def freeze(instance):
    instance.world.faultfs.freeze()
    instance.world.faultfs.until_frozen()


def until_attributed(instance, attribution, health, mount_status):
    """Waits until /health attributes the hung mount so; asserts that metrics and /readyz agree."""
    agent = instance.agent

    def so():
        answer = agent.health()
        row = (answer.json.get("checks") or {}).get("mount", [{}])[0]
        seen = (answer.status, row.get("status"), row.get("reason"), row.get("attribution"))
        return seen == (health, mount_status, "hung", attribution) and answer

    try:
        answer = eventually(so, f"/health {health}, mount hung, {attribution}")
    except AssertionError as error:
        raise AssertionError(f"{error}\n{agent.health()}\n{agent.stderr()[-3000:]}") from None
    assert agent.request("/readyz").status == 503
    metrics = agent.request("/metrics").body.decode()
    assert f'postfix_elb_agent_mount_fault{{attribution="{attribution}"}} 1' in metrics
    return answer


def until_shared(instance):
    return until_attributed(instance, "shared", 200, "warn")


def until_excused_no_longer(instance):
    row = until_attributed(instance, "shared", 503, "fail").json["checks"]["mount"][0]
    assert row["output"].endswith("longer than shared_fault.hold excuses it")


def until_its_own(instance):
    return until_attributed(instance, "instance", 503, "fail")


def test_a_silent_server_keeps_health_at_200(serving, server):
    server.fault = "silent"
    with Poller(serving.agent.port) as elb:
        freeze(serving)
        answer = until_shared(serving)
        assert answer.json["status"] == "warn"
        row = answer.json["checks"]["mount"][0]
        assert f"; the file server 127.0.0.1:{server.port} is silent, too: every instance shares that" in row["output"]
        assert row["remedy"].startswith("Wait and replace nothing")
        stays(lambda: serving.agent.health().status == 200, "/health is 200", during=3)
        assert server.connections == 1  # asked rarely, however many rounds there are
        serving.world.faultfs.thaw()
        serving.agent.until(status=200, check="mount", reason="")
        serving.agent.until("/readyz", status=200)
    elb.assert_never_left(200)
    assert serving.agent.health().json["status"] == "pass"
    assert "attribution" not in serving.agent.row("mount")


@pytest.mark.parametrize("fault", ["answers", "auth_error", "prog_mismatch", "byte_by_byte"])
def test_with_an_answering_server_it_is_the_instance_s_fault(serving, server, fault):
    server.fault = fault
    freeze(serving)
    answer = until_its_own(serving)
    assert answer.json["output"].startswith("mount hung")
    assert answer.json["output"].endswith(f"the file server 127.0.0.1:{server.port} answers, so this client is wedged")
    serving.world.faultfs.thaw()
    serving.agent.until(status=200, check="mount", reason="")


@pytest.mark.parametrize("fault", ["garbage", "closes", "closes_at_once", "resets"])
def test_an_inconclusive_answer_counts_as_silence(serving, server, fault):
    server.fault = fault
    freeze(serving)
    until_shared(serving)


def test_a_dead_tunnel_on_this_host_is_the_instance_s_fault(serving, server):
    server.refuse()
    freeze(serving)
    until_its_own(serving)


def test_a_mount_without_a_server_is_the_instance_s_fault(instance):
    instance.serving()
    freeze(instance)
    until_its_own(instance)


def test_a_hold_of_zero_is_strict(instance, server):
    instance.write_settings(shared_fault={"hold": "0s"})
    serve_as_nfs(instance, server)
    server.fault = "silent"
    freeze(instance)
    until_excused_no_longer(instance)


def test_a_shared_fault_is_excused_no_longer_than_hold(instance, server):
    instance.write_settings(shared_fault={"hold": "4s"})
    serve_as_nfs(instance, server)
    server.fault = "silent"
    freeze(instance)
    until_shared(instance)
    until_excused_no_longer(instance)
    instance.world.faultfs.thaw()
    instance.agent.until(status=200, check="mount", reason="")


def test_an_agent_restarted_in_the_outage_keeps_health_at_200(serving, server):
    server.fault = "silent"
    freeze(serving)
    until_shared(serving)
    assert serving.agent.stop() == 0
    serve_with_nfs(serving, server.port)
    until_shared(serving)
    stays(lambda: serving.agent.health().status == 200, "/health is 200", during=2)
    serving.world.faultfs.thaw()
    serving.agent.until(status=200, check="mount", reason="", within=30)


def test_a_mount_that_never_worked_is_the_instance_s_fault(monkeypatch, instance, server):
    monkeypatch.delenv("PEA_TRACE_SERVER", raising=False)  # the agent runs under strace already, which stops it
    server.fault = "silent"
    instance.bake().mount()
    instance.world.faultfs.freeze()
    serve_with_nfs(instance, server.port)
    until_its_own(instance)
