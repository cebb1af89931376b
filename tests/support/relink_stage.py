# SPDX-License-Identifier: Apache-2.0
"""Relinking again and again from the same beginning, and what must hold at every point where it stopped."""
import dataclasses
import os
import shutil

from support.agent import binary
from support.injection import CHANGING, LOOKING, paths, points, traced
from support.postfix import make_skeleton
from support.tree_compare import assert_same, differences, snapshot
from support.world import OTHER


class Stage:
    """One instance. A subclass makes the state `before`; `whole` is the queue of an undisturbed relink."""

    def __init__(self, instance):
        self.instance = instance
        instance.mount()
        self.log = f"{instance.host.directory}/strace"
        self.paths = ()
        self.arguments = ["relink", "--config", instance.settings_path, "--set", "mount.wait=1s"]
        # Only calls on files of this test count: not those of the loader, nor what the program prints.
        places = (instance.world.mount_path, instance.spool)
        self.paths = [path for path in paths(self._undisturbed(), instance.world.directory)
                      if path.startswith(places)]
        self.trace = self._undisturbed()
        self.whole = snapshot(instance.queue_seen)
        self.spool_after = self._spool()

    def _undisturbed(self):
        self.reset()
        done, trace = self.run()
        assert done.returncode == 0, done
        return trace

    def run(self, inject=(), calls=()):
        """One relink under strace, as support.injection.traced() does it."""
        return traced(self.instance.host, self.log, self.arguments, inject, calls, self.paths)

    def before(self):
        raise NotImplementedError

    def reset(self):
        for directory in (self.instance.world.shared, self.instance.spool):
            for name in os.listdir(directory):
                path = f"{directory}/{name}"
                shutil.rmtree(path) if os.path.isdir(path) and not os.path.islink(path) else os.remove(path)
        self.before()

    def _spool(self):
        """The local disk: names, texts of links, contents."""
        entries = snapshot(self.instance.spool)
        del entries["."]
        link = os.path.basename(self.instance.link)
        if link in entries and entries[link].kind == "symlink":
            entries[link] = dataclasses.replace(entries[link], mtime_ns=0)  # its time does not matter
        return entries

    def changing_points(self):
        return points(self.trace, CHANGING)

    def looking_points(self, every):
        return points(self.trace, LOOKING, every)

    # ---- what must hold

    def place_is_never_empty(self):
        assert os.path.lexists(self.instance.link), f"{self.instance.link} is missing"

    def queue_is_absent_or_whole(self):
        if os.path.lexists(self.instance.queue_seen):
            assert_same(self.whole, snapshot(self.instance.queue_seen))

    def holds_wherever_it_stopped(self):
        self.place_is_never_empty()
        self.queue_is_absent_or_whole()

    def a_second_run_finishes(self):
        done = self.instance.host.run(binary(), *self.arguments, check=False)
        assert done.returncode == 0, done
        self.is_finished()

    def is_finished(self):
        assert_same(self.whole, snapshot(self.instance.queue_seen))
        assert_same(self.spool_after, self._spool())
        corner = f"{self.instance.world.shared}/.postfix-elb-agent"
        assert os.listdir(f"{corner}/staging") == [], "nothing is left over"


class FirstBoot(Stage):
    """The image's skeleton, and a link that names the builder's queue."""

    def before(self):
        self.instance.bake(link_to=OTHER)


class DirectoryAtLink(Stage):
    """Postfix's own plain directory where the link belongs, and no skeleton yet."""

    def before(self):
        make_skeleton(self.instance.link)

    def holds_wherever_it_stopped(self):
        super().holds_wherever_it_stopped()
        kept = [path for path in (self.instance.link, self.instance.skeleton)
                if os.path.isdir(path) and not os.path.islink(path)]
        assert len(kept) == 1, "the directory is in one of two places"


class HalfQueue(Stage):
    """A second boot whose queue lacks directories: it is repaired in place."""

    def before(self):
        self.instance.bake(link_to=None)
        make_skeleton(self.instance.queue_seen)
        for name in ("flush", "deferred", "public"):
            os.rmdir(f"{self.instance.queue_seen}/{name}")
        os.symlink(self.instance.queue, self.instance.link)

    def queue_is_absent_or_whole(self):
        found = differences(self.whole, snapshot(self.instance.queue_seen), ignore=("mtime_ns",))
        assert [line for line in found if not line.endswith(": missing")] == [], "a directory is there whole or not at all"

    def is_finished(self):
        assert_same(self.whole, snapshot(self.instance.queue_seen), ignore=("mtime_ns",))
        assert_same(self.spool_after, self._spool())
