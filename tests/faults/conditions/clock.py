# SPDX-License-Identifier: Apache-2.0
"""Boots at other times of the boot clock, in time namespaces. Steps of the wall clock would hit the whole machine; what they
do to the log's stamps is in conditions/log.py, to verdicts in tests in virtual time (catalogue.ELSEWHERE)."""
import time

from conditions.log import ALREADY, append, stamped
from row import condition


def _boot_clock_at(relay, seconds):
    """To the program, the host booted that long ago."""
    offset = int(seconds - time.clock_gettime(time.CLOCK_BOOTTIME))
    relay.agent_wrapper = ("unshare", "--time", f"--boottime={offset}", f"--monotonic={offset}", "--fork",
                           "--kill-child")


@condition
def up_for(relay, seconds):
    _boot_clock_at(relay, seconds)
    relay.baked()
    relay.in_service()
    yield


@condition
def booted_after_the_failure_in_the_log(relay):
    """A line of an hour ago, and the host is up for a minute: it came with the image."""
    _boot_clock_at(relay, 60)
    relay.baked()
    append(relay, stamped(time.time() - 3600, ALREADY))
    yield


@condition
def booted_before_the_failure_in_the_log(relay):
    """The same line, and the host is up for two hours."""
    _boot_clock_at(relay, 7200)
    relay.baked()
    append(relay, stamped(time.time() - 3600, ALREADY))
    yield
