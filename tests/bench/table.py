# SPDX-License-Identifier: Apache-2.0
"""One table of ratios, and the commands that the figures come from."""
import statistics

COLUMNS = ("section", "measure", "peer", "ours", "theirs", "ours/theirs", "aim")


class Table:
    def __init__(self):
        self._rows = []
        self._commands = []
        self._notes = []

    def add(self, section, measure, peer, ours, theirs, aim="", unit=""):
        """Two lists with one figure for each round, taken in turn; `ours` is empty when the program was left out.

        The ratio is the median of the rounds' own ratios: what disturbs this machine for a while disturbs both."""
        ratios = [a / b for a, b in zip(ours, theirs) if b]
        ratio = ratio_text(statistics.median(ratios)) if ratios else "-"
        self._rows.append((section, measure, peer, figure(ours, unit), figure(theirs, unit), ratio, aim))

    def command(self, section, words):
        line = f"{section}: {words}"
        if line not in self._commands:
            self._commands.append(line)

    def note(self, section, text):
        self._notes.append(f"{section}: {text}")

    def print(self):
        widths = [max(len(row[i]) for row in [COLUMNS, *self._rows]) for i in range(len(COLUMNS))]
        for row in [COLUMNS, *self._rows]:
            left = [cell.ljust(width) for cell, width in zip(row[:3], widths)]
            right = [cell.rjust(width) for cell, width in zip(row[3:], widths[3:])]
            print("  ".join(left + right).rstrip())
        for heading, lines in (("Notes", self._notes), ("Commands", self._commands)):
            if lines:
                print(f"\n{heading}")
                print("\n".join(f"  {line}" for line in lines))


def ratio_text(ratio):
    return f"{ratio:.2f}" if ratio >= 0.1 else f"{ratio:.1g}"


def figure(values, unit):
    if not values:
        return "-"
    value = statistics.median(values)
    text = f"{value:.0f}" if value >= 100 or value == int(value) else f"{value:.3g}"
    return f"{text} {unit}".rstrip()
