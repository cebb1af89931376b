# SPDX-License-Identifier: Apache-2.0
"""The relays in service on which the innocent deeds are done."""
from conftest import _finish
from support.deadline import eventually
from support.frozen_world import FrozenWorld
from support.imds_service import ImdsService
from support.mount_table import show_nfs
from support.nfs_server import NfsServer
from support.systemd_bus import SystemdBus
from support.world import MINE, World

UNIT = "postfix@-.service"


class Relay:
    """One relay in service. `tail`: seconds within which the agent has looked again after a deed."""

    def __init__(self, checks, tail, frozen=False, by_imds=False, as_nfs=False, under_systemd=False,
                 **sections):
        self.checks, self.tail, self.sections = checks, tail, sections
        self.frozen, self.by_imds, self.as_nfs, self.under_systemd = frozen, by_imds, as_nfs, under_systemd
        self.world = self.instance = self.imds = self.second = self.file_server = self.systemd = None

    def in_service(self):
        """The instance; a new one unless it is healthy."""
        if self.instance is not None:
            try:
                self.instance.agent.until(status=200, within=20)
                return self.instance
            except AssertionError:
                self.close()
        self.world = FrozenWorld() if self.frozen else World()
        instance = self.world.instance()
        instance.write_settings(checks=self.checks, **self.sections)
        if self.by_imds:
            self.imds = ImdsService(MINE)
            instance.host.run("sh", "-c", "mount -t tmpfs none /sys/devices/virtual")
            instance.write_settings(instance_id="auto", imds={"endpoint": self.imds.endpoint})
        if self.under_systemd:
            self.systemd = SystemdBus(instance.host).start()
            self.systemd.unit(UNIT, "active", "running")
        self.instance = instance.serving()
        if self.as_nfs:
            self.file_server = NfsServer()
            show_nfs(instance, self.file_server.port)
            eventually(lambda: " nfs4 " in instance.agent.row("mount").get("observedValue", ""), "the mount is NFS")
        return self.instance

    def close(self):
        world, self.world, self.instance, self.second = self.world, None, None, None
        if world is None:
            return
        if self.frozen:
            world.faultfs.clear()
        if self.systemd is not None:
            self.systemd.thaw()  # a stopped process would keep the host from ending
        for service in (self.imds, self.file_server):
            if service is not None:
                service.close()
        self.imds = self.file_server = self.systemd = None
        _finish(world)


RELAYS = {
    # As delivered.
    "defaults": Relay({"interval": "5s"}, tail=5.5),
    # Nothing may be even doubtful: one round decides.
    "strict": Relay({"interval": "300ms", "fail_after": 1}, tail=0.7),
    # The grace of the defaults, but shorter: a restart of Postfix passes, an outage of more than 4 s fails.
    "graced": Relay({"interval": "1s", "fail_after": 5}, tail=1.3),
    "frozen": Relay({"interval": "1s", "fail_after": 5}, tail=1.3, frozen=True, mount={"deadline": "1s"}),
    "outage": Relay({"interval": "500ms"}, tail=1.0, frozen=True, as_nfs=True,
                    mount={"deadline": "500ms", "fstypes": ["fuse.faultfs", "nfs4"]}),
    "systemd": Relay({"interval": "300ms", "fail_after": 1}, tail=0.7, under_systemd=True),
    "imds": Relay({"interval": "300ms", "fail_after": 1}, tail=0.7, by_imds=True),
}
