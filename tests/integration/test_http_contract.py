# SPDX-License-Identifier: Apache-2.0
"""What is promised over HTTP: paths, statuses, headers, bodies, limits."""
import http.client
import json
import re
import socket
import subprocess
import time

import pytest
from prometheus_client.parser import text_string_to_metric_families

from support.deadline import eventually

pytestmark = pytest.mark.traced

PAGE_LIFE = 0.1  # s, for which a page of /metrics is cached
CHECKS = ("mount", "queue_link", "master_pid", "startup_log", "ownership", "relink")
CHECK_PATHS = [f"/health/{check}" for check in CHECKS]


@pytest.fixture(scope="module")
def standing():
    """One healthy instance for the whole file: no test here changes its verdict."""
    from support.world import World
    world = World()
    try:
        yield world.instance().serving()
    finally:
        for instance in world.instances:
            if instance.agent:
                instance.agent.stop()
        world.close()


@pytest.fixture
def failing(instance):
    """Serving, with nothing mounted."""
    instance.bake().serve().until(check="mount", reason="missing")
    return instance


@pytest.mark.parametrize("path", ["/health", "/readyz", "/livez", "/", "/metrics", *CHECK_PATHS])
def test_every_page_is_200_when_all_is_well(standing, path):
    response = standing.agent.request(path)
    assert response.status == 200
    assert response.headers["cache-control"] == "no-store"
    assert int(response.headers["content-length"]) == len(response.body) > 0


@pytest.mark.parametrize("path", ["/health", "/readyz", "/health/mount"])
def test_health_pages_are_503_of_the_same_form_without_the_mount(failing, path):
    response = failing.agent.request(path)
    assert response.status == 503
    assert response.headers["content-type"] == "application/health+json"
    assert response.headers["cache-control"] == "no-store"
    assert response.json["status"] == "fail"
    row = response.json["checks"]["mount"][0]
    assert (row["status"], row["reason"]) == ("fail", "missing")
    assert failing.world.mount_path in row["output"]
    assert any(failing.world.mount_path in command for command in row["commands"])


def test_livez_and_metrics_are_200_even_then(failing):
    for path in ("/livez", "/metrics"):
        assert failing.agent.request(path).status == 200


def test_the_index_has_the_status_of_health_in_both_forms(failing):
    for form in ("text/html", "text/plain"):
        response = failing.agent.request("/", headers={"Accept": form, "User-Agent": "ELB-HealthChecker/2.0"})
        assert response.status == 503
        assert response.headers["content-type"].startswith(form)
        assert "mount" in response.body.decode() and "missing" in response.body.decode()


@pytest.mark.parametrize("path", ["/health", "/readyz", "/livez", "/metrics", *CHECK_PATHS])
def test_one_slash_at_the_end_is_ignored(standing, path):
    response = standing.agent.request(f"{path}/")
    assert response.status == 200
    assert response.headers["content-type"] == standing.agent.request(path).headers["content-type"]


def test_the_body_of_health_has_the_fields_of_the_draft(standing):
    body = standing.agent.health().json
    assert body["status"] == "pass"
    assert body["serviceId"] == standing.id
    assert body["phase"] == "serving"
    assert body["version"] and body["releaseId"]
    assert "output" not in body
    assert set(body["checks"]) == set(CHECKS)
    for check in CHECKS:
        row = body["checks"][check][0]
        assert row["status"] == "pass"
        assert "reason" not in row and "output" not in row and "remedy" not in row and "commands" not in row
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", row["time"]), row["time"]


def test_times_of_the_facts_go_on(standing):
    first = standing.agent.row("mount")["time"]
    eventually(lambda: standing.agent.row("mount")["time"] > first, "a fresh look at the mount", within=5)


def test_a_single_check_has_the_same_form(standing):
    body = standing.agent.request("/health/queue_link").json
    assert body["status"] == "pass" and list(body["checks"]) == ["queue_link"]
    assert body["checks"]["queue_link"][0]["observedValue"] == standing.queue


def test_pretty_indents_and_says_the_same(standing):
    pretty = standing.agent.request("/health?pretty")
    assert pretty.body.count(b"\n") > 10
    assert set(pretty.json) == set(standing.agent.health().json)
    assert b"\n" not in standing.agent.health().body.strip()


def test_the_index_is_a_page_for_a_browser(standing):
    response = standing.agent.request("/")
    assert response.headers["content-type"].startswith("text/")
    text = response.body.decode()
    assert standing.id in text and "master_pid" in text


@pytest.mark.parametrize("path", ["/nope", "/health//", "/health/nope", "//", "/healthz", "/health/mount/x", "//health",
                                  "/%68ealth", "/health/../metrics"])
def test_other_paths_are_404(standing, path):
    assert standing.agent.request(path).status == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"])
def test_other_methods_are_405_with_allow(standing, method):
    response = standing.agent.request("/health", method=method)
    assert response.status == 405
    assert {word.strip() for word in response.headers["allow"].split(",")} == {"GET", "HEAD"}


@pytest.mark.parametrize("path", ["/health", "/livez", "/metrics", "/", "/nope"])
def test_head_has_the_headers_of_get_and_no_body(standing, path):
    head, get = standing.agent.request(path, method="HEAD"), standing.agent.request(path)
    assert head.status == get.status
    assert head.headers["content-type"] == get.headers["content-type"]
    assert head.body == b"" and int(head.headers["content-length"]) > 0
    if path != "/metrics":
        assert head.headers["content-length"] == get.headers["content-length"]


@pytest.mark.parametrize("host", ["10.0.0.7:25", "xn--anything.example", "[::1]:8025", ""])
def test_any_host_is_answered(standing, host):
    assert standing.agent.request("/health", headers={"Host": host}).status == 200


def test_http_1_0_and_a_request_without_host(standing):
    assert standing.agent.raw(b"GET /livez HTTP/1.0\r\n\r\n").split(b"\r\n")[0].endswith(b" 200 OK")
    assert b" 200 OK" in standing.agent.raw(b"GET /livez HTTP/1.1\r\nConnection: close\r\n\r\n")


def test_health_answers_a_load_balancer_s_probe(standing):
    answer = standing.agent.raw(b"GET /health HTTP/1.1\r\nHost: 10.0.1.12:8025\r\nConnection: close\r\n"
                                b"User-Agent: ELB-HealthChecker/2.0\r\nAccept-Encoding: gzip, compressed\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"\r\nConnection: close\r\n" in answer


def test_a_kept_connection_answers_one_request_after_another_pipelined_too(standing):
    connection = http.client.HTTPConnection("127.0.0.1", standing.agent.port, timeout=5)
    for path in ("/health", "/nope", "/livez"):
        connection.request("GET", path)
        connection.getresponse().read()
    connection.close()
    request = b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"
    last = b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    assert standing.agent.raw(request * 3 + last).count(b"HTTP/1.1 200 OK") == 4


@pytest.mark.parametrize("data", [b"nonsense\r\n\r\n", b"GET\r\n\r\n", b"GET /health\r\n\r\n",
                                  b"GET /health HTTP/3.0\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n",
                                  b"GET health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
                                  b"GET /health HTTP/1.1\r\nno colon here\r\n\r\n"])
def test_a_malformed_request_is_400_and_closed(standing, data):
    assert standing.agent.raw(data).split(b"\r\n")[0].startswith(b"HTTP/1.1 400 ")
    assert standing.agent.request("/livez").status == 200


SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
REQUEST = (b"GET /health HTTP/1.1\r\nHost: 10.0.1.12:8025\r\nConnection: close\r\n"
           b"User-Agent: ELB-HealthChecker/2.0\r\n\r\n")
# What a network load balancer adds: type 0xEA, and in it the id of the VPC endpoint.
TLVS = b"\xea\0\x17\x01vpce-08d2bf15fac5001c9" + b"\x04\0\x37" + b"\0" * 55


IPV4 = socket.inet_aton("10.0.3.7") + socket.inet_aton("10.0.1.12") + b"\xdc\x04\x1f\x59"
PROXY_HEADERS = {
    "version 2, local": SIGNATURE + b"\x20\0\0\0",
    "version 2, local, TLVs": SIGNATURE + b"\x20\0\0\x54" + TLVS,
    "version 2, IPv4": SIGNATURE + b"\x21\x11\0\x0c" + IPV4,
    "version 2, IPv6, TLVs": SIGNATURE + b"\x21\x21\0\x78" + b"\x20" * 36 + TLVS,
    "version 2, unspecified": SIGNATURE + b"\x21\0\0\0",
    "version 2, Unix": SIGNATURE + b"\x21\x31\0\xd8" + b"/" * 216,
    "version 1, IPv4": b"PROXY TCP4 10.0.3.7 10.0.1.12 56324 8025\r\n",
    "version 1, IPv6": b"PROXY TCP6 2001:db8::7 2001:db8::12 56324 8025\r\n",
    "version 1, unknown": b"PROXY UNKNOWN\r\n",
}
MALFORMED_PROXY_HEADERS = {
    "version 3": SIGNATURE + b"\x31\x11\0\x0c" + IPV4,
    "another command": SIGNATURE + b"\x22\x11\0\x0c" + IPV4,
    "addresses too short": SIGNATURE + b"\x21\x11\0\x04aaaa",
    "version 2 too long": SIGNATURE + b"\x20\0\xff\xff",
    "a port is missing": b"PROXY TCP4 10.0.3.7 10.0.1.12 56324\r\n",
    "version 1 too long": b"PROXY UNKNOWN " + b"x" * 107,
}


@pytest.mark.parametrize("header", PROXY_HEADERS.values(), ids=PROXY_HEADERS.keys())
def test_a_proxy_header_before_the_first_request_is_skipped(standing, header):
    assert standing.agent.raw(header + REQUEST).startswith(b"HTTP/1.1 200 OK\r\n")
    with socket.create_connection(("127.0.0.1", standing.agent.port), timeout=15) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for at in range(0, len(header), 5):
            connection.sendall(header[at:at + 5])
        connection.sendall(REQUEST)
        assert connection.recv(4096).startswith(b"HTTP/1.1 200 OK\r\n")


def test_curl_s_proxy_header_is_skipped(standing):
    url = f"http://127.0.0.1:{standing.agent.port}/health"
    argv = ["curl", "--silent", "--haproxy-protocol", "--output", "/dev/null", "--write-out", "%{http_code} ", url, url]
    assert subprocess.run(argv, capture_output=True, text=True, timeout=20).stdout.split()[0] == "200"


@pytest.mark.parametrize("header", MALFORMED_PROXY_HEADERS.values(), ids=MALFORMED_PROXY_HEADERS.keys())
def test_a_malformed_proxy_header_is_400_and_named(standing, header):
    answer = standing.agent.raw(header + REQUEST)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"PROXY protocol" in answer.partition(b"\r\n\r\n")[2]


def connect_from(agent, host):
    return socket.create_connection(("127.0.0.1", agent.port), timeout=15, source_address=(host, 0))


def has_ended(connection):
    """Whether the other end has closed it."""
    connection.setblocking(False)
    try:
        return connection.recv(1) == b""
    except BlockingIOError:
        return False


def test_a_source_over_its_limit_loses_its_own_connections_only(standing):
    key = ("postfix_elb_agent_http_connections_evicted_total", (("why", "source"),))
    before = samples(standing.agent)[1][key]
    with connect_from(standing.agent, "127.0.0.2") as other:
        other.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
        assert other.recv(4096).startswith(b"HTTP/1.1 200 OK")
        many = [connect_from(standing.agent, "127.0.0.3") for _ in range(80)]
        try:
            eventually(lambda: sum(map(has_ended, many)) >= 16, "connections above 64 of one source are closed")
            assert not has_ended(other)
        finally:
            for connection in many:
                connection.close()
    eventually(lambda: samples(standing.agent)[1][key] >= before + 16, "they are counted")


def test_a_connection_is_closed_after_its_thousandth_request(standing):
    requests = 1001 * b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"
    answers = standing.agent.raw(requests)
    assert answers.count(b"HTTP/1.1 200 OK") == 1000
    assert answers.count(b"Connection: close") == 1
    assert b"Connection: close" in answers.rpartition(b"HTTP/1.1 ")[2]


def test_a_header_over_its_limit_is_431(standing):
    answer = standing.agent.raw(b"GET /health HTTP/1.1\r\nX: " + b"x" * 9000 + b"\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 431 ")


def test_a_half_sent_request_gets_408_within_its_time(standing):
    started = time.monotonic()
    answer = standing.agent.raw(b"GET /health HTTP/1.1\r\nHost:", timeout=20)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert time.monotonic() - started < 10


def test_empty_and_reset_connections_of_load_balancers_are_not_logged(standing):
    said = standing.agent.stderr()
    for _ in range(50):
        socket.create_connection(("127.0.0.1", standing.agent.port)).close()
        with socket.create_connection(("127.0.0.1", standing.agent.port)) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    assert standing.agent.request("/health").status == 200
    assert standing.agent.stderr() == said


def test_hundreds_of_silent_clients_delay_no_other_client(standing):
    silent = [socket.create_connection(("127.0.0.1", standing.agent.port)) for _ in range(600)]
    try:
        started = time.monotonic()
        assert standing.agent.request("/health").status == 200
        assert time.monotonic() - started < 1
    finally:
        for connection in silent:
            connection.close()


def test_a_client_that_closes_its_sending_side_gets_its_answer(standing):
    answer = standing.agent.raw(b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", half_close=True)
    assert answer.startswith(b"HTTP/1.1 200 OK")


def samples(agent):
    response = agent.request("/metrics")
    assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
    families = {family.name: family for family in text_string_to_metric_families(response.body.decode())}
    return families, {(sample.name, tuple(sorted(sample.labels.items()))): sample.value
                      for family in families.values() for sample in family.samples}


def test_prometheus_own_parser_reads_metrics_that_match_health(standing):
    families, values = samples(standing.agent)
    prefix = "postfix_elb_agent_"
    for name in ("health_status", "check_status", "check_reason", "check_duration_seconds", "check_age_seconds",
                 "check_transitions", "relink_duration_seconds", "relink_outcome", "mount_probe_stuck",
                 "http_requests", "build_info"):
        assert prefix + name in families, name
    assert values[(prefix + "health_status", (("endpoint", "health"), ("state", "pass")))] == 1
    assert values[(prefix + "health_status", (("endpoint", "health"), ("state", "fail")))] == 0
    for check in CHECKS:
        assert values[(prefix + "check_status", (("check", check), ("state", "pass")))] == 1
        age = values[(prefix + "check_age_seconds", (("check", check),))]
        assert 0 <= age < 5 or check == "relink", "only of the relink the facts are as old as its end"
    assert all(value == 0 for (name, _), value in values.items() if name == prefix + "check_reason")
    for name in ("process_start_time_seconds", "process_cpu_seconds", "process_resident_memory_bytes",
                 "process_open_fds", "process_max_fds"):
        assert name in families or name + "_total" in families, name


def test_metrics_follow_a_fault(failing):
    _, values = samples(failing.agent)
    prefix = "postfix_elb_agent_"
    assert values[(prefix + "health_status", (("endpoint", "health"), ("state", "fail")))] == 1
    assert values[(prefix + "check_reason", (("check", "mount"), ("reason", "missing")))] == 1


def test_requests_are_counted_by_path_and_code_with_bounded_labels(standing):
    key = lambda path, code: ("postfix_elb_agent_http_requests_total", (("code", code), ("path", path)))

    def counted():
        time.sleep(2 * PAGE_LIFE)  # what is answered then was rendered now
        return samples(standing.agent)[1]
    before = counted()
    for path in ("/livez", "/livez", "/a", "/b", "/c?d"):
        standing.agent.request(path)
    after = counted()
    assert after[key("/livez", "200")] - before.get(key("/livez", "200"), 0) == 2
    assert after[key("other", "404")] - before.get(key("other", "404"), 0) == 3
    assert not [name for name in after if ("path", "/a") in name[1]]


def test_ipv6_and_ipv4_on_one_listener(instance):
    if not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    instance.write_settings(listen={"address": "::"})
    instance.serve()
    for address in ("127.0.0.1", "::1"):
        with socket.create_connection((address, instance.agent.port), timeout=5) as connection:
            connection.sendall(b"GET /livez HTTP/1.0\r\n\r\n")
            assert b" 200 OK" in connection.recv(4096)


def test_the_body_stays_the_same_between_two_rounds(standing):
    """It is rendered when the verdict changes or ages, not per request."""
    bodies = [standing.agent.health().body for _ in range(20)]
    assert len(set(bodies)) <= 4
    for body in bodies:
        json.loads(body)
