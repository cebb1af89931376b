# SPDX-License-Identifier: Apache-2.0
"""What must never get a good mail server replaced: a table of harmless events, each done to a relay in service while a
load balancer asks for /health twenty times a second. It must never leave 200.

A row runs on one of a few relays (innocents/relays.py), which the rows share: what one row leaves behind is what the
next one lives with, as on a real host. A relay that a row has spoilt is replaced for the next.
"""
import time

import pytest

from innocents import agent, maillog, mounts, postfix
from innocents.hands import HostTooSlow
from innocents.relays import RELAYS
from support.deadline import eventually
from support.poller import Poller


ROWS = [  # relay, deed, for how many seconds at a time nothing may listen
    ("defaults", postfix.restarted_again_and_again, 0),
    ("defaults", postfix.stopped_for_four_seconds, 0),
    ("defaults", postfix.killed_and_started_by_its_supervisor, 0),
    ("defaults", agent.agent_restarted, 2),
    ("graced", postfix.started_twice_then_restarted, 0),
    ("graced", maillog.lines_of_earlier_boots_then_a_restart, 0),
    ("graced", postfix.restarted_beside_a_second_postfix, 0),
    ("graced", postfix.restarted_after_a_second_postfix_failed, 0),
    ("graced", postfix.restarted_after_a_second_postfix_stopped_and_a_double_start, 0),
    ("graced", agent.agent_restarted_beside_a_second_postfix, 2),
    ("graced", agent.agent_killed_and_restarted, 2),
    ("graced", agent.agent_restarted_while_postfix_restarts, 2),
    ("graced", postfix.pid_file_removed_as_systemd_does, 0),
    ("graced", agent.workers_killed_in_turn, 0),
    ("graced", agent.workers_killed_at_once, 0),
    ("graced", agent.workers_are_stopped_for_a_moment, 0),
    ("graced", agent.server_is_stopped_for_a_moment, 0),
    ("graced", agent.few_descriptors_left, 3),
    ("graced", agent.little_memory_left, 2),
    ("strict", postfix.reloaded, 0),
    ("strict", postfix.started_twice, 0),
    ("strict", postfix.checked_flushed_and_asked, 0),
    ("strict", postfix.mail_comes_in, 0),
    ("strict", maillog.rotated_by_rename, 0),
    ("strict", maillog.rotated_by_copytruncate, 0),
    ("strict", maillog.rotated_by_postfix, 0),
    ("strict", maillog.log_deleted_and_recreated, 0),
    ("strict", maillog.directory_of_the_log_gone_for_a_while, 0),
    ("strict", maillog.disk_of_the_log_full, 0),
    ("strict", maillog.lines_of_earlier_boots, 0),
    ("strict", maillog.lines_of_last_year_without_a_year, 0),
    ("strict", maillog.lines_without_sense, 0),
    ("strict", maillog.a_header_that_quotes_the_line, 0),
    ("strict", agent.settings_read_again, 0),
    ("strict", agent.broken_settings_read_again, 0),
    ("strict", agent.connections_held, 0),
    ("strict", agent.slowloris, 0),
    ("strict", agent.garbage, 0),
    ("strict", agent.connections_reset, 0),
    ("strict", postfix.second_postfix_comes_and_goes, 0),
    ("strict", postfix.second_postfix_fails_to_start, 0),
    ("strict", mounts.other_file_systems_come_and_go, 0),
    ("strict", mounts.mount_seen_at_a_second_place, 0),
    ("strict", mounts.mount_remounted, 0),
    ("strict", mounts.link_recreated_as_it_was, 0),
    ("systemd", postfix.restarted_by_systemd, 0),
    ("systemd", postfix.started_again_by_systemd, 0),
    ("systemd", postfix.reloaded_by_systemd, 0),
    ("systemd", postfix.systemd_reloaded, 0),
    ("systemd", postfix.systemd_gone_and_back, 0),
    ("systemd", postfix.systemd_is_stopped_for_a_moment, 0),
    ("systemd", postfix.restarted_by_systemd_after_a_second_postfix_failed, 0),
    ("imds", agent.imds_fault("always_503"), 0),
    ("imds", agent.imds_fault("tokens_refused"), 0),
    ("imds", agent.imds_fault("silent"), 0),
    ("imds", agent.imds_gone, 0),
    ("frozen", mounts.mount_slow, 0),
    ("frozen", mounts.mount_hangs_for_a_moment, 0),
    ("frozen", mounts.one_error_of_the_file_system, 0),
    ("outage", mounts.file_server_down, 0),
    ("outage", mounts.file_server_back_after_the_lease_ran_out, 0),
    ("outage", mounts.file_server_down_and_the_agent_upgraded, 8),
]


@pytest.fixture(scope="module", autouse=True)
def _relays():
    yield
    for relay in RELAYS.values():
        relay.close()


def name_of(row):
    relay, deed, _ = row
    return f"{relay}-{deed.__name__}"


def still_watched(instance):
    """Checks with a fault that does not count yet."""
    return {name: row["output"] for name, (row,) in instance.agent.health().json["checks"].items()
            if "watched (" in row.get("output", "")}


def watched_while(relay, deed, gap):
    """The answers while the deed is done; None if the host was too slow for it."""
    # Where the agent itself restarts, the first answer after the gap must not be missed.
    with Poller(relay.in_service().agent.port, every=0.002 if gap else 0.05) as poller:
        eventually(lambda: poller.answers, "the first answer")
        try:
            deed(relay)
        except HostTooSlow as slow:
            print(slow)
            return None
        time.sleep(relay.tail)
        return poller


@pytest.mark.parametrize("relay,deed,gap", ROWS, ids=map(name_of, ROWS))
def test_never_leaves_200(relay, deed, gap):
    relay = RELAYS[relay]
    poller = eventually(lambda: watched_while(relay, deed, gap), "the host is quick enough", within=600)
    instance = relay.instance
    poller.assert_never_left(200, longest_gap=gap)
    eventually(lambda: not still_watched(instance), f"nothing is watched any more: {still_watched(instance)}", within=3)
    if gap:
        print(f"{len(poller.unanswered())} of {len(poller.answers)} requests found no listener, for at most "
              f"{poller.longest_gap():.3f} s at a time")
