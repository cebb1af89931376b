# SPDX-License-Identifier: Apache-2.0
"""A real Prometheus of the tests' own: it scrapes agents every two seconds, and is asked over its API."""
import http.client
import json
import os
import shutil
import subprocess
import tempfile
import urllib.parse

from support.deadline import eventually
from support.postfix import free_port

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
RULES = f"{ROOT}/deploy/prometheus/postfix-elb-agent.rules.yml"
JOB = "postfix-elb-agent"

CONFIG = """\
global: {{scrape_interval: 2s, scrape_timeout: 2s, evaluation_interval: 2s}}
rule_files: [{rules}]
scrape_configs:
  - job_name: {job}
    static_configs:
      - targets: {targets}
"""


class PrometheusServer:
    """Scrapes these ports of this machine; "127.0.0.1:<port>" is the label "instance" of each."""

    def __init__(self, ports):
        self._directory = tempfile.mkdtemp(prefix="pea-prometheus-")
        self.port = free_port()
        config = f"{self._directory}/prometheus.yml"
        with open(config, "w") as file:
            file.write(CONFIG.format(rules=RULES, job=JOB, targets=json.dumps([f"127.0.0.1:{port}" for port in ports])))
        self._log_path = f"{self._directory}/log"
        with open(self._log_path, "wb") as log:
            self._process = subprocess.Popen(
                ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={self._directory}/data",
                 f"--web.listen-address=127.0.0.1:{self.port}", "--log.level=warn"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**os.environ, "GOMAXPROCS": "1"})
        try:
            eventually(self._ready, "Prometheus is ready", within=60)
        except AssertionError as error:
            said = self.log()
            self.stop()
            raise AssertionError(f"{error}\n{said}") from None

    def _ready(self):
        assert self._process.poll() is None, "Prometheus ended"
        try:
            return self._get("/-/ready")[0] == 200
        except OSError:
            return False

    def _get(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("GET", path)
            reply = connection.getresponse()
            return reply.status, reply.read()
        finally:
            connection.close()

    def ask(self, path, **parameters):
        """The field "data" of an answer of its API, /api/v1/<path>."""
        status, body = self._get(f"/api/v1/{path}?{urllib.parse.urlencode(parameters)}")
        answer = json.loads(body)
        assert status == 200 and answer["status"] == "success", (path, parameters, answer)
        return answer["data"]

    def query(self, expression):
        """[(labels, value)] of an expression, now. A value that is no number is NaN."""
        data = self.ask("query", query=expression)
        if data["resultType"] == "scalar":
            return [({}, float(data["result"][1]))]
        return [(row["metric"], float(row["value"][1])) for row in data["result"]]

    def targets(self):
        """What it says of each: {"127.0.0.1:8025": {"health": "up", "lastError": "", ...}}."""
        return {target["labels"]["instance"]: target for target in self.ask("targets")["activeTargets"]}

    def log(self):
        with open(self._log_path, errors="replace") as file:
            return file.read()

    def stop(self):
        self._process.kill()
        self._process.wait()
        shutil.rmtree(self._directory, ignore_errors=True)
