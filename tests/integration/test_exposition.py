# SPDX-License-Identifier: Apache-2.0
"""/metrics for scrapers: format, coding, many at once, and while the mount hangs."""
import gzip
import subprocess
import threading
import time

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics_families
from prometheus_client.parser import text_string_to_metric_families as text_families

from conftest import _finish
from support.deadline import eventually

TEXT = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
# As Prometheus says it: 2.42, 2.53 and later, 3.x.
PROMETHEUS_2 = ("application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
                "text/plain;version=0.0.4;q=0.5,*/*;q=0.1")
PROMETHEUS_3 = ("application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
                "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
                "text/plain;version=0.0.4;q=0.3,*/*;q=0.2")


@pytest.fixture(scope="module")
def standing():
    """One healthy instance for the whole file: no test here changes its verdict."""
    from support.world import World
    world = World()
    try:
        yield world.instance().serving().agent
    finally:
        _finish(world)


def scrape(agent, accept=None, coding=None, **headers):
    fields = {**headers, **({"Accept": accept} if accept is not None else {}),
              **({"Accept-Encoding": coding} if coding is not None else {})}
    return agent.request("/metrics", headers=fields)


def values(families):
    return {(sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in families for sample in family.samples}


@pytest.mark.parametrize("accept, wanted", [
    (PROMETHEUS_2, OPENMETRICS), (PROMETHEUS_3, OPENMETRICS), ("application/openmetrics-text", OPENMETRICS),
    (None, TEXT), ("*/*", TEXT), ("text/plain", TEXT), ("text/html,application/xhtml+xml,*/*;q=0.8", TEXT),
    ("application/openmetrics-text;version=0.0.1,text/plain;q=0.5", TEXT), ("image/png", TEXT), (";;q=,\"", TEXT)])
def test_the_format_is_the_client_s_preference_or_text(standing, accept, wanted):
    response = scrape(standing, accept)
    assert response.status == 200
    assert response.headers["content-type"] == wanted
    assert response.headers["vary"] == "Accept, Accept-Encoding"
    assert response.headers["cache-control"] == "no-store"
    assert response.body.endswith(b"\n# EOF\n") == (wanted == OPENMETRICS)


def test_the_reference_parsers_read_the_same_from_both_formats(standing):
    def pages():
        return (list(text_families(scrape(standing).body.decode())),
                list(openmetrics_families(scrape(standing, PROMETHEUS_3).body.decode())))

    def of_one_form(families):  # a bound is "1" in one and "1.0" in the other
        return {(name, tuple((label, float(value) if label == "le" else value) for label, value in labels))
                for name, labels in values(families)}

    def alike():  # they are not of the same instant
        text, openmetrics = pages()
        return (text, openmetrics) if of_one_form(text) == of_one_form(openmetrics) else None
    text, openmetrics = eventually(alike, "both have the same series", within=5)
    assert {family.name: (family.type, family.documentation) for family in openmetrics} == {
        family.name: (family.type, family.documentation) for family in text}
    for family in openmetrics:
        assert family.unit == next((unit for unit in ("seconds", "bytes") if family.name.endswith("_" + unit)), "")
    steady = {key: value for key, value in values(text).items() if "check_status" in key[0] or "reason" in key[0]}
    assert steady and steady.items() <= values(openmetrics).items()


def promtool_says(page):
    done = subprocess.run(["promtool", "check", "metrics"], input=page, capture_output=True)
    return done.stdout.decode().splitlines() + done.stderr.decode().splitlines()


def test_promtool_accepts_the_page(standing):
    assert promtool_says(scrape(standing).body) == []


def test_promtool_misses_only_the_help_of_openmetrics_counters(standing):
    """It knows the text format alone, in which a counter's family has the name of its samples."""
    page = scrape(standing, PROMETHEUS_3).body
    counters = {family.name for family in openmetrics_families(page.decode()) if family.type == "counter"}
    assert counters and set(promtool_says(page)) == {f"{name}_total no help text" for name in counters}


@pytest.mark.parametrize("accept", [None, PROMETHEUS_3])
def test_gzip_unpacks_to_the_same_page(standing, accept):
    packed = scrape(standing, accept, "gzip")
    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) == len(packed.body)
    page = gzip.decompress(packed.body)
    assert len(packed.body) < len(page) / 4
    read = openmetrics_families if accept else text_families
    # A count of the queue may add series between two scrapes.
    eventually(lambda: values(read(gzip.decompress(scrape(standing, accept, "gzip").body).decode())).keys() ==
               values(read(scrape(standing, accept).body.decode())).keys(), "two scrapes have the same series")


@pytest.mark.parametrize("coding, packed", [
    ("gzip, deflate, br", True), ("*", True), ("identity;q=0, gzip", True), ("x-gzip;q=0.3", True),
    ("", False), ("identity", False), ("gzip;q=0", False), ("gzip;q=0.5, identity", False), ("br", False),
    ("*;q=0", False)])
def test_the_page_is_packed_only_where_gzip_is_accepted(standing, coding, packed):
    assert ("content-encoding" in scrape(standing, None, coding).headers) == packed


def test_head_has_the_type_and_the_coding_of_get(standing):
    for accept in (None, PROMETHEUS_2):
        for coding in (None, "gzip"):
            fields = {name: value for name, value in (("Accept", accept), ("Accept-Encoding", coding)) if value}
            head, get = (standing.request("/metrics", method=method, headers=fields) for method in ("HEAD", "GET"))
            for name in ("content-type", "content-encoding", "vary"):
                assert head.headers.get(name) == get.headers.get(name)
            assert head.body == b"" and int(head.headers["content-length"]) > 0


def test_only_metrics_are_packed(standing):
    for path in ("/health", "/livez"):
        response = standing.request(path, headers={"Accept-Encoding": "gzip", "Accept": PROMETHEUS_3})
        assert "content-encoding" not in response.headers
        assert response.headers["content-type"] == "application/health+json"


def test_fifty_scrapers_at_once_share_few_pages(standing):
    scrapers = 50
    begin, answers = threading.Barrier(scrapers), []

    def scraper(number):
        begin.wait()
        answers.append(scrape(standing, PROMETHEUS_3, "gzip" if number % 2 else None))
    threads = [threading.Thread(target=scraper, args=(number,)) for number in range(scrapers)]
    started = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.monotonic() - started
    assert [answer.status for answer in answers] == [200] * scrapers
    assert took < 5
    pages = {answer.body for answer in answers}
    # Each lives 100 ms, in two codings, unless a verdict is published meanwhile, which is once a second here.
    assert len(pages) <= 2 * (took / 0.1 + took + 2), took
    for page in pages:
        read = gzip.decompress(page) if page.startswith(b"\x1f\x8b") else page
        assert values(openmetrics_families(read.decode()))


@pytest.fixture
def frozen(frozen_world):
    """One healthy instance on a mount that then hangs."""
    instance = frozen_world.instance()
    instance.write_settings(mount={"deadline": "300ms"}, checks={"interval": "200ms"})
    instance.serving()
    frozen_world.faultfs.freeze()
    instance.agent.until(check="mount", reason="hung")
    return instance.agent


def test_a_scrape_of_a_hung_mount_is_on_time_and_stale(frozen):
    took = []

    def age():
        started = time.monotonic()
        response = scrape(frozen, PROMETHEUS_2, "gzip", **{"X-Prometheus-Scrape-Timeout-Seconds": "1"})
        took.append(time.monotonic() - started)
        said = values(openmetrics_families(gzip.decompress(response.body).decode()))
        assert said[("postfix_elb_agent_mount_probe_stuck", ())] == 1
        assert said[("postfix_elb_agent_check_reason", (("check", "mount"), ("reason", "hung")))] == 1
        return said[("postfix_elb_agent_check_age_seconds", (("check", "queue_link"),))]
    first = age()
    eventually(lambda: age() > first + 0.5, "the facts behind the link grow old")
    assert sorted(took)[len(took) // 2] < 1, took


@pytest.mark.parametrize("timeout", ["", "0", "-1", "soon", "1e400", "9" * 300, "0.1, 5"])
def test_the_scrape_timeout_header_changes_nothing(standing, timeout):
    response = scrape(standing, **{"X-Prometheus-Scrape-Timeout-Seconds": timeout})
    assert response.status == 200 and values(text_families(response.body.decode()))
