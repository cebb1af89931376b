# SPDX-License-Identifier: Apache-2.0
"""The power goes in the middle of the first relink, at ten random moments. The boot after each cut is whole; then the host
is put back to how it left its image, and cut again.

PEA_BOOT_SEED repeats a run's moments, PEA_BOOT_CUTS changes how many there are. About 25 s each.
"""
import json
import os
import random
import time

import pytest

from images import ROOT
from support.deadline import eventually
from support.tree_compare import Entry, differences

ID = "i-0cccccccccccccc10"
BAKED = "/Mail/i-0b111de5000000000"
QUEUE = f"/Mail/{ID}"
INSIDE = "/usr/local/lib/boot"
CUTS = int(os.environ.get("PEA_BOOT_CUTS", "10"))
# The queue as the agent leaves it, before Postfix changes anything in it: this comes after the gate. Debian's own preparation
# of the queue (configure-instance.sh) is left out: it costs seconds, and would repair what a relink had forgotten.
AS_RELINKED = "/run/as-relinked"
_LOOK_FIRST = f"[Service]\nExecCondition=+/bin/sh -c 'python3 {INSIDE}/snapshot.py {QUEUE} > {AS_RELINKED}'\nExecStartPre=\n"


def text_of(path):
    with open(f"{ROOT}/tests/{path}") as file:
        return file.read()


@pytest.fixture
def cut_often(relay):
    return relay("cut", ID, files={
        f"{INSIDE}/tree_compare.py": text_of("support/tree_compare.py"),
        f"{INSIDE}/snapshot.py": text_of("boot/guest/snapshot.py"),
        f"{INSIDE}/relink_stages.py": text_of("boot/guest/relink_stages.py"),
        "/etc/systemd/system/postfix@-.service.d/look-first.conf": _LOOK_FIRST})


class Cutter:
    """One relay, its file server, and what is known of how long its relink takes."""

    def __init__(self, machine, server):
        self.machine, self.server = machine, server
        self.export = f"/export/{machine.export}"
        self.skeleton = None

    # ---- what must hold

    def boots_whole(self):
        """A boot ends with everything in its place."""
        machine = self.machine
        machine.until_health(status=200, phase="serving", within=240)
        skeleton = self._tree("/var/spool/postfix_org")
        self.skeleton = self.skeleton or skeleton
        assert differences(self.skeleton, skeleton) == [], "the skeleton is as in the image"
        assert differences(_copied(skeleton), _entries(machine.read(AS_RELINKED)), ignore=("links",)) == []
        assert machine.run("readlink /var/spool/postfix").strip() == QUEUE
        assert machine.run("ls -A /var/spool | grep postfix").split() == ["postfix", "postfix_org"]
        assert self.server.run(f"ls -A {self.export} {self.export}/.postfix-elb-agent/staging").split() == [
            f"{self.export}:", ".postfix-elb-agent", ID, f"{self.export}/.postfix-elb-agent/staging:"]
        assert machine.run(f"readlink /proc/{machine.master()}/cwd").strip() == QUEUE
        assert "fatal:" not in machine.journal("SYSLOG_FACILITY=2")
        machine.run("sendmail -f sender@example.com someone@example.net", stdin="Subject: after a cut\n\nhello\n")
        seen = f"{self.export}/{ID}"
        eventually(lambda: self.server.run(f"find {seen}/incoming {seen}/active {seen}/deferred -type f").split(),
                   "mail that is sent in is queued", within=240)

    def _tree(self, path):
        return _entries(self.machine.run(f"python3 {INSIDE}/snapshot.py {path}"))

    # ---- the next cut

    def put_back(self):
        """As it left its image, and the file system as if this instance had never been."""
        self.machine.run("systemctl stop postfix-elb-agent.socket postfix-elb-agent.service postfix@-.service && "
                         f"rm -rf {QUEUE} /Mail/.postfix-elb-agent /run/postfix-elb-agent/* && "
                         f"ln -sfn {BAKED} /var/spool/postfix && sync && systemctl reset-failed")
        self.machine.run(f"systemd-run --quiet --collect --unit stages -p StandardOutput=file:/run/stages "
                         f"python3 {INSIDE}/relink_stages.py {ID}")
        self.machine.until("grep -q watching /run/stages")
        self._console_before = len(self._console())

    def begin(self):
        self.machine.run("systemctl --no-block start postfix-elb-agent.service")

    def until_stage(self, stage):
        """The moment at which the machine's serial line said so."""
        eventually(lambda: f"relink stage: {stage}\n" in self._console()[self._console_before:], stage, within=300, step=0.001)
        return time.monotonic()

    def where(self):
        """How far it had come when it was cut, as the file server has it on its disk, and as it had said itself."""
        staged, = self.server.run(f"find {self.export}/.postfix-elb-agent/staging/{ID} 2> /dev/null | wc -l").split()
        published = self.server.does(f"test -e {self.export}/{ID}")
        if "relink stage: linked\n" in self._console()[self._console_before:]:
            return "linked"
        if published:
            return "published"
        return f"copying: {staged} of {len(_copied(self.skeleton))}" if int(staged) else "not begun"

    def _console(self):
        return self.machine.console().replace("\r", "")


def _entries(text):
    return {path: Entry(**entry) for path, entry in json.loads(text).items()}


def _copied(skeleton):
    """What a queue has that is copied from it: no pid file, no socket, no mail."""
    return {path: entry for path, entry in skeleton.items()
            if entry.kind in ("file", "directory", "symlink") and not path.startswith("pid/")}


def test_the_next_boot_finishes_a_relink_after_a_power_cut(cut_often, lab):
    seed = int(os.environ.get("PEA_BOOT_SEED", time.time_ns() % 1_000_000))
    moments = random.Random(seed)
    cutter = Cutter(cut_often.start(), lab.server)
    cutter.boots_whole()

    cutter.put_back()
    cutter.begin()
    begun, published, linked = (cutter.until_stage(stage) for stage in ("copying", "published", "linked"))
    print(f"\nPEA_BOOT_SEED={seed}; undisturbed, {published - begun:.3f} s from the beginning of the copy to the queue's name, "
          f"{linked - published:.3f} s more to the link")

    inside = 0
    for number in range(1, CUTS + 1):
        cutter.put_back()
        cutter.begin()
        # The copy takes nearly all of it: a third of the cuts is for what comes after.
        stage, span = ("copying", published - begun) if number % 3 else ("published", linked - published)
        after = moments.uniform(0, span)
        time.sleep(max(0.0, cutter.until_stage(stage) + after - time.monotonic()))
        cut_often.cut_power()
        where = cutter.where()
        inside += where not in ("not begun", "linked")
        print(f"cut {number}, {after:.3f} s after the beginning of \"{stage}\", fell at: {where}")
        cut_often.start()
        cutter.boots_whole()
    assert inside >= CUTS // 3, "too few cuts fell into the relink to show anything"
