# SPDX-License-Identifier: Apache-2.0
"""In a machine: some load balancer nodes that ask /health again and again, each with one question under way. A line of
JSON for each answer (support/poller.py: at, took, status, text) on stdout."""
import json
import threading
import time

import poller

NODES = 4
EVERY = 0.25
PATIENCE = 60  # longer than anything that a probe may have to queue for


def ask_for_ever():
    while True:
        answer = poller.ask(8025, timeout=PATIENCE)
        print(json.dumps(answer._asdict()) + "\n", end="", flush=True)
        time.sleep(max(0.0, EVERY - answer.took))


for _ in range(NODES):
    threading.Thread(target=ask_for_ever).start()
