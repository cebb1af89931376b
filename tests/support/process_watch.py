# SPDX-License-Identifier: Apache-2.0
"""What the processes of a program hold: descriptors, threads, memory, and where they wait; from /proc alone."""
import collections
import os

from support.agent import status_field

# Memory in kB. `name` is what /proc calls the process.
Holdings = collections.namedtuple("Holdings", "pid name descriptors threads rss pss anonymous")


def holdings(pid):
    """None when the process is gone."""
    try:
        descriptors = len(os.listdir(f"/proc/{pid}/fd"))
        threads = len(os.listdir(f"/proc/{pid}/task"))
        with open(f"/proc/{pid}/smaps_rollup") as file:
            sizes = dict(line.split()[:2] for line in file.readlines()[1:])
    except (OSError, ValueError):
        return None
    memory = (int(sizes[f"{size}:"]) for size in ("Rss", "Pss", "Anonymous"))
    return Holdings(pid, status_field(pid, "Name"), descriptors, threads, *memory)


def processes(agent):
    """{name: pid} of the supervisor and all its children; a name that occurs twice would be a process too many."""
    found = [agent.supervisor, *agent.children()]
    named = {status_field(pid, "Name"): pid for pid in found}
    names = [(pid, status_field(pid, "Name")) for pid in found]
    assert len(named) == len(found), f"two processes of one name: {names}"
    return named


def descriptor_names(pid):
    """What each descriptor is, for a message when there is one too many."""
    found = {}
    for name in os.listdir(f"/proc/{pid}/fd"):
        try:
            found[int(name)] = os.readlink(f"/proc/{pid}/fd/{name}")
        except OSError:
            pass
    return found


def waits_for_fuse(pid):
    """Whether the process is inside an operation that a FUSE file system has not answered."""
    try:
        with open(f"/proc/{pid}/wchan") as file:
            return file.read().startswith(("request_wait_answer", "fuse_"))
    except OSError:
        return False
