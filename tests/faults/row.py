# SPDX-License-Identifier: Apache-2.0
"""The terms in which the catalogue is written."""
import contextlib
import dataclasses
import functools

from relay import DEADLINE, INTERVAL

# Within how many seconds the answer must be so. What the program needs is beside it; the rest is for a busy
# machine. tests/bench measures the time itself.
AT_ONCE = INTERVAL + 1                     # an event or the next round, and one look is enough
ROUNDS = 2 * INTERVAL + 1.5                # doubtful: two rounds
HANG = DEADLINE + 2 * INTERVAL + 2         # overdue, and two rounds
STALE = 3 * INTERVAL + DEADLINE + 2 * INTERVAL + 2.5  # stale facts, and two rounds
START = 8                                  # the program starts, looks, relinks


@dataclasses.dataclass(frozen=True)
class Says:
    """What must be answered: the status and reason of `check`, unless that is None."""
    health: int
    ready: int
    check: str = None
    status: str = None
    reason: str = ""    # "" means that it passes; None that the words of `said` are enough
    said: tuple = ()    # words of the check's output
    also: tuple = ()    # (check, reason) of others; "" means that it passes
    phase: str = None
    attribution: str = None  # of a mount that does not answer

    def __str__(self):
        what = "passes" if self.reason == "" else self.reason or self.status
        about = f" {self.check} {what}" if self.check else " draining" if self.phase else ""
        return f"{self.health}{about}" + ("" if self.ready == self.health else f", ready {self.ready}")


def fails(check, reason, *said, also=(), phase=None, attribution=None):
    return Says(503, 503, check, "fail", reason, said, also, phase, attribution)


def excused(check, reason, attribution):
    """No new mail, but the instance is not to be replaced."""
    return Says(200, 503, check, "warn", reason, attribution=attribution)


def warns(check, reason, *said):
    return Says(200, 200, check, "warn", reason, said)


def passes(check=None):
    return Says(200, 200, check, "pass" if check else None)


def drains():
    return Says(200, 503, phase="draining")


@dataclasses.dataclass(frozen=True)
class Row:
    group: str
    name: str              # a sentence
    make: callable         # a condition: what is done to a relay, and undone
    says: Says
    within: float = ROUNDS  # seconds until it must be said; what stays 200 is watched for some rounds instead
    start: str = "serving"  # healthy in service; or "boot": nothing is done yet, the condition does it all
    own: bool = False       # on a relay of its own, because it cannot be shared afterwards
    settings: dict = dataclasses.field(default_factory=dict)  # beside the usual ones; then the relay is its own, too
    whose: str = "relay"    # "agent": a fault of the program alone, of which others can say nothing
    restarts: str = ""      # whose restart the recovery needs: "Postfix", "agent", "host"; else it recovers automatically

    def __str__(self):
        return f"{self.group}: {self.name}"


def condition(function):
    """Decorates a generator function over a relay that makes the fault, yields once, and cures it. Calling the result with
    the function's other arguments gives the `make` of a row."""
    @functools.wraps(function)
    def with_arguments(*arguments):
        return lambda relay: contextlib.contextmanager(function)(relay, *arguments)
    return with_arguments
