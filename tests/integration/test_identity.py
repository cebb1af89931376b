# SPDX-License-Identifier: Apache-2.0
"""The instance id comes from the DMI asset tag, the metadata service or cloud-init, and from nowhere else."""
import os
import subprocess
import sys
import urllib.request

import pytest

from support.deadline import eventually, stays
from support.poller import Poller

pytestmark = pytest.mark.traced

ID = "i-0aaaabbbbccccdddd"
SCRIPT = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "support", "imds.py")


class Imds:
    """tests/support/imds.py on loopback."""

    def __init__(self, *faults, instance_id=ID):
        arguments = [argument for fault in faults for argument in ("--fault", fault)]
        self.process = subprocess.Popen([sys.executable, SCRIPT, "--port", "0", "--instance-id", instance_id,
                                         *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())
        self.control = int(self.process.stdout.readline())

    @property
    def endpoint(self):
        return f"http://127.0.0.1:{self.port}"

    def faults(self, *words):
        request = urllib.request.Request(f"http://127.0.0.1:{self.control}/", " ".join(words).encode(), method="PUT")
        assert urllib.request.urlopen(request, timeout=5).status == 200

    def requests(self):
        return urllib.request.urlopen(f"http://127.0.0.1:{self.control}/", timeout=5).read().decode().splitlines()

    def close(self):
        self.process.kill()
        self.process.wait()


@pytest.fixture
def unnamed(instance):
    """An instance that has to find out its id, on hardware without an asset tag."""
    instance.host.run("sh", "-c", "mount -t tmpfs none /sys/devices/virtual && mkdir -p /sys/devices/virtual/dmi/id")
    instance.bake().mount()
    instance.write_settings(instance_id="auto", imds={"endpoint": "http://127.0.0.1:1"})
    return instance


@pytest.fixture
def imds(request, unnamed):
    service = Imds(*getattr(request, "param", ()))
    unnamed.write_settings(imds={"endpoint": service.endpoint})
    yield service
    service.close()


def relinked_as(instance, instance_id):
    agent = instance.serve()
    agent.until(check="relink", reason="")
    assert instance.link_text() == f"{instance.world.mount_path}/{instance_id}"
    assert agent.health().json["serviceId"] == instance_id


def test_the_asset_tag_needs_no_network(unnamed):
    unnamed.host.write("/sys/devices/virtual/dmi/id/board_asset_tag", "i-0123456789abcdef1\n")
    relinked_as(unnamed, "i-0123456789abcdef1")


def test_the_metadata_service_is_asked_with_a_token(unnamed, imds):
    relinked_as(unnamed, ID)
    assert imds.requests() == ["PUT /latest/api/token 200", "GET /latest/meta-data/instance-id 200"]


def test_an_asset_tag_that_is_no_id_is_passed_over(unnamed, imds):
    unnamed.host.write("/sys/devices/virtual/dmi/id/board_asset_tag", "Not Specified\n")
    relinked_as(unnamed, ID)


@pytest.mark.parametrize("imds", [["unavailable_first=2"], ["reset_first=2"], ["token_expires_once"],
                                  ["throttled_first=1"], ["slow=0.3"]], indirect=True, ids=lambda value: value[0])
def test_transient_errors_of_the_metadata_service_are_retried(unnamed, imds):
    relinked_as(unnamed, ID)


@pytest.mark.parametrize("imds", [["garbage"], ["html_page"], ["empty_body"], ["path_traversal"], ["redirect"],
                                  ["huge_body"], ["endless_body"], ["cut"], ["not_http"], ["garbage_token"],
                                  ["forbidden"], ["no_token_path"]], indirect=True, ids=lambda value: value[0])
def test_answers_that_are_no_id_are_refused_without_a_write(unnamed, imds):
    before = sorted(os.listdir(unnamed.world.shared))
    agent = unnamed.serve()
    stays(lambda: agent.health().status == 503, "no id, no health", during=1.5)
    assert sorted(os.listdir(unnamed.world.shared)) == before
    assert unnamed.link_text() != f"{unnamed.world.mount_path}/{ID}"
    assert "the instance id is not known yet" in agent.row("relink")["output"]
    assert agent.row("queue_link")["output"] == "not known until the instance id is"
    assert unnamed.command("gate").returncode == 1
    imds.faults()
    agent.until(check="relink", reason="", within=60)
    assert unnamed.link_text() == f"{unnamed.world.mount_path}/{ID}"


@pytest.mark.prompt
@pytest.mark.parametrize("imds", [["silent"], ["drip=1"]], indirect=True, ids=lambda value: value[0])
def test_a_silent_metadata_service_holds_up_no_answer(unnamed, imds):
    """A loop that waited for it would wait two seconds each time, the length of one attempt."""
    agent = unnamed.serve()
    with Poller(agent.port, every=0.1) as health, Poller(agent.port, "/livez", every=0.1) as live:
        eventually(lambda: len([one for one in imds.requests() if "token" in one]) >= 3, "three attempts were made")
    for poller, status in ((health, 503), (live, 200)):
        poller.assert_never_left(status)
        assert poller.slowest() < 1


def test_cloud_init_s_file_under_run_is_the_last_resort(unnamed):
    unnamed.host.write("/run/cloud-init/.instance-id", "i-0123456789abcdef2\n")
    agent = unnamed.serve()
    agent.until(check="relink", reason="", within=60)
    assert unnamed.link_text() == f"{unnamed.world.mount_path}/i-0123456789abcdef2"


@pytest.mark.parametrize("text", ["../../etc", "i-0123456789abcdef0/..", "i-" + "0" * 18])
def test_a_malformed_id_in_cloud_init_s_file_is_refused(unnamed, text):
    unnamed.host.write("/run/cloud-init/.instance-id", text + "\n")
    before = sorted(os.listdir(unnamed.world.shared))
    done = unnamed.command("relink", "--set", "mount.wait=1s")
    assert done.returncode != 0
    assert sorted(os.listdir(unnamed.world.shared)) == before


def test_a_known_id_outlives_the_metadata_service_for_this_boot(unnamed, imds):
    relinked_as(unnamed, ID)
    imds.faults("always_503")
    assert unnamed.agent.stop() == 0
    unnamed.serve().until(check="relink", reason="")
    assert unnamed.command("gate").returncode == 0
