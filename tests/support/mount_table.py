# SPDX-License-Identifier: Apache-2.0
"""Makes an agent see its mount, of any type, as NFS: a text of this module's is bound over the mount table
(/proc/<pid>/mountinfo) of its host worker. All else of the table stays as it is; what is really there answers, or
hangs. It is seen by that process alone and until it ends.

The real type and nfs4 must both be allowed by mount.fstypes: the mount worker goes on reading the real table."""
import os
import signal

from support.agent import Agent, status_field
from support.deadline import eventually

# Stops every process of the program at the first prctl(2) that it calls, with which it names itself.
_STOP_ONCE_NAMED = ("strace", "-E", "ASAN_OPTIONS=detect_leaks=0", "-f", "-qq", "-o", "/dev/null", "-e", "trace=prctl",
                    "-e", "inject=prctl:signal=SIGSTOP:when=1")


def as_nfs(table, mount_point, port, address="127.0.0.1"):
    """The text of a mount table in which that mount is NFS from that server, as the kernel prints it."""
    options = (f"rw,vers=4.1,rsize=1048576,wsize=1048576,namlen=255,hard,noresvport,proto=tcp,port={port},timeo=600,"
               f"retrans=2,sec=sys,clientaddr=127.0.0.1,local_lock=none,addr={address}")
    lines, found = [], False
    for line in table.splitlines():
        fields, separator, _ = line.partition(" - ")
        if fields.split(" ")[4] == mount_point:
            line, found = f"{fields}{separator}nfs4 {address}:/ {options}", True
        lines.append(line + "\n")
    assert found, f"{mount_point} is not in the mount table:\n{table}"
    return "".join(lines)


def show_nfs(instance, port, pid=None):
    """From the next observation on; an agent that is started again sees the real table again."""
    pid = pid or instance.agent.worker("pea-host")
    inner = instance.host.inner_pid(pid)
    with open(f"/proc/{pid}/mountinfo") as file:
        text = as_nfs(file.read(), instance.world.mount_path, port)
    path = f"{instance.host.directory}/mountinfo.{inner}"
    with open(path, "w") as file:
        file.write(text)
    instance.host.run("mount", "--bind", path, f"/proc/{inner}/mountinfo")
    with open(instance.host.view(f"/proc/{inner}/mountinfo")) as file:
        assert file.read() == text


def serve_with_nfs(instance, port):
    """Starts the agent so that it never sees the real table, and waits until it answers: it runs under strace, which
    stops each of its processes before it looks at anything."""
    agent = instance.agent = Agent(instance, wrapper=_STOP_ONCE_NAMED)
    shown = set()

    def furnished():
        for pid in [agent.supervisor, *agent.children()]:
            if not status_field(pid, "State").startswith(("T", "t")):  # "t": stopped, and traced
                continue
            name = status_field(pid, "Name")
            if name == "pea-host" and pid not in shown:
                show_nfs(instance, port, pid)
                shown.add(pid)
            if name.startswith("pea-") or pid == agent.supervisor:  # others have their stop before them
                os.kill(pid, signal.SIGCONT)
        return shown and answers(agent)

    eventually(furnished, "every process of the agent runs")
    return agent.started()


def answers(agent):
    try:
        return agent.request("/livez", timeout=1).status == 200
    except OSError:
        return False
