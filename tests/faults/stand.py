# SPDX-License-Identifier: Apache-2.0
"""Where the rows of the catalogue are run: one relay in service that they share as long as each leaves it as it was,
and one of its own for each row that begins with a boot or cannot be shared afterwards."""
import contextlib

import judges
from relay import Relay


class Stand:
    def __init__(self):
        self._shared = None

    def run(self, row, meanwhile=None):
        """Makes the fault, judges, cures it and waits until all is well; returns what was judged, or raises
        judges.Wrong. `meanwhile(relay)` is called while the fault lasts, right or wrong."""
        relay = self._relay_for(row)
        try:
            judged, wrong = self._suffer(relay, row, meanwhile)
            if wrong is not None:
                raise wrong
            judges.recovered(relay, row)
        except BaseException:
            with contextlib.suppress(AssertionError):  # of the two troubles this one came later
                self._leave(relay)
            raise
        if relay is not self._shared:
            self._leave(relay)
        return judged

    def _suffer(self, relay, row, meanwhile):
        """(what was judged, None) or (None, what was wrong). The cure comes in any case."""
        judged = wrong = None
        with row.make(relay):
            if relay.agent is None:
                relay.serve()
            before = relay.agent.supervisor
            try:
                judged = judges.judge(relay, row)
            except judges.Wrong as error:
                wrong = error
            if meanwhile is not None:
                meanwhile(relay)
        if row.start == "boot":
            relay.in_service()
        if wrong is None and row.restarts not in ("agent", "host") and relay.agent.supervisor != before:
            wrong = judges.Wrong("the agent was restarted, which the row does not allow")
        return judged, wrong

    def _relay_for(self, row):
        if row.start == "boot":
            return self.new_relay(row.settings)
        if row.own or row.settings:
            return self.in_service(self.new_relay(row.settings))
        if self._shared is None:
            self._shared = self.new_relay({})
        return self.in_service(self._shared)

    def in_service(self, relay):
        """Brings it there, if it is not there yet."""
        try:
            return relay.healthy() if relay.agent is not None else relay.baked().in_service()
        except BaseException:
            with contextlib.suppress(AssertionError):
                self._leave(relay)
            raise

    def new_relay(self, settings):
        return Relay(settings)

    def _leave(self, relay):
        if relay is self._shared:
            self._shared = None
        relay.close()

    def close(self):
        if self._shared is not None:
            self._leave(self._shared)
