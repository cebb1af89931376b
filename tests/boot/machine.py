# SPDX-License-Identifier: Apache-2.0
"""A real machine: an emulated one that boots its own kernel and its own systemd from a disk of its own.

Two network cards: eth0 is the test's way in (ssh and port 8025, forwarded from 127.0.0.1) and leads nowhere else; eth1
is the private network of all machines of a run. No word of its configuration is asked from outside: what is this
machine's own is put on its disk before its kernel hands over to systemd (`files`).

A power cut kills the emulator. The disk is a qcow2 file with cache=unsafe: a write that was not flushed may still be in
the emulator's own cache and is lost with it; a flush that was answered has reached the host's kernel, which is not cut.
So what a guest has flushed survives and what it has not may not, as with a disk's volatile cache.
"""
import http.client
import json
import os
import re
import select
import shlex
import signal
import socket
import subprocess
import time
import uuid

from cpio import Archive
from support.deadline import eventually
from system import Link, System

# Seconds from a start to a shell; 14 where nothing else runs.
BOOT = 240
_MEMORY = "512M"


class Knocks:
    """Asks a booting machine again every second or so, and the first answer counts: the emulator accepts every connection
    at once, and retries one that it could not pass on only after 6, 12 and 24 s."""

    _PAUSE = 1.5
    _KEPT = 9  # a sshd with ten guests that have not logged in sends some away

    def __init__(self, ask):
        """ask() connects, sends a question and returns the connection, which has a fileno()."""
        self._ask = ask
        self._asked = []
        self._next = 0.0

    def answered(self):
        """A connection with an answer to read, or a closed one; None while there is none. Blocks for a moment."""
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + self._PAUSE
            while len(self._asked) >= self._KEPT:
                self._asked.pop(0).close()
            try:
                self._asked.append(self._ask())
            except OSError:
                pass
        readable = select.select(self._asked, [], [], 0.1)[0]
        if not readable:
            return None
        self._asked.remove(readable[0])
        return readable[0]

    def end(self):
        for connection in self._asked:
            connection.close()
        self._asked.clear()


class Asked(http.client.HTTPConnection):
    """A connection on which a question was asked."""

    def fileno(self):
        return self.sock.fileno()


class Machine(System):
    """Starts with .start(). `number` is the last byte of its address on the private network."""

    patience = 4  # ten times slower than its host, which may be busy

    def __init__(self, run, name, number, disk, hostname=None, asset_tag=None, files=None, command_line=(),
                 cloud_init=False, devices=()):
        """`run` (run.py) is what all machines of a run share; `disk` the image that its own disk starts as; `devices`
        are more words for the emulator."""
        super().__init__(run, name)
        self.number, self.address = number, f"10.77.0.{number}"
        self.hostname = hostname or name
        self.asset_tag, self.cloud_init = asset_tag, cloud_init
        self.command_line, self.devices = list(command_line), list(devices)
        self.started_at = None
        self._first_answer = None  # asks until it answers for the first time
        self._uuid = "ec2" + str(uuid.uuid4())[3:]  # as the machines of that cloud have it
        self._process = None
        self._first_files = {**self._own_files(), **(files or {})}
        self._disk = f"{self.directory}/disk"
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", disk, self._disk], check=True)

    # ---- power

    def start(self, files=None, wait=True):
        """Switches it on. `files` go on its disk before its systemd starts: a path and its text (a script where it begins
        with #!), a Link, or None for what shall not be there."""
        assert not self.powered(), f"{self.name} is on already"
        files, self._first_files = {**self._first_files, **(files or {})}, {}
        with open(f"{self.directory}/initrd", "wb") as whole, open(self._run.images.initrd, "rb") as first:
            whole.write(first.read())
            whole.write(_furnishing(files))
        with open(self.console_path, "a") as console:
            console.write(f"\n==== {self.name} is switched on\n")
        self.started_at = time.monotonic()
        with open(f"{self.directory}/emulator.log", "ab") as log:
            self._process = subprocess.Popen(self._emulator(), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self._ssh_port, self.http_port = self._forwarded_ports()
        self._first_answer = Knocks(lambda: self._ask("/health", timeout=5))
        if wait:
            self.until_shell()
        return self

    def until_shell(self, within=BOOT):
        """Waits until a command can be run in it."""
        knocks = Knocks(lambda: socket.create_connection(("127.0.0.1", self._ssh_port), timeout=5))
        try:
            eventually(lambda: self._on() and _is_ssh(knocks.answered()), f"{self.name} lets us in", within * self.patience, step=0.1)
        finally:
            knocks.end()
        self.until("true")
        return self

    def cut_power(self):
        """Kills the emulator: nothing in the machine can react."""
        self._process.kill()
        self._gone()

    def freeze(self):
        """Stops it at any point, as a host that is overloaded or migrated."""
        os.kill(self._process.pid, signal.SIGSTOP)

    def thaw(self):
        os.kill(self._process.pid, signal.SIGCONT)

    def powered(self):
        return self._process is not None and self._process.poll() is None

    def _gone(self):
        self._process.wait()
        if self._first_answer:
            self._first_answer.end()
        subprocess.run([*self._ssh_words(), "-O", "exit", "root@127.0.0.1"], capture_output=True)

    # ---- how it is reached

    def http(self, path="/health", timeout=5):
        if self._first_answer:
            if self._response(self._first_answer.answered) is None:
                return None
            self._first_answer.end()
            self._first_answer = None
        return super().http(path, timeout)

    def _connection(self, timeout):
        return Asked("127.0.0.1", self.http_port, timeout=timeout)

    def _shell_words(self):
        return [*self._ssh_words(), "root@127.0.0.1"]

    # ---- how it is made

    def _own_files(self):
        return {
            "/root/.ssh/authorized_keys": self._run.public_key,
            "/etc/hostname": self.hostname + "\n",
            # sudo mails root about a host that cannot resolve its own name.
            "/etc/hosts": f"127.0.0.1 localhost\n::1 localhost\n127.0.1.1 {self.hostname}\n10.77.0.1 fs\n",
            "/etc/systemd/network/20-private.network":
                f"[Match]\nName=eth1\n[Network]\nAddress={self.address}/24\nLinkLocalAddressing=no\nIPv6AcceptRA=no\n"
                # Where the metadata service of a cloud answers.
                + ("" if self.number == 1 else "[Route]\nDestination=169.254.169.254/32\nGateway=10.77.0.1\n"),
        }

    def _emulator(self):
        card = "virtio-net-pci,romfile="
        words = ["console=ttyS0", "root=/dev/vda", "net.ifnames=0", "fsck.mode=skip", "panic=-1", "no_timer_check", "TERM=dumb",
                 "SYSTEMD_COLORS=0",
                 "mitigations=off",  # each costs an emulated processor more than a real one
                 f"systemd.hostname={self.hostname}", *([] if self.cloud_init else ["cloud-init=disabled"]),
                 *self.command_line]
        return [
            "qemu-system-x86_64", "-name", self.name, "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
            "-machine", "q35", "-accel", "tcg,thread=multi", "-cpu", "Nehalem", "-smp", "2", "-m", _MEMORY,
            "-uuid", self._uuid,
            "-chardev", f"file,id=console,path={self.console_path},append=on", "-serial", "chardev:console",
            "-qmp", f"unix:{self.directory}/qmp,server=on,wait=off",
            "-kernel", self._run.images.kernel, "-initrd", f"{self.directory}/initrd", "-append", " ".join(words),
            "-drive", f"file={self._disk},if=virtio,cache=unsafe",
            "-netdev", "user,id=outside,restrict=on,hostfwd=tcp:127.0.0.1:0-:22,hostfwd=tcp:127.0.0.1:0-:8025",
            "-device", f"{card},netdev=outside,mac=52:54:00:00:00:{self.number:02x}",
            "-netdev", f"socket,id=private,mcast={self._run.network},localaddr=127.0.0.1",
            "-device", f"{card},netdev=private,mac=52:54:00:77:00:{self.number:02x}",
            *(["-smbios", f"type=2,asset={self.asset_tag}"] if self.asset_tag else []), *self.devices]

    def _forwarded_ports(self):
        """Those that the kernel gave for 22 and 8025; only the emulator knows them."""
        answer = self._ask_emulator("info usernet")
        ports = {int(inner): int(outer) for outer, inner in
                 re.findall(r"HOST_FORWARD\]\s+\S+\s+127\.0\.0\.1\s+(\d+)\s+\S+\s+(\d+)", answer)}
        assert {22, 8025} <= ports.keys(), f"{self.name}: forwarded are {ports}, of {answer}"
        return ports[22], ports[8025]

    def _ask_emulator(self, line):
        def connected():
            log = f"{self.directory}/emulator.log"
            assert self.powered(), f"{self.name}: the emulator ended at once: {open(log).read()}"
            try:
                connection.connect(f"{self.directory}/qmp")
                return True
            except OSError:
                return False

        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(30)
            eventually(connected, f"the emulator of {self.name} listens")
            answers = connection.makefile("r")
            answers.readline()  # its greeting
            for question in ({"execute": "qmp_capabilities"},
                             {"execute": "human-monitor-command", "arguments": {"command-line": line}}):
                connection.sendall(json.dumps(question).encode())
                while "return" not in (answer := json.loads(answers.readline())):
                    assert "error" not in answer, answer
            return answer["return"]

    def _ssh_words(self):
        options = {"ControlMaster": "auto", "ControlPath": f"{self.directory}/ssh", "ControlPersist": "yes",
                   "StrictHostKeyChecking": "no", "UserKnownHostsFile": "/dev/null", "LogLevel": "ERROR",
                   "IdentityFile": self._run.key_path, "IdentitiesOnly": "yes", "ConnectTimeout": "30",
                   "BatchMode": "yes", "Port": str(self._ssh_port)}
        return ["ssh", "-F", "none", *(f"-o{name}={value}" for name, value in options.items())]


def _furnishing(files):
    """What the first process finds beside itself: a script and the texts that it puts on the disk."""
    archive, lines = Archive(), ["set -e"]
    for number, (path, text) in enumerate(files.items()):
        target = shlex.quote("/root" + path)
        if text is None:
            lines.append(f"rm -rf {target}")
            continue
        lines.append(f"mkdir -p {shlex.quote('/root' + os.path.dirname(path))}")
        if isinstance(text, Link):
            lines.append(f"rm -rf {target}; ln -s {shlex.quote(text)} {target}")
            continue
        archive.file(f"files/{number}", text.encode())
        mode = "755" if text.startswith("#!") else "644"
        lines.append(f"cp /files/{number} {target}; chmod {mode} {target}")
    archive.file("furnish", "\n".join(lines + [""]).encode())
    return archive.bytes()


def _is_ssh(connection):
    if connection is None:
        return False
    with connection:
        try:
            return connection.recv(4) == b"SSH-"
        except OSError:
            return False
