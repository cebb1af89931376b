# SPDX-License-Identifier: Apache-2.0
"""A soak: a relay under churn for some time. tests/soak/run starts it in namespaces of its own."""
import collections
import os
import random
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.dirname(HERE), HERE]

from churn import Churn  # noqa: E402
from growth import WARM_UP, Samples  # noqa: E402
from support.deadline import eventually  # noqa: E402
from support.frozen_world import FrozenWorld  # noqa: E402
from support.poller import Poller  # noqa: E402

PROMPT = 0.5  # s; an answer takes less than a millisecond, the rest is for a machine that is busy with the churn
# A request that was sent during a fault may still be answered after the agent has noticed the end of the fault.
SLACK = 0.1


def soak(seconds, seed, out=sys.stdout):
    """Returns what was wrong, a line each; prints a table."""
    world = FrozenWorld()
    try:
        instance = world.instance()
        # A restart of Postfix passes within the grace of 4 s; nothing else needs it.
        instance.write_settings(checks={"interval": "500ms", "fail_after": 9}, mount={"deadline": "500ms"})
        instance.serving()
        try:
            return _soak(world, instance, seconds, seed, out)
        finally:
            world.faultfs.clear()
            if instance.agent.runs():
                instance.agent.stop()
    finally:
        world.close()


def _soak(world, instance, seconds, seed, out):
    agent = instance.agent
    churn = Churn(instance, world.faultfs, seed)
    samples = Samples(agent)
    with Poller(agent.port) as health, Poller(agent.port, "/readyz") as ready, Poller(agent.port, "/livez") as live:
        eventually(lambda: health.answers and ready.answers and live.answers, "the first answers")
        while (past := time.monotonic() - samples.began) < seconds:
            churn.one(also_rarely=past < seconds * WARM_UP / 2)
            samples.take()
        churn.healthy()
    eventually(lambda: not samples_differ(samples), "descriptors as before", within=5)

    wrong = samples.troubles()
    wrong += wrong_answers(health, churn.faults) + wrong_answers(ready, churn.faults) + wrong_answers(live, [])
    deeds = ", ".join(f"{name} {count}" for name, count in sorted(churn.done.items()))
    counts = collections.Counter(answer.status for answer in health.answers)
    slowest = max(poller.slowest() for poller in (health, ready, live))
    print(f"{samples.table()}\n{seconds:.0f} s, seed {seed}: {deeds}\n/health answered {dict(counts)}; the slowest "
          f"answer of all took {slowest * 1000:.1f} ms", file=out)
    return wrong


def samples_differ(samples):
    """Whether there are still more descriptors than there were; each look is a sample."""
    samples.take()
    return [trouble for trouble in samples.troubles() if "descriptors" in trouble]


def wrong_answers(poller, faults):
    """Answers that were late, not given, or 503 while nothing was wrong."""
    def right(answer):
        return answer.status == 200 or answer.status == 503 and any(
            began <= answer.at + answer.took and answer.at <= ended + SLACK for began, ended in faults)
    begin = poller.answers[0].at
    found = [f"{poller.path} said {answer.status} {answer.at - begin:.2f} s after the begin, and nothing was wrong: "
             f"{answer.text[:400]}" for answer in poller.answers if not right(answer)]
    late = [answer for answer in poller.answers if answer.took > PROMPT]
    found += [f"{poller.path}: an answer took {answer.took * 1000:.0f} ms" for answer in late]
    return found[:5] + ([f"{poller.path}: and {len(found) - 5} more"] if len(found) > 5 else [])


def main():
    seconds = float(os.environ.get("PEA_SOAK_SECONDS", "600"))
    seed = int(os.environ.get("PEA_SOAK_SEED", str(random.randrange(1_000_000))))
    wrong = soak(seconds, seed)
    print("\n".join(f"WRONG: {line}" for line in wrong) or "nothing wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
