# SPDX-License-Identifier: Apache-2.0
"""What the machines of a run share: the disks they start as, one private network, one key, and one file server.

The file server is 10.77.0.1 on the private network: it exports /export by NFSv4.1, answers as the metadata service at
169.254.169.254 for the machines that metadata() names, and takes mail on port 2525 when asked to.
"""
import shlex
import shutil
import socket
import subprocess
import tempfile

import images
from container import Container
from machine import Machine
from system import Link

# Seconds that a client may be silent before its locks are others' to take. That of EFS is not published.
LEASE = 10
SINK = "/var/lib/sink"
# How a fleet mounts EFS (mount.nfs4 with the recommended options), on a first and every boot.
_FSTAB = "fs:/{export} /Mail nfs4 _netdev,vers=4.1,rsize=1048576,wsize=1048576,hard,timeo=600,retrans=2,noresvport 0 0\n"
_UNITS = "/etc/systemd/system"
# Asks without taking: a lock that is tried for ends a client's claim whose lease has run out.
_PRINT_LOCKED = """
import fcntl, struct, sys
for path in sys.argv[1:]:
    with open(path) as file:
        answer = fcntl.fcntl(file, fcntl.F_GETLK, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 0, 0))
    if struct.unpack("hhqqi4x", answer)[0] != fcntl.F_UNLCK:
        print(path)
"""
_FILE_SERVER_FILES = {
    "/etc/exports": "/export *(rw,fsid=0,no_root_squash,no_subtree_check,sync,insecure)\n",
    "/etc/nfs.conf": f"[nfsd]\nvers3=n\nlease-time={LEASE}\ngrace-time={LEASE}\nthreads=16\n",
    # EFS delegates nothing, and asks for no privileged port (noresvport gives none).
    "/etc/sysctl.d/fs.conf": "fs.leases-enable = 0\nnet.ipv4.conf.all.route_localnet = 1\n",
    "/export/.keep": "",
    f"{_UNITS}/multi-user.target.wants/nfs-server.service": Link("/lib/systemd/system/nfs-server.service"),
    "/etc/systemd/network/30-metadata.network":
        "[Match]\nName=lo\n[Network]\nAddress=127.0.0.1/8\nAddress=169.254.169.254/32\n",
    **{f"{_UNITS}/{unit}": Link("/dev/null") for unit in
       ("postfix.service", "rsyslog.service", "systemd-networkd-wait-online.service")},
}


class Lab:
    def __init__(self, made):
        self.images = made
        self.directory = tempfile.mkdtemp(prefix="boot.")
        self.key_path = f"{self.directory}/key"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.key_path], check=True)
        with open(f"{self.key_path}.pub") as file:
            self.public_key = file.read()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:  # a network of this run's own
            free.bind(("127.0.0.1", 0))
            self.network = f"230.77.0.1:{free.getsockname()[1]}"
        self.machines = []
        self._server = None

    # ---- the file server

    @property
    def server(self):
        """Switched on when it is first asked for, and whenever a test left it off."""
        if self._server is None:
            self._server = self._machine(
                "fs", 1, "plain", files=_FILE_SERVER_FILES,
                # Its own boot is not what is tested: a busy host may take long.
                command_line=["systemd.default_timeout_start_sec=900"])
        if not self._server.powered():
            self.start_server()
        return self._server

    def start_server(self):
        self._server.start(wait=False)
        self._server.until_shell()
        self._server.until("systemctl is-active nfs-server.service", "NFS is served")
        return self._server

    def metadata(self, machine, instance_id, *faults):
        """From now on the metadata service gives this machine that id (tests/support/imds.py and its faults)."""
        inside = f"/run/imds-{machine.number}"
        self.server.copy_in(f"{images.ROOT}/tests/support/imds.py", f"{inside}.py")
        words = shlex.join(["--instance-id", instance_id, *(word for fault in faults for word in ("--fault", fault))])
        self.server.run(f"systemd-run --quiet --unit imds-{machine.number} -p StandardOutput=file:{inside}.port "
                        f"python3 {inside}.py {words}")
        port = int(self.server.until(f"test -s {inside}.port && head -n 1 {inside}.port"))
        self.server.run("nft add table ip imds; nft 'add chain ip imds in { type nat hook prerouting priority -100; }'; "
                        f"nft add rule ip imds in ip saddr {machine.address} ip daddr 169.254.169.254 tcp dport 80 "
                        f"dnat to 127.0.0.1:{port}")

    def take_mail(self):
        """The file server takes the mail that the relays hand on, and keeps each message as a file (see `taken`)."""
        self.server.run(f"mkdir -p {SINK}; systemctl -q is-active sink || systemd-run --quiet --unit sink "
                        f"-p WorkingDirectory={SINK} smtp-sink -u root -d {SINK}/%M. 0.0.0.0:2525 100")

    def refuse_mail(self):
        self.server.run("systemctl stop sink")

    def taken(self):
        """All that was taken, as text."""
        return self.server.run(f"cat {SINK}/* 2> /dev/null || :")

    # ---- relays

    def relay(self, name, instance_id=None, variant="agent", export=None, files=None, **how):
        """A relay with /Mail in its fstab, and its id as the machine's asset tag; not started. `export` is a directory of
        the file server, made if it is not there: its own unless relays are to share one. `variant` is "agent" or "plain"
        (the same image, but without the package). `how` goes to Machine; asset_tag=None is for an id that comes from
        elsewhere."""
        export = export or name
        self.server.run(f"mkdir -p /export/{shlex.quote(export)}")
        own = {"/etc/fstab": _FSTAB.format(export=export)}
        number = 1 + max([10, *(made.number for made in self.machines if isinstance(made, Machine))])
        machine = self._machine(name, number, variant, files={**own, **(files or {})},
                                **{"asset_tag": instance_id, **how})
        machine.instance_id, machine.export = instance_id, export
        return machine

    def container(self, name, instance_id, **how):
        """A relay in a container (container.py) with the agent's package; not started. `how` goes to Container."""
        return self._keep(Container(self, name, instance_id, self.images.disks["agent"], **how))

    def _machine(self, name, number, variant, **how):
        return self._keep(Machine(self, name, number, self.images.disks[variant], **how))

    def _keep(self, machine):
        self.machines.append(machine)
        return machine

    def queued(self, machine):
        """The names of the messages in the machine's queue, as the file server has them on its disk."""
        return sorted(self.server.run(
            f"cd {self.queue_seen(machine)} && find incoming active deferred hold maildrop -type f -printf '%f\\n'").split())

    def queue_seen(self, machine):
        """The machine's queue as the file server has it on its disk."""
        return f"/export/{machine.export}/{machine.instance_id}"

    def owner_seen(self, machine):
        """The file whose lock says whose the machine's id is, as the file server has it on its disk."""
        return f"/export/{machine.export}/.postfix-elb-agent/owners/{machine.instance_id}"

    def locked(self, *paths):
        """Those of these files of the file server that a client has locked: no other can lock them."""
        return self.server.run(shlex.join(("python3", "-c", _PRINT_LOCKED, *paths))).split()

    # ---- the end

    def forget(self, machine):
        """Switches it off at once and deletes its disk."""
        if machine.powered():
            machine.cut_power()
        machine.release()
        shutil.rmtree(machine.directory, ignore_errors=True)

    def close(self):
        for machine in self.machines:
            self.forget(machine)
        shutil.rmtree(self.directory, ignore_errors=True)
