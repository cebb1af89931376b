# SPDX-License-Identifier: Apache-2.0
"""A shared file system and the pretended instances that mount it, all in one private directory."""
import json
import os
import shutil
import subprocess
import tempfile

from support.agent import Agent, binary
from support.host import Host
from support.postfix import Postfix, free_port, make_skeleton

MINE = "i-0123456789abcdef0"
OTHER = "i-0fedcba9876543210"


class World:
    """`shared` is the file system as its server sees it; each instance sees it at `mount_path` once it mounts it."""

    def __init__(self, fstype="tmpfs"):
        self.directory = tempfile.mkdtemp(prefix="pea-")
        os.chmod(self.directory, 0o755)
        self.fstype = fstype
        self.shared = f"{self.directory}/shared"
        self.mount_path = f"{self.directory}/Mail"
        self.source = "fs-test:/"
        os.mkdir(self.shared)
        os.mkdir(self.mount_path)
        if fstype == "tmpfs":
            _run("mount", "-t", "tmpfs", "-o", "mode=0755,size=64m", self.source, self.shared)
        else:
            image = f"{self.directory}/image"
            _run("truncate", "--size=64M", image)
            _run(f"mkfs.{fstype}", "-q", image)
            _run("mount", "-o", "loop", image, self.shared)
            shutil.rmtree(f"{self.shared}/lost+found", ignore_errors=True)
        self.instances = []

    def instance(self, instance_id=MINE, name=None):
        made = Instance(self, instance_id, name or f"host-{len(self.instances) + 1}")
        self.instances.append(made)
        return made

    def close(self):
        for instance in self.instances:
            instance.close()
        subprocess.run(["umount", "--lazy", self.shared], check=False)
        shutil.rmtree(self.directory, ignore_errors=True)


class Instance:
    """One mail relay: a host, its local disk with link and skeleton, settings, a Postfix, and the agent when started."""

    def __init__(self, world, instance_id, name):
        self.world = world
        self.id = instance_id
        self.host = Host(name, f"{world.directory}/{name}")
        disk = self.host.directory
        self.spool = f"{disk}/spool"
        os.mkdir(self.spool, 0o755)
        self.link = f"{self.spool}/postfix"
        self.skeleton = f"{self.spool}/postfix_org"
        self.settings_path = f"{disk}/agent.json"
        self.queue = f"{world.mount_path}/{instance_id}"   # as the instance names it
        self.queue_seen = f"{world.shared}/{instance_id}"  # as the file system's server sees it
        self.postfix = Postfix(self.host, self.link)
        self.agent = None
        self.settings = {
            "listen": {"address": "127.0.0.1", "port": free_port()},
            "instance_id": instance_id,
            "mount": {"path": world.mount_path, "fstypes": [world.fstype]},
            "queue": {"link": self.link, "skeleton": self.skeleton},
            "maillog": {"source": "file", "path": self.postfix.log},
            "checks": {"interval": "1s"},
        }
        self.write_settings()

    # ---- the state before the agent starts

    def write_settings(self, **sections):
        """Merges into the settings and writes them."""
        for name, value in sections.items():
            if isinstance(value, dict):
                self.settings.setdefault(name, {}).update(value)
            else:
                self.settings[name] = value
        with open(self.settings_path, "w") as file:
            json.dump(self.settings, file, indent=2)

    def bake(self, link_to=OTHER):
        """As the image leaves it: a pristine skeleton, and a link that still names the builder's queue."""
        make_skeleton(self.skeleton)
        if link_to:
            os.symlink(f"{self.world.mount_path}/{link_to}", self.link)
        return self

    def mount(self):
        self.host.bind(self.world.shared, self.world.mount_path)
        return self

    def mount_read_only(self):
        self.mount()
        self.host.run("mount", "-o", "remount,bind,ro", self.world.mount_path)
        return self

    def unmount(self):
        self.host.unmount(self.world.mount_path)

    # ---- the program

    def serve(self, *arguments, wrapper=()):
        """Starts the daemon and waits until it answers."""
        self.agent = Agent(self, arguments, wrapper)
        return self.agent.started()

    def command(self, *arguments, config=True):
        """Runs a command of the program to its end; never raises for its exit status."""
        options = ["--config", self.settings_path] if config else []
        return self.host.run(binary(), *arguments, *options, check=False)

    def relinked(self):
        """The usual start of a story: baked, mounted, relinked by the command."""
        self.bake().mount()
        done = self.command("relink")
        assert done.returncode == 0, done
        return self

    def serving(self):
        """Relinked by the daemon, Postfix started, healthy."""
        self.bake().mount()
        self.serve().until(check="relink", reason="")
        self.postfix.start()
        self.agent.until(status=200, phase="serving")
        return self

    def link_text(self):
        return os.readlink(self.link)

    def close(self):
        self.host.close()


def _run(*argv):
    subprocess.run(argv, check=True, stdin=subprocess.DEVNULL)
