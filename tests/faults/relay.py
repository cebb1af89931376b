# SPDX-License-Identifier: Apache-2.0
"""The mail relay that the faults of the catalogue are made on: a pretended instance whose shared file system is
faultfs, with a real Postfix and the program as it is packaged."""
import os
import subprocess

from support.faultfs import FaultFs
from support.frozen_world import FrozenWorld
from support.world import OTHER

INTERVAL = 0.25  # seconds, of the checks
DEADLINE = 0.4   # seconds, that the mount has to answer


class Relay:
    """Conditions work on this; a cured condition leaves it as it was."""

    def __init__(self, settings):
        self._settings = settings
        self.world = FrozenWorld()
        self.agent_wrapper = ()
        self.monit = None  # a witness, where one is asked for
        self._make_host("host-1")

    def _make_host(self, name):
        self.instance = self.world.instance(name=name)
        self.instance.write_settings(
            mount={"fstypes": [self.world.fstype, "tmpfs"], "source": self.world.below,
                   "deadline": f"{int(DEADLINE * 1000)}ms"},
            checks={"interval": f"{int(INTERVAL * 1000)}ms"})
        self.instance.write_settings(**self._settings)

    # ---- short names

    host = property(lambda self: self.instance.host)
    postfix = property(lambda self: self.instance.postfix)
    agent = property(lambda self: self.instance.agent)
    faultfs = property(lambda self: self.world.faultfs)
    mount_path = property(lambda self: self.world.mount_path)
    link = property(lambda self: self.instance.link)
    queue = property(lambda self: self.instance.queue)            # as the instance names it
    queue_seen = property(lambda self: self.instance.queue_seen)  # as another client of the file system sees it
    pid_file = property(lambda self: f"{self.queue_seen}/pid/master.pid")
    owner_file = property(lambda self: f"{self.world.shared}/.postfix-elb-agent/owners/{self.instance.id}")
    other_queue = property(lambda self: f"{self.mount_path}/{OTHER}")

    # ---- its life

    def baked(self):
        """As the image left it, with the shared file system mounted."""
        self.instance.bake().mount()
        return self

    def serve(self):
        self.instance.serve(wrapper=self.agent_wrapper)

    def healthy(self):
        self.agent.until(status=200, phase="serving")
        self.agent.until("/readyz", status=200)
        return self

    def in_service(self):
        if self.agent is None:
            self.serve()
        self.agent.until(check="relink", reason="", within=30)
        if self.postfix.master_pid() is None:
            self.postfix.start()
        return self.healthy()

    def restart_agent(self):
        assert self.agent.stop() == 0
        self.serve()

    def restart_postfix(self):
        self.stop_postfix()
        self.postfix.start()

    def stop_postfix(self):
        if self.postfix.master_pid() is not None:
            self.postfix.stop()

    def remount(self):
        """Restarts Postfix, too: one that goes on with the old mount is a warning."""
        self.instance.mount()
        self.agent.until(status=200)
        self.restart_postfix()

    def new_file_server(self):
        """In the place of one that died."""
        world = self.world
        world.faultfs.close()
        subprocess.run(["umount", "--lazy", world.shared], check=False)
        if os.path.exists(f"{world.below}.control"):
            os.remove(f"{world.below}.control")
        world.faultfs = FaultFs(world.below, world.shared, attr_timeout=0, entry_timeout=0)

    def replace_host(self):
        """By a new one of the same id, as after a reboot: its own disk, the same shared file system."""
        assert self.agent.stop() == 0
        self.host.close()
        self._make_host("host-2")
        self.baked().in_service()

    def reload(self, text):
        """Writes the settings file as given and reloads the agent."""
        with open(self.instance.settings_path, "w") as file:
            file.write(text)
        self.agent.hup()

    def relink_text(self, text):
        """Turns the link in one step, as `ln -sfT` does not."""
        new = f"{self.link}.new"
        os.symlink(text, new)
        os.rename(new, self.link)

    def close(self):
        """The agent must end with status 0."""
        code = 0
        try:
            if self.agent is not None and self.agent.runs():
                self.faultfs.clear()
                code = self.agent.stop()
        finally:
            if self.monit is not None:
                self.monit.close()
            said = self.agent.stderr() if self.agent is not None else ""
            self.world.close()
        assert code == 0 and "Sanitizer" not in said, f"the agent ended with {code}:\n{said[-3000:]}"
