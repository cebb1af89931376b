# SPDX-License-Identifier: Apache-2.0
"""A load balancer's health check: asks one page again and again, on a connection of its own each time, and keeps
the answers."""
import collections
import http.client
import threading
import time

# `status` is None where nothing was answered; `text` is the body of an answer that is not 200, else the error.
Answer = collections.namedtuple("Answer", "at took status text")


class Poller:
    """Asks from __enter__ to __exit__, every `every` seconds."""

    def __init__(self, port, path="/health", every=0.05, timeout=5.0):
        self.port, self.path, self.every, self.timeout = port, path, every, timeout
        self.answers = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join(timeout=2 * self.timeout)
        assert not self._thread.is_alive(), "the poller ended"

    def _run(self):
        next_at = time.monotonic()
        while not self._stop.is_set():
            self.answers.append(ask(self.port, self.path, self.timeout))
            next_at = max(next_at + self.every, time.monotonic())
            self._stop.wait(next_at - time.monotonic())

    # ---- the answers

    def since(self, moment):
        return [answer for answer in list(self.answers) if answer.at >= moment]

    def other_than(self, status=200):
        """Answers of another status; an unanswered request is not one."""
        return [answer for answer in list(self.answers) if answer.status not in (status, None)]

    def unanswered(self):
        return [answer for answer in list(self.answers) if answer.status is None]

    def slowest(self):
        return max((answer.took for answer in list(self.answers) if answer.status is not None), default=0.0)

    def longest_gap(self):
        """Seconds from the first request in a row that was not answered to the first that was."""
        longest, began = 0.0, None
        for answer in list(self.answers):
            if answer.status is None:
                began = answer.at if began is None else began
            elif began is not None:
                longest, began = max(longest, answer.at - began), None
        return longest if began is None else float("inf")

    def assert_never_left(self, status=200, longest_gap=0.0):
        """Each answer had that status, and no gap without answers was longer than that."""
        begin = self.answers[0].at
        wrong = self.other_than(status)
        assert not wrong, (f"{self.path} left {status} in {len(wrong)} of {len(self.answers)} answers, first after "
                           f"{wrong[0].at - begin:.3f} s, last after {wrong[-1].at - begin:.3f} s: "
                           f"{wrong[0].status} {wrong[0].text[:1500]}")
        lost = self.unanswered()
        assert self.longest_gap() <= longest_gap, (
            f"{self.path}: {len(lost)} of {len(self.answers)} requests were not answered, for "
            f"{self.longest_gap():.3f} s at a time, first after {lost[0].at - begin:.3f} s: {lost[0].text}")


def ask(port, path="/health", timeout=5.0):
    at = time.monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request("GET", path, headers={"User-Agent": "ELB-HealthChecker/2.0", "Connection": "close"})
        reply = connection.getresponse()
        body = reply.read()
        text = "" if reply.status == 200 else body.decode(errors="replace")
        return Answer(at, time.monotonic() - at, reply.status, text)
    except (OSError, http.client.HTTPException) as error:
        return Answer(at, time.monotonic() - at, None, repr(error))
    finally:
        connection.close()
