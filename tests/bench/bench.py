# SPDX-License-Identifier: Apache-2.0
"""The command line of the benchmarks; tests/bench/run starts it in namespaces of its own."""
import argparse
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.dirname(HERE), HERE]

import attack_bench  # noqa: E402
import census_bench  # noqa: E402
import detect_bench  # noqa: E402
import frozen_bench  # noqa: E402
import http_bench  # noqa: E402
import log_bench  # noqa: E402
import memory_bench  # noqa: E402
import relink_bench  # noqa: E402
from table import Table  # noqa: E402

SECTIONS = {"http": http_bench.run, "memory": memory_bench.run, "relink": relink_bench.run, "log": log_bench.run,
            "detect": detect_bench.run, "frozen": frozen_bench.run, "census": census_bench.run,
            "attack": attack_bench.run}


def main():
    parser = argparse.ArgumentParser(prog="tests/bench/run", description="The program beside its peers, as ratios.")
    parser.add_argument("sections", nargs="*", metavar="section", help=f"{', '.join(SECTIONS)}; all without any")
    parser.add_argument("--peers-only", action="store_true", help="leave the program out")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of which the median counts (http, relink, frozen)")
    parser.add_argument("--seconds", type=int, default=4, help="of load in each round (http)")
    parser.add_argument("--attack-seconds", type=int, default=15, help="of each attack (attack)")
    parser.add_argument("--idle", type=int, default=60, help="seconds of watching (memory)")
    parser.add_argument("--delay", default="2ms", help="that each operation takes on the slow file system (relink)")
    parser.add_argument("--lines", type=int, default=1_000_000, help="that are followed in each round (log)")
    parser.add_argument("--log-rounds", type=int, default=3, help="rounds of which the median counts (log)")
    parser.add_argument("--log-seconds", type=int, default=10, help="of lines that are written one by one (log)")
    parser.add_argument("--log-gigabytes", type=float, default=2, help="of the log at start-up (log)")
    parser.add_argument("--times", type=int, default=20, help="that each fault is made (detect)")
    parser.add_argument("--queue-sizes", type=int, nargs="+", default=[1000, 10_000, 100_000],
                        help="messages in the queue, ascending (census)")
    parser.add_argument("--long-queue", type=int, default=1_000_000, help="messages in a very long queue (census)")
    options = parser.parse_args()
    unknown = set(options.sections) - set(SECTIONS)
    if unknown:
        parser.error(f"no such section: {', '.join(sorted(unknown))}")

    table = Table()
    for name, run in SECTIONS.items():
        if not options.sections or name in options.sections:
            print(f"measuring: {name}", file=sys.stderr)
            run(options, table)
    table.print()


if __name__ == "__main__":
    main()
