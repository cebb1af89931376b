# SPDX-License-Identifier: Apache-2.0
"""A pretended host: its own process ids, mounts, host name, /run and boot id on this machine.

Two of them share one file system as two instances share theirs: a lock of one is real to the other, and neither sees
the other's processes. Nothing it mounts is seen outside, all its processes end with it, and nothing that they write to
the console reaches a screen.
"""
import ctypes
import os
import signal
import subprocess
import uuid

from support.deadline import eventually

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def _die_with_parent():
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class Host:
    """`directory` is its local disk; everything a test writes for it goes there."""

    def __init__(self, name, directory):
        self.name = name
        self.directory = directory
        self.boot_id = str(uuid.uuid4())
        os.makedirs(directory, mode=0o755, exist_ok=True)
        boot_id_file = f"{directory}/boot_id"
        with open(boot_id_file, "w") as file:
            file.write(self.boot_id + "\n")
        # In namespaces of its own from the first instruction; `ready` says that they are furnished. Its first process
        # ignores SIGCHLD, which sleep(1) inherits (bash can do that, dash cannot): orphans are reaped, as by init.
        furnish = (
            "set -e; hostname \"$1\"; mount -t tmpfs -o mode=0755 run /run;"
            " mount --bind \"$2\" /proc/sys/kernel/random/boot_id;"
            " if [ -e /dev/console ]; then mount --bind /dev/null /dev/console; fi;"
            " touch \"$3\"; trap '' CHLD; exec sleep infinity"
        )
        ready = f"{directory}/ready"
        self._unshare = subprocess.Popen(
            ["unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "--mount-proc",
             "--uts", "--ipc", "bash", "-c", furnish, "bash", name, boot_id_file, ready],
            stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=_die_with_parent)
        eventually(lambda: os.path.exists(ready), f"namespaces of {name}")
        self.init = eventually(lambda: children_of(self._unshare.pid), f"first process of {name}")[0]

    def _command(self, argv):
        return ["nsenter", f"--target={self.init}", "--mount", "--uts", "--ipc", "--pid", "--", *argv]

    def run(self, *argv, check=True, timeout=60, **keywords):
        """Runs to the end; text output captured."""
        keywords.setdefault("stdin", subprocess.DEVNULL)
        done = subprocess.run(self._command(argv), text=True, capture_output=True, timeout=timeout, **keywords)
        if check and done.returncode != 0:
            raise AssertionError(f"{' '.join(argv)} ended with {done.returncode} on {self.name}:\n"
                                 f"{done.stdout}{done.stderr}")
        return done

    def popen(self, *argv, **keywords):
        """Starts; the child of the returned process is the program itself (see children_of)."""
        keywords.setdefault("stdin", subprocess.DEVNULL)
        return subprocess.Popen(self._command(argv), preexec_fn=_die_with_parent, **keywords)

    def write(self, path, text, mode=0o644):
        """Writes a file as this host sees the path (its mounts, its /run)."""
        script = 'umask 077; mkdir -p "$(dirname "$1")" && cat > "$1" && chmod "$2" "$1"'
        self.run("sh", "-c", script, "sh", path, oct(mode)[2:], input=text, stdin=None)

    def view(self, path):
        """A path of this host as this process can open it."""
        return f"/proc/{self.init}/root{path}"

    def pids(self):
        """Of every process of this host, in this process's numbering."""
        mine = os.readlink(f"/proc/{self.init}/ns/pid")
        found = []
        for entry in os.listdir("/proc"):
            try:
                if entry.isdigit() and os.readlink(f"/proc/{entry}/ns/pid") == mine:
                    found.append(int(entry))
            except OSError:
                pass
        return found

    def inner_pid(self, pid):
        """The number that this host's own /proc gives a process."""
        with open(f"/proc/{pid}/status") as file:
            for line in file:
                if line.startswith("NSpid:"):
                    return int(line.split()[-1])
        raise AssertionError(f"no NSpid of {pid}")

    def outer_pid(self, inner):
        for pid in self.pids():
            try:
                if self.inner_pid(pid) == inner:
                    return pid
            except OSError:
                pass
        return None

    def bind(self, source, target):
        self.run("mount", "--bind", source, target)

    def unmount(self, target):
        self.run("umount", "--lazy", target)

    def close(self):
        """Ends every process of the host; its mounts go with it."""
        try:
            os.kill(self.init, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self._unshare.wait(timeout=20)


def children_of(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            return [int(word) for word in file.read().split()]
    except OSError:
        return []
