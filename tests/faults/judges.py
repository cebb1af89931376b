# SPDX-License-Identifier: Apache-2.0
"""Whether the program is right about a row: as a load balancer sees it, over HTTP and with a limit for each answer."""
import dataclasses
import datetime
import time

from relay import INTERVAL
from support.deadline import eventually

PROMPT = 1.0  # seconds that one answer may take, during any fault
STEADY = 3    # rounds for which an answer must stay as it is
RECOVERY = 10  # seconds


class Wrong(AssertionError):
    """The program said something else than the row."""


@dataclasses.dataclass
class Judged:
    took: float  # seconds until the answer was so


def judge(relay, row):
    """While the fault lasts."""
    began = time.monotonic()
    if (row.says.health, row.says.ready) != (200, 200):
        _becomes(relay, row)
    took = time.monotonic() - began
    if row.says.health == 200 and row.says.ready == 200:
        _holds_for_rounds(relay, row)
    else:
        _holds_for(relay, row, STEADY * INTERVAL)
    return Judged(took)


def recovered(relay, row):
    """After the cure."""
    try:
        relay.agent.until(status=200, phase="serving", within=RECOVERY)
        relay.agent.until("/readyz", status=200, within=RECOVERY)
        if row.says.check and row.says.status != "pass":
            eventually(lambda: not _shows_the_fault(relay, row), f"{row.says.check} {row.says.reason} is over", RECOVERY)
    except AssertionError as error:
        raise Wrong(f"it did not recover: {error}") from None


def _shows_the_fault(relay, row):
    found = relay.agent.health().json["checks"][row.says.check][0]
    return found["status"] != "pass" and found.get("reason") == row.says.reason


def difference(says, health, ready):
    """What is not as the row says; "" if nothing."""
    for path, answer, wanted in (("/health", health, says.health), ("/readyz", ready, says.ready)):
        if answer.status != wanted:
            return f"{path} is {answer.status}, not {wanted}"
    body = health.json
    if says.phase and body["phase"] != says.phase:
        return f"the phase is {body['phase']}, not {says.phase}"
    if says.check is None:
        return ""
    checks = body.get("checks", {})  # not there before the first verdict
    row = checks.get(says.check, [{}])[0]
    if row.get("status") != says.status:
        return f"{says.check} is {row.get('status')}, not {says.status}"
    if says.attribution and row.get("attribution") != says.attribution:
        return f"the fault is attributed to {row.get('attribution')}, not {says.attribution}"
    for check, reason in [(says.check, says.reason), *says.also]:
        seen = checks[check][0].get("reason", "")
        if reason is not None and seen != reason:
            return f"{check} says {seen or 'pass'}, not {reason or 'pass'}"
    missing = [word for word in says.said if word not in row.get("output", "")]
    return f"the output of {says.check} lacks {missing}" if missing else ""


def _ask(relay, path):
    try:
        return relay.agent.request(path, timeout=PROMPT)
    except OSError as error:
        raise Wrong(f"{path}: no answer within {PROMPT:g} s: {error}") from None


def _look(relay, says):
    """(what is not as it must be, the answer)"""
    health = _ask(relay, "/health")
    return difference(says, health, _ask(relay, "/readyz")), health


def _becomes(relay, row):
    last = []

    def so():
        last[:] = _look(relay, row.says)
        return not last[0]

    deadline = time.monotonic() + row.within
    while not so():
        if time.monotonic() > deadline:
            raise Wrong(f"not within {row.within:g} s: {last[0]}; {last[1]}")
        time.sleep(0.01)


def _holds(relay, row):
    wrong, answer = _look(relay, row.says)
    if wrong:
        raise Wrong(f"it did not stay so: {wrong}; {answer}")
    return answer


def _holds_for(relay, row, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        _holds(relay, row)
        time.sleep(0.02)


def _holds_for_rounds(relay, row):
    """Counted by the time of the facts themselves."""
    if row.says.status == "warn":
        _becomes(relay, row)
    first = _time_of_facts(_holds(relay, row))
    wanted = first + datetime.timedelta(seconds=STEADY * INTERVAL)
    eventually(lambda: _time_of_facts(_holds(relay, row)) >= wanted, "the facts go on", row.within + RECOVERY)


def _time_of_facts(answer):
    text = answer.json["checks"]["mount"][0]["time"]
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
