# SPDX-License-Identifier: Apache-2.0
"""Which paths the server names, read from strace: with PEA_TRACE_SERVER=1 every daemon that a test starts runs under it."""
import glob
import os
import re

PATH_CALLS = ("open,openat,openat2,stat,lstat,newfstatat,statx,access,faccessat,faccessat2,readlink,readlinkat,statfs,"
              "chdir,mkdir,mkdirat,rename,renameat,renameat2,unlink,unlinkat,symlink,symlinkat,execve")


def wanted():
    return os.environ.get("PEA_TRACE_SERVER") == "1"


def wrapper(prefix):
    """One file per process: `prefix`.<pid>."""
    return ("strace", "-ff", "-qq", "-o", prefix, "-e", f"trace={PATH_CALLS},chroot")


def after_becoming_the_server(calls):
    """What a process called after it took an empty directory for its root; None if it never did: only the server does."""
    head, found, tail = calls.partition("chroot(")
    return tail.splitlines()[1:] if found else None


def paths_that_led_somewhere(lines):
    return [line for line in lines if re.search(r'"/[^"]', line) and " = -1 ENOENT" not in line]


def troubles(world):
    """Of all servers of a test: none may ever name the mount, or open anything by name once it runs as the server."""
    found, servers = [], 0
    for path in glob.glob(f"{world.directory}/*/paths.*"):
        with open(path, errors="replace") as file:
            calls = file.read()
        lines = after_becoming_the_server(calls)
        if lines is None:
            continue
        servers += 1
        found += [f"the server named the mount: {line}" for line in calls.splitlines()
                  if world.mount_path in line or world.shared in line]
        found += [f"the server found a path: {line}" for line in paths_that_led_somewhere(lines)]
    if servers == 0 and any(instance.agent is not None for instance in world.instances):
        found.append("no server was traced")
    return found
