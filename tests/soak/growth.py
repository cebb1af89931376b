# SPDX-License-Identifier: Apache-2.0
"""Samples of what processes hold, and whether it grows: a straight line fitted through what came after the warm-up."""
import collections
import time

from support.process_watch import descriptor_names, holdings, processes

# By how many kB the fitted line may rise from the end of the warm-up to the end of the run. What leaks is anonymous
# memory: 100 bytes a request are more than this within half a minute. The others also count pages of code, which are
# read in when they are first needed, however late that is.
MAY_GROW = {"anonymous": 200, "rss": 1500, "pss": 1500}
# What a run begins with is not looked at: pages of code and buffers are touched for the first time, workers are killed.
WARM_UP = 0.25

Sample = collections.namedtuple("Sample", "at held")


class Samples:
    def __init__(self, agent):
        self._agent = agent
        self._samples = collections.defaultdict(list)
        self.began = time.monotonic()
        self.names = set(processes(agent))

    def take(self):
        """Between two deeds. A connection that is being answered is no descriptor that stays, so the least of several
        looks counts."""
        now = processes(self._agent)
        assert set(now) == self.names, f"other processes than {self.names}: {now}"
        for name, pid in now.items():
            looks = [held for held in (holdings(pid) for _ in range(4)) if held is not None]
            assert looks, f"{name} ({pid}) died unexpectedly"
            least = looks[0]._replace(descriptors=min(held.descriptors for held in looks))
            self._samples[name].append(Sample(time.monotonic() - self.began, least))

    def _settled(self, name):
        """After the warm-up, of the process that lived to the end."""
        samples = self._samples[name]
        warm = samples[-1].at * WARM_UP
        return [sample for sample in samples if sample.at >= warm and sample.held.pid == samples[-1].held.pid]

    def growth(self, name, field):
        """In the unit of the field, over the settled part."""
        points = [(sample.at, getattr(sample.held, field)) for sample in self._settled(name)]
        return rise(points)

    def troubles(self):
        found = []
        for name in sorted(self.names):
            settled = self._settled(name)
            if len(settled) < 5:
                found.append(f"{name}: only {len(settled)} samples of one process after the warm-up")
                continue
            for field, bound in MAY_GROW.items():
                grown = self.growth(name, field)
                if grown > bound:
                    found.append(f"{name}: {field} memory grew by {grown:.0f} kB, at most {bound}")
            for field in ("descriptors", "threads"):
                first, last = getattr(settled[0].held, field), getattr(settled[-1].held, field)
                if last > first:
                    found.append(f"{name}: {first} {field} became {last}: {descriptor_names(settled[-1].held.pid)}")
        return found

    def table(self):
        rows = [("process", *(f"{field} kB, growth" for field in MAY_GROW), "descriptors", "threads")]
        for name in sorted(self.names):
            first, last = self._settled(name)[0].held, self._settled(name)[-1].held
            memory = [f"{getattr(first, field)} > {getattr(last, field)} {self.growth(name, field):+.0f}"
                      for field in MAY_GROW]
            rows.append((name, *memory, f"{first.descriptors} > {last.descriptors}",
                         f"{first.threads} > {last.threads}"))
        widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
        return "\n".join("  ".join([row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in
                                                               zip(row[1:], widths[1:]))]) for row in rows)


def rise(points):
    """Of the straight line through the points (least squares), from the first to the last of them."""
    count = len(points)
    mean_x = sum(x for x, _ in points) / count
    mean_y = sum(y for _, y in points) / count
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    slope = sum((x - mean_x) * (y - mean_y) for x, y in points) / spread if spread else 0.0
    return slope * (points[-1][0] - points[0][0])
