# SPDX-License-Identifier: Apache-2.0
"""A container that boots a machine's disk: its own systemd as process 1, processes, network and host name, on the kernel
of the host. It boots in a second or two where an emulated machine takes fifteen.

For what systemd, the package and Postfix do. The shared file system is an ext4 in a file, which fstab mounts at /Mail as
it would mount NFS; what a client of NFS does, or a power cut, needs a machine.
"""
import ctypes
import http.client
import json
import os
import re
import shlex
import socket
import subprocess
import tempfile
import threading

from support.deadline import eventually
from support.host import children_of
from system import Link, System

STORE = "/var/lib/mail.img"
FSTAB = f"{STORE} /Mail ext4 loop,_netdev 0 0\n"
_STORE_SIZE = "256M"
_CLONE_NEWNET = 0x40000000
_HERE = os.path.dirname(os.path.abspath(__file__))
_ENVIRONMENT = ["env", "-i", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "TERM=dumb"]
_libc = ctypes.CDLL(None, use_errno=True)


class Container(System):
    """Starts with .start(). `settings` is what its agent.json holds beside its id and the type of its file system."""

    def __init__(self, run, name, instance_id, disk, settings=None, files=None, cloud_init=False):
        super().__init__(run, name)
        self.instance_id = instance_id
        self._process = self._init = None
        self._root = f"{self.directory}/root"
        for part in ("disk", "upper", "work", "root"):
            os.mkdir(f"{self.directory}/{part}")
        _do("mount", "-o", "loop,ro", disk, f"{self.directory}/disk")
        layers = ",".join(f"{option}={self.directory}/{part}" for option, part in
                          (("lowerdir", "disk"), ("upperdir", "upper"), ("workdir", "work")))
        _do("mount", "-t", "overlay", "-o", layers, "overlay", self._root)
        _do("mke2fs", "-q", "-t", "ext4", self._root + STORE, _STORE_SIZE)
        _do("systemd-machine-id-setup", f"--root={self._root}")
        self._furnish({**self._own_files(settings or {}, cloud_init), **(files or {})})

    # ---- power

    def start(self, files=None, wait=True):
        """Boots it. `files` are as those of a Machine."""
        assert not self.powered(), f"{self.name} is on already"
        self._furnish(files or {})
        groups = [f"{hierarchy}/{self._group()}" for hierarchy in _hierarchies()]
        for group in groups:
            os.makedirs(group, exist_ok=True)

        def join():
            for group in groups:
                with open(f"{group}/cgroup.procs", "w") as members:
                    members.write("0")

        with open(self.console_path, "ab") as console:
            self._process = subprocess.Popen(
                ["unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "--net", "--uts",
                 "--ipc", "--cgroup", f"{_HERE}/container_init", self._root, self.name],
                stdin=subprocess.DEVNULL, stdout=console, stderr=console, preexec_fn=join)
        self._init = eventually(lambda: self._on() and children_of(self._process.pid), f"{self.name} starts")[0]
        if wait:
            self.until_shell()
        return self

    def until_shell(self, within=600):
        """Waits until its systemd answers."""
        eventually(lambda: self._on() and self.does("test -e /run/systemd/private && systemctl show-environment"),
                   f"systemd of {self.name} answers", within, step=0.1)
        return self

    def cut_power(self):
        """Kills all that runs in it."""
        self._process.kill()
        self._gone()

    def powered(self):
        return self._process is not None and self._process.poll() is None

    def release(self):
        """Takes away what was mounted for it; it is off."""
        for part in ("root", "disk"):
            if os.path.ismount(f"{self.directory}/{part}"):
                _do("umount", f"{self.directory}/{part}")

    def _gone(self):
        self._process.wait()
        eventually(self._without_groups, f"{self.name} has ended")

    def _without_groups(self):
        for hierarchy in _hierarchies():
            for directory, _, _ in os.walk(f"{hierarchy}/{self._group()}", topdown=False):
                try:
                    os.rmdir(directory)
                except OSError:
                    return False
        return True

    def _group(self):
        # The runner removes those of its run by this prefix, should they be left.
        return f"{os.path.basename(tempfile.gettempdir())}-{self.name}"

    # ---- how it is reached

    def _shell_words(self):
        return ["nsenter", f"--target={self._init}", "--mount", "--pid", "--net", "--uts", "--ipc", "--cgroup", "--",
                *_ENVIRONMENT, "sh", "-c"]

    def _connection(self, timeout):
        connection = http.client.HTTPConnection("127.0.0.1", 8025, timeout=timeout)
        connection.sock = _connected_in_network_of(self._init, ("127.0.0.1", 8025), timeout)
        return connection

    # ---- how it is made

    def _own_files(self, settings, cloud_init):
        mount = {"fstypes": ["ext4"], **settings.get("mount", {})}
        masked = ("systemd-networkd-wait-online.service", "run-rpc_pipefs.mount", "postfix-elb-agent-nfs-identity.service",
                  "console-getty.service")
        return {
            "/etc/hostname": f"{self.name}\n",
            "/etc/hosts": f"127.0.0.1 localhost\n127.0.1.1 {self.name}\n",
            "/etc/fstab": FSTAB,
            "/etc/postfix-elb-agent/agent.json":
                json.dumps({"instance_id": self.instance_id, **settings, "mount": mount}),
            **({} if cloud_init else {"/etc/cloud/cloud-init.disabled": ""}),
            **{f"/etc/systemd/system/{unit}": Link("/dev/null") for unit in masked},
        }

    def _furnish(self, files):
        for path, text in files.items():
            target = self._root + path
            parent = os.path.dirname(target)
            assert os.path.realpath(parent).startswith(self._root), f"{path} leads out of the container"
            if os.path.lexists(target):
                os.unlink(target)
            if text is None:
                continue
            os.makedirs(parent, exist_ok=True)
            if isinstance(text, Link):
                os.symlink(text, target)
                continue
            with open(target, "w") as file:
                file.write(text)
            os.chmod(target, 0o755 if text.startswith("#!") else 0o644)


def _hierarchies():
    """The directories below which this process makes groups for systemd: of cgroup2, and of the named hierarchy where
    the host still has one."""
    with open("/proc/self/cgroup") as file:
        own = {names: path.rstrip("/") for _, names, path in (line.rstrip("\n").split(":", 2) for line in file)}
    with open("/proc/self/mountinfo") as file:
        mounts = [re.match(r"(?:\S+ ){3}\S+ (\S+) .* - (\S+) \S+ (\S+)$", line).groups() for line in file]
    for target, fstype, options in mounts:
        if fstype == "cgroup2":
            yield target + own.get("", "")
        elif fstype == "cgroup" and "name=systemd" in options.split(","):
            yield target + own.get("name=systemd", "")


def _connected_in_network_of(pid, address, timeout):
    """A connection that a thread makes inside, since a thread alone can enter."""
    made = []

    def connect():
        try:
            with open(f"/proc/{pid}/ns/net") as network:
                if _libc.setns(network.fileno(), _CLONE_NEWNET) != 0:
                    raise OSError(ctypes.get_errno(), "setns")
            made.append(socket.create_connection(address, timeout=timeout))
        except OSError as error:
            made.append(error)

    thread = threading.Thread(target=connect)
    thread.start()
    thread.join()
    if isinstance(made[0], OSError):
        raise made[0]
    return made[0]


def _do(*command):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert done.returncode == 0, f"{shlex.join(command)} ended with {done.returncode}: {done.stderr}"
