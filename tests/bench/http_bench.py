# SPDX-License-Identifier: Apache-2.0
"""/health beside nginx answering the same bytes: one worker each on core 0, wrk on core 1, turn about."""
import contextlib
import re
import subprocess
import sys

import peers

SAMPLE = (200, "application/health+json", b'{"status": "pass", "output": "%s"}' % (b"x" * 1200))  # for --peers-only
UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


def wrk(url, seconds):
    """(requests per second, p99 in ms, requests without a good answer) of keep-alive connections."""
    argv = ["taskset", "-c", "1", "wrk", "-t1", "-c64", f"-d{seconds}s", "--latency", url]
    said = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1])
    number, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", said).groups()
    errors = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", said)
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    failed = [*(errors.groups() if errors else ()), *(refused.groups() if refused else ())]
    return rate, float(number) * UNITS[unit], sum(map(int, failed))


def contenders_for_health(options, stack):
    """The agent, unless only peers are asked for, and nginx, which answers the same bytes. `stack` ends them."""
    contenders = []
    status, content_type, body = SAMPLE
    if not options.peers_only:
        ours = stack.enter_context(peers.agent())
        status, headers, body = ours.ask()
        content_type = headers["Content-Type"]
        contenders.append(ours)
    nginx = stack.enter_context(peers.nginx(status, content_type, body))
    assert nginx.ask()[0] == status and nginx.ask()[2] == body, "nginx does not answer the same bytes"
    return [*contenders, nginx]


def run(options, table):
    with contextlib.ExitStack() as stack:
        contenders = contenders_for_health(options, stack)
        status, _, body = contenders[0].ask()
        for contender in contenders:
            contender.pin(0)
            wrk(contender.url, 1)  # warms up

        results = {contender.name: [] for contender in contenders}
        for number in range(options.rounds):
            for contender in contenders:
                result = wrk(contender.url, options.seconds)
                results[contender.name].append(result)
                print(f"  round {number + 1} {contender.name}: {result[0]:.0f} req/s, p99 {result[1]:.2f} ms",
                      file=sys.stderr)

    def column(name, number):
        return [result[number] for result in results.get(name, [])]

    table.add("http", "requests per second", "nginx", column("agent", 0), column("nginx", 0), "at least 0.9")
    table.add("http", "p99", "nginx", column("agent", 1), column("nginx", 1), unit="ms")
    failed = {name: sum(result[2] for result in rounds) for name, rounds in results.items()}
    table.note("http", f"status {status}, {len(body)} bytes of body; medians of {options.rounds} rounds of "
                       f"{options.seconds} s in turn; requests without a good answer {failed}")
    table.command("http", "taskset -c 0 <server>; taskset -c 1 wrk -t1 -c64 "
                          f"-d{options.seconds}s --latency http://127.0.0.1:PORT/health")
    for contender in contenders:
        table.command("http", contender.command)
