# SPDX-License-Identifier: Apache-2.0
"""faultfs (tests/support/faultfs.cpp) as an object: a mounted file system whose faults are switched by methods."""
import json
import os
import socket
import subprocess

from support.agent import binary
from support.deadline import eventually


def faultfs_binary():
    """PEA_FAULTFS, else what was built beside the program."""
    path = os.environ.get("PEA_FAULTFS") or f"{os.path.dirname(binary())}/tests/support/faultfs"
    assert os.access(path, os.X_OK), f"{path} is not there: build the target faultfs, or set PEA_FAULTFS"
    return path


class FaultFs:
    """`directory` seen through `mount_point`, in the mount namespace that the caller is in. Bind it to show it to others:
    pretended hosts that do are clients of one lock manager (see faultfs.cpp; `flock_here` is its --flock=here)."""

    def __init__(self, directory, mount_point, attr_timeout=3.0, entry_timeout=3.0, check_permissions=True,
                 flock_here=False):
        self.mount_point = mount_point
        self._socket_path = f"{directory}.control"
        argv = [faultfs_binary(), f"--attr-timeout={attr_timeout}", f"--entry-timeout={entry_timeout}",
                f"--socket={self._socket_path}", directory, mount_point]
        if not check_permissions:
            argv.insert(1, "--no-permission-checks")
        if flock_here:
            argv.insert(1, "--flock=here")
        self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        said = self.process.stdout.readline()
        assert said == "ready\n", f"faultfs did not start: {said!r}, exit status {self.process.wait()}"
        self._control = socket.socket(socket.AF_UNIX)
        self._control.connect(self._socket_path)
        self._replies = self._control.makefile()

    def command(self, words):
        """One command as `faultfs --help` lists them; returns the reply."""
        self._control.sendall(words.encode() + b"\n")
        reply = self._replies.readline().rstrip("\n")
        assert reply and not reply.startswith("error"), f"faultfs: {words}: {reply!r}"
        return reply

    def delay(self, duration):
        self.command(f"delay={duration}")

    def freeze(self, *kinds):
        self.command("freeze" + (f" on={','.join(kinds)}" if kinds else ""))

    def thaw(self):
        self.command("thaw")

    def refuse(self, error, *kinds, after=0, times=None):
        """Operations of these kinds (all, if none is named) fail with the named errno."""
        words = [f"errno={error}", f"after={after}"]
        words += [f"on={','.join(kinds)}"] if kinds else []
        words += [f"times={times}"] if times is not None else []
        self.command(" ".join(words))

    def clear(self):
        self.command("clear")

    def reset(self):
        self.command("reset")

    def counts(self):
        """Operations by kind since the last reset, their "total", and how many are frozen now ("waiting")."""
        return json.loads(self.command("counts"))

    def until_frozen(self, operations=1):
        eventually(lambda: self.counts()["waiting"] >= operations, f"{operations} frozen operation(s)")

    def close(self):
        """Unmounts. Frozen operations and open files fail."""
        self._replies.close()
        self._control.close()
        if self.process.poll() is None:
            self.process.terminate()
        code = self.process.wait(timeout=20)
        self.process.stdout.close()
        return code
