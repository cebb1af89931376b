# SPDX-License-Identifier: Apache-2.0
"""System calls that kill or fail: strace(1) does it; this module lists the calls."""
import collections
import os
import re
import signal
import subprocess

from support.agent import binary
from support.deadline import eventually

# Calls that change something: each of them, each time it is made.
CHANGING = ("mkdir", "mkdirat", "mknod", "mknodat", "write", "pwrite64", "pwritev2", "copy_file_range", "sendfile",
            "chown", "fchown", "lchown", "fchownat", "chmod", "fchmod", "fchmodat", "utimensat", "fsync", "fdatasync",
            "syncfs", "rename", "renameat", "renameat2", "symlink", "symlinkat", "link", "linkat", "unlink", "unlinkat",
            "rmdir", "ftruncate", "fallocate", "flock", "fsetxattr", "setxattr")
# Calls that only look, or look most of the time: a sample of each.
LOOKING = ("open", "openat", "openat2", "stat", "newfstatat", "fstat", "statx", "getdents64", "read", "pread64",
           "readlink", "readlinkat", "lseek")

Point = collections.namedtuple("Point", "call number")

_LINE = re.compile(r"^(\d+)\s+(\w+)\(")


def known_calls(names):
    """Those of the names that this machine's architecture has, as strace writes a set that may have unknown names."""
    return ",".join("?" + name for name in names)


def paths(trace, about):
    """Every path below `about` that a trace made with -y names."""
    return sorted(set(re.findall(r'[<"](' + re.escape(about) + r'/[^">]*)[">]', trace)))


def points(trace, calls, every=1):
    """Those calls in a trace made with -f: (call, how many-th of its process).

    strace counts the calls of each process of its own, and so does this. Of each call the first, the last and each
    `every`-th in between are kept."""
    counted = collections.Counter()
    for line in trace.splitlines():
        matched = _LINE.match(line)
        if matched and matched[2] in calls:
            counted[matched.groups()] += 1
    most = collections.Counter()
    for (_, call), number in counted.items():
        most[call] = max(most[call], number)
    return [Point(call, number) for call, last in sorted(most.items()) for number in range(1, last + 1)
            if (number - 1) % every == 0 or number == last]


def traced(host, log, arguments, inject=(), trace=(), only_on=(), timeout=120):
    """Runs the program with arguments under strace; returns (the finished run, what strace wrote). With paths in
    `only_on` calls that concern none of them are neither written nor counted nor touched."""
    options = ["-f", "-qq", "-y", "-o", log]
    options += ["-e", f"trace={known_calls(trace)}"] if trace else []
    options += [word for rule in inject for word in ("-e", f"inject={rule}")]
    options += [word for path in only_on for word in ("-P", path)]
    done = host.run("strace", *options, binary(), *arguments, check=False, timeout=timeout)
    with open(log, errors="replace") as file:
        return done, file.read()


class Attached:
    """strace on a running process, until it is left."""

    def __init__(self, pid, inject):
        call = inject.split(":", 1)[0]
        self.process = subprocess.Popen(["strace", "-qq", "-o", "/dev/null", "-p", str(pid), "-e", f"trace={call}",
                                         "-e", f"inject={inject}"], stdin=subprocess.DEVNULL)
        eventually(lambda: self._tracer(pid) == self.process.pid, f"strace holds {pid}")

    @staticmethod
    def _tracer(pid):
        with open(f"/proc/{pid}/status") as file:
            return int(re.search(r"TracerPid:\s+(\d+)", file.read())[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGINT)
        self.process.wait(timeout=20)
