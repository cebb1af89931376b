# SPDX-License-Identifier: Apache-2.0
"""The relink of a real Debian queue directory beside the script it replaces and beside cp -a, on a slow file system."""
import collections
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time

from support.agent import binary
from support.faultfs import FaultFs
from support.tree_compare import differences, snapshot

INSTANCE_ID = "i-0123456789abcdef0"
BAKED = "i-0fedcba9876543210"

# The user-data script of old, with the id from a file instead of the metadata service.
SEED_SCRIPT = """\
id=$(cat instance-id)
cp -ipR spool/postfix_org Mail/$id
[ -L spool/postfix ] && rm spool/postfix
ln -s "$PWD/Mail/$id" spool/postfix
"""
COPY_SCRIPT = """\
cp -a spool/postfix_org "Mail/$(cat instance-id)"
ln -sfn "$PWD/Mail/$(cat instance-id)" spool/postfix
"""
DEVICES = ("dev/random", "dev/urandom")  # refused by the file system, as by EFS


def make_skeleton(path):
    """This host's queue directory, with what the distribution puts there for chrooted services at every start: name
    service files, libraries, devices, and the certificates of the CApath that Debian's main.cf.tls sets."""
    subprocess.run(["cp", "-a", "/var/spool/postfix", path], check=True)
    config = f"{path}.etc"
    shutil.copytree("/etc/postfix", config)
    subprocess.run(["postconf", "-c", config, "-e", "smtp_tls_CApath=/etc/ssl/certs"], check=True)
    subprocess.run(["mount", "--bind", path, "/var/spool/postfix"], check=True)  # in this namespace alone
    try:
        subprocess.run(["/usr/lib/postfix/configure-instance.sh", "-"], check=True, cwd="/",
                       env=dict(os.environ, MAIL_CONFIG=config))
    finally:
        subprocess.run(["umount", "/var/spool/postfix"], check=True)
    for leftover in os.listdir(f"{path}/pid"):
        os.unlink(f"{path}/pid/{leftover}")


def agent_command(directory):
    settings = {
        "instance_id": INSTANCE_ID, "mount.path": f"{directory}/Mail", "mount.fstypes": "fuse.faultfs",
        "queue.link": f"{directory}/spool/postfix", "queue.skeleton": f"{directory}/spool/postfix_org",
        "user": "nobody",
    }
    with open(f"{directory}/agent.json", "w") as file:
        file.write("{}\n")
    words = [binary(), "relink", "--config", f"{directory}/agent.json"]
    return words + [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]


@contextlib.contextmanager
def cold_mount(directory, delay):
    """An empty shared file system of which the kernel remembers nothing, each operation taking `delay`."""
    below = f"{directory}/below"
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", below], check=True)
    faultfs = FaultFs(below, f"{directory}/Mail", check_permissions=False)
    try:
        faultfs.delay(delay)
        faultfs.reset()
        yield faultfs
    finally:
        faultfs.close()
        subprocess.run(["umount", "--lazy", below], check=True)


def relink_once(directory, argv, delay):
    """(seconds, operations, counts, complaints) of one relink; asserts that it was done."""
    link = f"{directory}/spool/postfix"
    with contextlib.suppress(FileNotFoundError):
        os.unlink(link)
    os.symlink(f"{directory}/Mail/{BAKED}", link)
    with cold_mount(directory, delay) as faultfs:
        start = time.monotonic()
        done = subprocess.run(argv, cwd=directory, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        seconds = time.monotonic() - start
        counts = faultfs.counts()
        said = f"{argv[0]} ended with {done.returncode}: {done.stdout}{done.stderr}"
        assert os.readlink(link) == f"{directory}/Mail/{INSTANCE_ID}", said
        lines = differences(snapshot(f"{directory}/spool/postfix_org", skip=DEVICES),
                            snapshot(f"{directory}/below/{INSTANCE_ID}"))
        assert not lines, said + "\n".join(lines)
    return seconds, counts["total"], counts, done.stderr.replace(directory, "DIR").splitlines()


def run(options, table):
    directory = tempfile.mkdtemp(prefix="pea-bench-")
    try:
        os.chmod(directory, 0o755)
        for name in ("below", "Mail", "spool"):
            os.mkdir(f"{directory}/{name}")
        make_skeleton(f"{directory}/spool/postfix_org")
        entries = snapshot(f"{directory}/spool/postfix_org")
        with open(f"{directory}/instance-id", "w") as file:
            file.write(INSTANCE_ID + "\n")
        contenders = {} if options.peers_only else {"agent": agent_command(directory)}
        contenders["seed script"] = ["sh", "-c", SEED_SCRIPT]
        contenders["cp -a"] = ["sh", "-c", COPY_SCRIPT]
        results = {name: [] for name in contenders}
        for number in range(options.rounds):
            for name, argv in contenders.items():
                result = relink_once(directory, argv, options.delay)
                results[name].append(result)
                print(f"  round {number + 1} {name}: {result[0]:.2f} s, {result[1]} operations", file=sys.stderr)
    finally:
        shutil.rmtree(directory, ignore_errors=True)

    def column(name, number):
        return [result[number] for result in results.get(name, [])]

    for peer in ("seed script", "cp -a"):
        table.add("relink", "time", peer, column("agent", 0), column(peer, 0), "at most 1", "s")
        table.add("relink", "operations", peer, column("agent", 1), column(peer, 1), "fewer")
    kinds = collections.Counter(entry.kind for entry in entries.values())
    table.note("relink", f"{len(entries)} entries {dict(kinds)}; {options.delay} for each operation; "
                         f"medians of {options.rounds} rounds in turn, nothing cached before each")
    for name, rounds in results.items():
        counts, complaints = rounds[-1][2:]
        used = {kind: count for kind, count in counts.items() if count and kind not in ("total", "waiting")}
        table.note("relink", f"{name}: operations {used}" + "".join(f"; says: {line}" for line in complaints))
    for name, argv in contenders.items():
        words = argv[-1].strip().replace("\n", "; ") if argv[0] == "sh" else " ".join(argv)
        table.command("relink", words.replace(directory, "DIR"))
