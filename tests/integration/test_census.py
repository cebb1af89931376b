# SPDX-License-Identifier: Apache-2.0
"""The census of the queues: /metrics reports the counts of a real Postfix, whatever the trouble."""
import os
import time

import pytest

from support.agent import binary, status_field
from support.deadline import eventually, stays
from support.queue import (censuses, depths, fill, listed, listed_counts, long_id, mail_files, put, queue_file,
                           samples, until_counted, value)

pytestmark = pytest.mark.traced

OFTEN = {"interval": "200ms", "budget": 100000}
OLDEST = "postfix_elb_agent_queue_oldest_age_seconds"


def in_service(instance):
    """As Instance.serving(), with the directories that only a whole start of Postfix makes: showq dies without "hold"."""
    instance.bake().mount()
    instance.serve().until(check="relink", reason="")
    instance.postfix.start(quick=False)
    instance.agent.until(status=200, phase="serving")
    return instance


@pytest.fixture
def counting(instance):
    """One instance in service that counts often."""
    instance.write_settings(census=OFTEN)
    return in_service(instance)


@pytest.fixture
def on_faultfs(frozen_world):
    made = frozen_world.instance()
    made.write_settings(mount={"deadline": "500ms"}, checks={"interval": "500ms"}, census=OFTEN)
    made.serving().postfix.send("waits in the queue")
    try:
        eventually(lambda: depths(made.agent) == {"deferred": 1}, "the message is counted")
    except AssertionError as error:
        raise AssertionError(f"{error}\n{depths(made.agent)}, {mail_files(made.queue_seen)}\n{made.postfix.log_text()[-2000:]}\n"
                             f"{made.agent.stderr()[-2000:]}") from None
    return made


def at_rest(instance, messages):
    """Sends so many and waits until all of them are deferred."""
    for number in range(messages):
        instance.postfix.send(f"number {number}")
    eventually(lambda: listed_counts(instance.postfix)["deferred"] == messages, f"{messages} deferred messages")


def until_equal(instance):
    """Waits until the agent's counts are those of Postfix, all of them."""
    return eventually(lambda: depths(instance.agent) == dict(listed_counts(instance.postfix)),
                      "the census and postqueue -j agree")


def hold(instance, queue_id):
    instance.host.run("postsuper", "-c", instance.postfix.config, "-h", queue_id)


def test_counts_are_those_of_postqueue(counting):
    eventually(lambda: depths(counting.agent) == {}, "an empty queue is counted")
    at_rest(counting, 12)
    for message in listed(counting.postfix)[:5]:
        hold(counting, message["queue_id"])
    until_equal(counting)
    assert depths(counting.agent) == {"deferred": 7, "hold": 5}
    counting.host.run("postsuper", "-c", counting.postfix.config, "-d", "ALL")
    until_equal(counting)
    assert depths(counting.agent) == {}
    assert value(counting.agent, "postfix_elb_agent_census_complete") == 1


def test_ages_and_bytes_of_short_ids_are_the_files(counting):
    at_rest(counting, 3)
    now = int(time.time())
    sample_path = next(path for path in mail_files(counting.queue_seen) if path.startswith("deferred/"))
    with open(f"{counting.queue_seen}/{sample_path}", "rb") as file:
        sample = file.read()
    old = {"60B27A0001": now - 5000, "70B27A0002": now - 500_000}
    for name, arrival in old.items():
        put(counting.queue_seen, f"deferred/{name[0]}/{name}", queue_file(sample, arrival))
        # Of a deferred message this is when it is tried next.
        os.utime(f"{counting.queue_seen}/deferred/{name[0]}/{name}", (now + 4000, now + 4000))
    said = {message["queue_id"]: message["arrival_time"] for message in listed(counting.postfix)}
    assert {name: said[name] for name in old} == old  # Postfix reads them so, too
    until_equal(counting)
    until_counted(counting.agent)
    agent = counting.agent
    assert value(agent, OLDEST, queue="deferred") == pytest.approx(500_000, abs=60)
    buckets = {bound: value(agent, "postfix_showq_message_age_seconds_bucket", queue="deferred", le=bound)
               for bound in ("1000", "10000", "100000", "1e+06", "+Inf")}
    assert buckets == {"1000": 3, "10000": 4, "100000": 4, "1e+06": 5, "+Inf": 5}
    sizes = sum(os.path.getsize(f"{counting.queue_seen}/{path}") for path in mail_files(counting.queue_seen))
    assert value(agent, "postfix_elb_agent_queue_bytes", queue="deferred") == sizes


def test_long_ids_of_a_real_postfix_give_the_arrival_time(instance):
    with open(f"{instance.postfix.config}/main.cf", "a") as file:
        file.write("enable_long_queue_ids = yes\n")
    os.utime(f"{instance.postfix.config}/main.cf", (1_600_000_000, 1_600_000_000))
    instance.write_settings(census=OFTEN)
    in_service(instance)
    at_rest(instance, 4)
    first = min(message["arrival_time"] for message in listed(instance.postfix))
    names = [os.path.basename(path) for path in mail_files(instance.queue_seen)]
    assert all("z" in name[10:] for name in names), names
    until_equal(instance)
    until_counted(instance.agent)
    at = time.time() - value(instance.agent, "postfix_elb_agent_census_age_seconds")
    assert value(instance.agent, OLDEST, queue="deferred") == pytest.approx(at - first, abs=2)

    put(instance.queue_seen, f"hold/{long_id(int(time.time()) - 90_000)}", b"that is not looked into")
    eventually(lambda: depths(instance.agent).get("hold"), "the held message is counted")
    assert value(instance.agent, OLDEST, queue="hold") == pytest.approx(90_000, abs=60)


def test_files_that_are_no_messages_do_not_count(counting):
    at_rest(counting, 2)
    until_equal(counting)
    put(counting.queue_seen, "deferred/.nfs00000000000201dd00000001", b"deleted, and open elsewhere")
    put(counting.queue_seen, "active/.nfs00000000000201de00000002", b"deleted, and open elsewhere")
    put(counting.queue_seen, "incoming/523.12345", b"being made")
    until_counted(counting.agent)
    assert depths(counting.agent) == {"deferred": 2}
    put(counting.queue_seen, "corrupt/60B27A0009", b"")  # which postqueue does not list
    eventually(lambda: depths(counting.agent) == {"deferred": 2, "corrupt": 1}, "the corrupt one counts")


def test_counting_keeps_to_its_budget(instance):
    instance.write_settings(census={"interval": "100ms", "budget": 50})
    instance.relinked()
    fill(f"{instance.queue_seen}/deferred", 2000)
    instance.serve()

    def operations():
        return value(instance.agent, "postfix_elb_agent_census_operations_total")

    eventually(operations, "it counts")
    began, before = time.monotonic(), operations()
    time.sleep(3)
    spent, seconds = operations() - before, time.monotonic() - began
    assert 0 < spent <= 50 * seconds + 10, (spent, seconds)


def test_a_reload_switches_counting_off_and_on(counting):
    agent = counting.agent
    until_counted(agent)
    counting.write_settings(census={"interval": "0s"})
    agent.hup()
    eventually(lambda: "reload" in agent.stderr(), "the settings are read")
    last = [None]

    def at_rest_now():
        count = censuses(agent)
        same = last[0] == count
        last[0] = count
        return same

    eventually(at_rest_now, "no more censuses", step=1)
    stays(lambda: censuses(agent) == last[0], "no more censuses", during=1)
    at_rest(counting, 1)
    assert depths(agent) == {}  # what was found last stays
    counting.write_settings(census=OFTEN)
    agent.hup()
    until_equal(counting)


def test_a_frozen_mount_cancels_the_count_and_metrics_age(on_faultfs):
    agent = on_faultfs.agent
    on_faultfs.world.faultfs.freeze()
    on_faultfs.world.faultfs.until_frozen()
    agent.until("/readyz", status=503)
    eventually(lambda: value(agent, "postfix_elb_agent_census_age_seconds") > 2.5, "the figures are old")
    began = time.monotonic()
    assert depths(agent) == {"deferred": 1}
    assert time.monotonic() - began < 1
    before = censuses(agent)
    stays(lambda: censuses(agent) == before, "nothing is counted", during=1)

    on_faultfs.world.faultfs.thaw()
    agent.until(status=200, check="mount", reason="")
    on_faultfs.postfix.send("after the thaw")
    eventually(lambda: depths(agent) == {"deferred": 2}, "it is counted again")
    assert value(agent, "postfix_elb_agent_census_age_seconds") < 2.5


def test_a_count_that_hangs_is_cancelled(on_faultfs):
    """Only the census hangs: it reads directories."""
    agent = on_faultfs.agent
    on_faultfs.world.faultfs.freeze("readdir")
    eventually(lambda: censuses(agent, "cancelled") >= 1, "the census is cancelled")
    on_faultfs.world.faultfs.thaw()
    agent.until(status=200, check="mount", reason="")
    until_counted(agent)


def test_unreadable_entries_make_the_census_incomplete(on_faultfs):
    agent = on_faultfs.agent
    on_faultfs.world.faultfs.refuse("EIO", "readdir")
    eventually(lambda: value(agent, "postfix_elb_agent_census_complete") == 0, "the census is incomplete")
    assert censuses(agent, "incomplete") >= 1
    assert depths(agent) == {"deferred": 1}, "what cannot be read is not empty"
    assert "census: not complete: " in agent.stderr()
    on_faultfs.world.faultfs.clear()
    eventually(lambda: value(agent, "postfix_elb_agent_census_complete") == 1, "it is complete again")


def test_without_its_mount_nothing_is_counted(counting):
    until_counted(counting.agent)
    counting.unmount()
    counting.agent.until(check="mount", reason="missing")
    before = censuses(counting.agent)
    stays(lambda: censuses(counting.agent) == before, "nothing is counted", during=1)


def test_many_messages_take_no_memory(instance):
    instance.write_settings(census=OFTEN)
    instance.relinked()
    instance.serve()
    until_counted(instance.agent)
    pid = instance.agent.mount_worker()

    def resident():
        return int(status_field(pid, "VmHWM").split()[0])

    before = resident()
    fill(f"{instance.queue_seen}/deferred", 200_000, seconds=int(time.time()) - 3600)
    eventually(lambda: (depths(instance.agent) or {}).get("deferred") == 200_000, "all are counted", within=60)
    assert value(instance.agent, "postfix_showq_message_age_seconds_bucket", queue="deferred", le="1000") == 0
    assert value(instance.agent, "postfix_showq_message_age_seconds_bucket", queue="deferred", le="10000") == 200_000
    # The address sanitizer keeps what was freed for a while.
    assert resident() - before < (8192 if "asan" in binary() else 2048), "kB"
    assert instance.agent.mount_worker() == pid


def test_counting_leaves_the_probe_of_the_mount_its_time(on_faultfs):
    """Each operation is slow: the count goes on in slices, and the mount does not count as hung."""
    agent = on_faultfs.agent
    fill(f"{on_faultfs.world.below}/{on_faultfs.id}/hold", 25)
    on_faultfs.world.faultfs.delay("10ms")
    until_counted(agent, within=60)
    assert agent.health().status == 200
    assert censuses(agent, "cancelled") == 0


def test_under_load_the_count_lags_at_most_by_its_age(counting):
    """The age and the duration of a census say when it began. It counts every message that was accepted before, and once
    each that rested in the deferred queue then. A message that moves during the census may be counted in each queue on
    its way."""
    page_life = 0.1  # /metrics answers with a page of at most this age
    clock_step = 0.003  # the agent's three times are whole milliseconds
    queues_on_the_way = 3  # incoming, active, deferred
    accepted, rested = [], []  # when each message was accepted; (when, how many were in the deferred queue)
    least = 0
    while len(accepted) < 40 or least < 20:  # several censuses see the queue grow
        assert len(accepted) < 5000, f"no census sees the messages: {least}"
        counting.postfix.send("a message")
        accepted.append(time.monotonic())
        deferred = sum(1 for path in mail_files(counting.queue_seen) if path.startswith("deferred/"))
        rested.append((time.monotonic(), deferred))
        asked = time.monotonic()  # before the answer: a slow test reads an older census, and the bounds follow it
        figures = samples(counting.agent)
        count = sum(number for (name, _), number in figures.items() if name == "postfix_showq_queue_depth")
        age, duration = (figures[f"postfix_elb_agent_census_{name}_seconds", ()] for name in ("age", "duration"))
        began = asked - page_life - age - duration - clock_step
        least = sum(1 for when in accepted if when < began)
        at_rest = max((number for when, number in rested if when < began), default=0)
        most = at_rest + (len(accepted) - at_rest) * queues_on_the_way
        assert least <= count <= most, f"{accepted} {rested} {began} {age} {duration}"
    eventually(lambda: depths(counting.agent) == {"deferred": len(accepted)}, "every message is counted once")
