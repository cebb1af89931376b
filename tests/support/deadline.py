# SPDX-License-Identifier: Apache-2.0
"""Waiting for a condition with a deadline: the only way a test here waits."""
import time


class DeadlinePassed(AssertionError):
    pass


def eventually(condition, what, within=15.0, step=0.02):
    """The first true value of condition(); DeadlinePassed, naming `what` and the last value, when none came."""
    deadline = time.monotonic() + within
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise DeadlinePassed(f"not within {within:g} s: {what}; last seen: {value!r}")
        time.sleep(step)


def stays(condition, what, during=1.0, step=0.05):
    """Asserts that condition() holds at every look for that long."""
    end = time.monotonic() + during
    while time.monotonic() < end:
        value = condition()
        assert value, f"did not stay so for {during:g} s: {what}; seen: {value!r}"
        time.sleep(step)
