# SPDX-License-Identifier: Apache-2.0
"""The instance id is unknown, or another host has the same."""
from row import condition
from support.imds_service import ImdsService
from support.world import MINE, OTHER


@condition
def asked_of_a_metadata_service_that_is(relay, *faults):
    """On hardware without an asset tag; see tests/support/imds.py for the faults."""
    nameless(relay)
    service = ImdsService(MINE)
    service.faults(*faults)
    relay.instance.write_settings(imds={"endpoint": service.endpoint})
    try:
        yield
        service.faults()
        relay.agent.until(check="relink", reason="", within=60)
    finally:
        service.close()


@condition
def without_a_source(relay):
    nameless(relay)
    yield
    relay.host.write("/sys/devices/virtual/dmi/id/board_asset_tag", MINE + "\n")
    relay.agent.until(check="relink", reason="", within=60)


def nameless(relay):
    relay.host.run("sh", "-c", "mount -t tmpfs none /sys/devices/virtual && mkdir -p /sys/devices/virtual/dmi/id")
    relay.baked()
    relay.instance.write_settings(instance_id="auto", imds={"endpoint": "http://127.0.0.1:1"})


@condition
def taken_by(relay, host_name):
    """The server gave this host's lock away, and another boot wrote its name into the file; {same} is our host name."""
    with open(relay.owner_file, "rb") as file:
        record = file.read()
    boot, name = relay.host.boot_id.encode(), relay.host.name.encode()
    other = record.replace(boot, b"0" * 8 + boot[8:]).replace(name, host_name.format(same=relay.host.name).encode())
    assert boot not in other and len(other) == len(record), record
    with open(relay.owner_file, "r+b") as file:
        file.write(other)
    yield
    with open(relay.owner_file, "r+b") as file:
        file.write(record)
    relay.restart_agent()


@condition
def shared_with_another_of_the_same_host_name(relay):
    """Both have one NFS client name: the server cannot distinguish them."""
    twin = relay.world.instance(OTHER, "host-twin")
    twin.host.run("hostname", relay.host.name)
    twin.write_settings(mount=relay.instance.settings["mount"], checks=relay.instance.settings["checks"])
    twin.bake().mount()
    twin.serve().until(check="relink", reason="")
    relay.baked()
    relay.in_service()
    yield
    assert twin.agent.stop() == 0
    relay.restart_agent()
