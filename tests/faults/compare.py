# SPDX-License-Identifier: Apache-2.0
"""The catalogue once more, beside other witnesses; tests/faults/compare starts it in namespaces of its own."""
import argparse
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.dirname(HERE), HERE]
sys.dont_write_bytecode = True

import judges  # noqa: E402
from catalogue import ROWS  # noqa: E402
from stand import Stand  # noqa: E402
from support.deadline import DeadlinePassed, eventually  # noqa: E402
from witnesses import Monit, smtp_port_says  # noqa: E402

COLUMNS = ("fault", "truth", "ours", "monit", "tcp 25")


class WitnessedStand(Stand):
    """Every relay has a monit in its host."""

    def new_relay(self, settings):
        relay = super().new_relay(settings)
        relay.monit = Monit(relay)
        return relay

    def judge(self, row, testimonies):
        """Others are not asked about a fault of the program's own."""
        asked = row.whose == "relay"
        return self.run(row, lambda relay: testimonies.extend([relay.monit.says(), smtp_port_says(relay)]) if asked else None)

    def in_service(self, relay):
        """On the shared relay monit must have recovered from the row before."""
        super().in_service(relay)
        for _ in range(2):
            try:
                eventually(relay.monit.is_content, "monit is content", within=15, step=0.1)
                break
            except DeadlinePassed:
                relay.monit.close()
                relay.monit = Monit(relay)
        return relay


def cells(row, ours, ours_right, testimonies):
    """The cells of a row, and whether each of the three was right; None where one was not asked."""
    healthy = row.says.health == 200
    said = [(testimony.text, testimony.fine == healthy) for testimony in testimonies] or 2 * [("-", None)]
    columns = [(ours, ours_right), *said]
    texts = [f"WRONG {text}" if right is False else text for text, right in columns]
    return [str(row), str(row.says), *texts], [right for _, right in columns]


def ours_in_words(row, judged):
    never_left = (row.says.health, row.says.ready) == (200, 200)
    return "200 all the time" if never_left else f"{row.says.health} in {judged.took:.2f} s"


def run(rows):
    stand, table, right = WitnessedStand(), [], []
    try:
        for number, row in enumerate(rows, 1):
            testimonies = []
            try:
                judged = stand.judge(row, testimonies)
                ours, ours_right = ours_in_words(row, judged), True
            except judges.Wrong as wrong:
                ours, ours_right = str(wrong)[:60], False
            line, verdicts = cells(row, ours, ours_right, testimonies)
            print(f"{number}/{len(rows)}", *line, sep="  ", file=sys.stderr, flush=True)
            table.append(line)
            right.append(verdicts)
    finally:
        stand.close()
    return table, right


def show(table, right):
    widths = [max(len(line[i]) for line in [COLUMNS, *table]) for i in range(len(COLUMNS))]
    for line in [COLUMNS, *table]:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip())
    print()
    for i, name in enumerate(COLUMNS[2:]):
        asked = [verdicts[i] for verdicts in right if verdicts[i] is not None]
        print(f"{name}: {sum(asked)} of {len(asked)} right, {len(asked) - sum(asked)} wrong")


def main():
    parser = argparse.ArgumentParser(prog="tests/faults/compare",
                                     description="What the program, monit and a TCP check of port 25 say.")
    parser.add_argument("words", nargs="*", help="only rows that contain one of these words")
    words = parser.parse_args().words
    rows = [row for row in ROWS if not words or any(word in str(row) for word in words)]
    table, right = run(rows)
    show(table, right)
    sys.exit(0 if all(verdicts[0] for verdicts in right) and rows else 1)


if __name__ == "__main__":
    main()
