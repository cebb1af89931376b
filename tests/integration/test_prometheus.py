# SPDX-License-Identifier: Apache-2.0
"""A real Prometheus scrapes real agents: what it makes of their metrics, of the alert rules, and of the dashboard."""
import json
import math
import os
import re
import smtplib
import subprocess

import pytest
from prometheus_client.parser import text_string_to_metric_families

from conftest import _finish
from support.deadline import eventually
from support.prometheus_server import JOB, ROOT, RULES, PrometheusServer
from support.world import OTHER, World

DEPLOY = f"{ROOT}/deploy"
DASHBOARD = f"{DEPLOY}/grafana/postfix-elb-agent.json"
# One domain's mail is delivered (and thrown away), all other stays deferred; one sender is rejected.
MORE_MAIN_CF = """
transport_maps = inline:{ delivered.example=discard: }
smtpd_sender_restrictions = check_sender_access inline:{ rejected@example.org=REJECT }
"""
MORE_MASTER_CF = "discard unix - - n - - discard\n"
# What a real relay logs and this one does not.
MORE_LOG = """\
{stamp} {host} postfix/smtpd[77]: Anonymous TLS connection established from unknown[192.0.2.1]: TLSv1.3 with cipher \
TLS_AES_256_GCM_SHA384 (256/256 bits)
{stamp} {host} postfix/smtp[78]: Verified TLS connection established to mx.example[192.0.2.2]:25: TLSv1.2 with cipher \
ECDHE-RSA-AES256-GCM-SHA384 (256/256 bits)
{stamp} {host} postfix/smtpd[77]: warning: hostname nowhere.example does not resolve to address 192.0.2.1
"""


class NfsClient:
    """The counters of an NFS mount, as Linux 6.1 shows them, for a host whose mount is none: they replace the
    file that its agent reads."""
    OPERATIONS = ("NULL", "READ", "WRITE", "COMMIT", "OPEN", "CLOSE", "SETATTR", "LOCK", "LOCKU", "ACCESS", "GETATTR",
                  "LOOKUP", "REMOVE", "RENAME", "LINK", "CREATE", "READDIR", "SEQUENCE")

    def __init__(self, instance):
        self.mount_path = instance.world.mount_path
        self.file = f"{instance.world.directory}/mountstats"
        self.worked = 0
        self.work()
        instance.host.run("sh", "-c", f"mount --bind {self.file} /proc/$(pgrep -x pea-host)/mountstats")

    def work(self):
        """Doubles every counter."""
        self.worked += 1
        n = self.worked
        lines = [f"device srv:/ mounted on {self.mount_path} with fstype nfs4 statvers=1.1",
                 "\topts:\trw,vers=4.1,rsize=1048576,wsize=1048576,hard,proto=tcp,timeo=600,retrans=2",
                 f"\tage:\t{60 * n}", f"\tbytes:\t{n} {n} 0 0 {4096 * n} {8192 * n} {n} {n} ",
                 "\tRPC iostats version: 1.1  p/v: 100003/4 (nfs)",
                 f"\txprt:\ttcp 803 1 {n} 0 0 {9 * n} {9 * n} {n} {20 * n} {5 * n} 2 {n} {n}", "\tper-op statistics"]
        lines += [f"\t{operation:>12}: {10 * n} {11 * n} {n} {900 * n} {800 * n} {4 * n} {37 * n} {41 * n} {n}"
                  for operation in self.OPERATIONS]
        with open(self.file, "w") as file:  # the same file: it is the one that is bound
            file.write("\n".join(lines) + "\n")


class Fleet:
    """A busy relay, one without its mount, and the Prometheus that scrapes both."""

    def __init__(self, world):
        self.relay = world.instance()
        self.relay.write_settings(census={"interval": "1s"})
        self._extend_postfix()
        self.relay.serving()
        self.nfs_client = NfsClient(self.relay)
        self.bad = world.instance(OTHER)
        self.bad.bake().serve().until(check="mount", reason="missing")
        self.prometheus = PrometheusServer([self.relay.agent.port, self.bad.agent.port])

    def _extend_postfix(self):
        postfix = self.relay.postfix
        for name, text in (("main.cf", MORE_MAIN_CF), ("master.cf", MORE_MASTER_CF)):
            with open(f"{postfix.config}/{name}", "a") as file:
                file.write(text)
            os.utime(f"{postfix.config}/{name}", (1_600_000_000, 1_600_000_000))

    @staticmethod
    def label(instance):
        return f"127.0.0.1:{instance.agent.port}"

    def mail(self):
        """Some of everything that a relay sees."""
        postfix = self.relay.postfix
        postfix.send("goes", recipient="a@delivered.example")
        postfix.send("stays", recipient="b@deferred.example")
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            postfix.send("is not wanted", sender="rejected@example.org")
        last = postfix.log_text().splitlines()[-1]
        with open(postfix.log, "a") as file:
            file.write(MORE_LOG.format(stamp=last[:15], host=self.relay.host.name))
        self.nfs_client.work()

    def families(self, instance):
        return list(text_string_to_metric_families(instance.agent.request("/metrics").body.decode()))


@pytest.fixture(scope="module")
def fleet():
    world = World()
    made = None
    try:
        made = Fleet(world)
        made.mail()
        eventually(lambda: len(made.prometheus.query(f'up{{job="{JOB}"}} == 1')) == 2, "both are scraped", within=30)
        yield made
    finally:
        if made:
            made.prometheus.stop()
        _finish(world)


def series(labels):
    """Labels as one key. An empty one is none to Prometheus; a bound is "1.0" in OpenMetrics, which is scraped, and "1"
    in the text."""
    return tuple(sorted((name, float(value) if name == "le" else value) for name, value in labels.items() if value))


def samples(families):
    return {(sample.name, series(sample.labels)): sample.value for family in families for sample in family.samples}


# ---- the scrape

def test_both_targets_are_up_without_warnings(fleet):
    def said():
        return {name: (target["health"], target["lastError"]) for name, target in fleet.prometheus.targets().items()}
    eventually(lambda: said() == {fleet.label(instance): ("up", "") for instance in (fleet.relay, fleet.bad)},
               "both are up", within=30)


def test_prometheus_has_every_series_of_the_page_with_its_value(fleet):
    """Values are compared, except those that change between the scrape and the query."""
    changes = re.compile("seconds|process_|http_requests|_census|log_lines|operations")

    def scraped(instance):
        found = {}
        for labels, value in fleet.prometheus.query(f'{{job="{JOB}", instance="{fleet.label(instance)}"}}'):
            name = labels.pop("__name__")
            del labels["job"], labels["instance"]
            if name not in ("up", "ALERTS", "ALERTS_FOR_STATE") and not name.startswith("scrape_"):
                found[name, series(labels)] = value
        return found

    def difference(instance):
        page, known = samples(fleet.families(instance)), scraped(instance)
        assert len(page) > 50
        return {key: (value, known.get(key)) for key, value in page.items()
                if key not in known or not changes.search(key[0]) and known[key] != value} or page.keys() ^ known.keys()
    for instance in (fleet.relay, fleet.bad):
        try:
            eventually(lambda: not difference(instance), "Prometheus knows what the page says", within=30)
        except AssertionError as error:
            raise AssertionError(f"{error}: {difference(instance)}") from None
    assert {labels["instance"]: value for labels, value in fleet.prometheus.query("postfix_up")} == {
        fleet.label(fleet.relay): 1, fleet.label(fleet.bad): 0}


def test_promtool_accepts_the_page_of_a_busy_relay(fleet):
    page = fleet.relay.agent.request("/metrics").body
    done = subprocess.run(["promtool", "check", "metrics"], input=page, capture_output=True)
    assert done.stdout.decode() + done.stderr.decode() == ""


def test_types_and_help_texts_arrive(fleet):
    metadata = fleet.prometheus.ask("metadata")
    assert metadata["postfix_elb_agent_check_transitions"][0]["type"] == "counter", "by its name in OpenMetrics"
    assert metadata["process_resident_memory_bytes"][0]["unit"] == "bytes"
    assert metadata["postfix_showq_message_age_seconds"][0] == {
        "type": "histogram", "unit": "seconds", "help": metadata["postfix_showq_message_age_seconds"][0]["help"]}
    assert all(entry["help"] and entry["type"] != "unknown" for name, entries in metadata.items()
               for entry in entries if name.startswith("postfix"))


# ---- the rules

def rules():
    """{alert: the text of its rule}."""
    with open(RULES) as file:
        text = file.read()
    return dict(re.findall(r"- alert: (\w+)\n(.*?)(?=\n\n|\Z)", text, re.DOTALL))


def metrics_in(expression):
    return set(re.findall(r"\b(?:postfix|process)_\w+", expression))


def test_promtool_passes_the_rules_and_their_tests():
    directory = f"{DEPLOY}/prometheus"
    for words in (("check", "rules", "postfix-elb-agent.rules.yml"), ("check", "config", "scrape.yml"),
                  ("test", "rules", "postfix-elb-agent.rules.test.yml")):
        done = subprocess.run(["promtool", *words], cwd=directory, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_has_a_firing_and_a_silent_test():
    with open(f"{DEPLOY}/prometheus/postfix-elb-agent.rules.test.yml") as file:
        text = file.read()
    looks = re.findall(r"alertname: (\w+)(\n +exp_alerts:)?", text)
    assert {name for name, fires in looks if fires} == set(rules()) == {name for name, fires in looks if not fires}


def test_every_alert_has_severity_instance_and_runbook():
    for name, rule in rules().items():
        assert re.search(r"severity: (critical|warning)\n", rule), name
        summary = re.search(r'summary: "(.*)"', rule)[1]
        assert re.match(r"\{\{ \$labels\.instance \}\}: |\{\{ \$value \}\} instances|Prometheus ", summary), name
        path, anchor = re.search(r'runbook: "([^"#]+)#([a-z-]+)"', rule).groups()
        with open(f"{ROOT}/{path}") as file:
            headings = re.findall(r"^#+ (.*)$", file.read(), re.MULTILINE)
        anchors = {re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings}
        assert anchor in anchors, f"{name}: {path} has no heading for #{anchor}"


def test_rules_and_dashboard_use_metrics_of_the_agent_only(fleet):
    fleet.mail()
    with open(RULES) as file:
        wanted = metrics_in(file.read()).union(*(metrics_in(expression) for _, expression in queries()))

    def all_are_there():
        known = {sample.name for family in fleet.families(fleet.relay) for sample in family.samples}
        return wanted <= known
    eventually(all_are_there, "the agent has all of them", within=30)


def test_the_alerts_fire_for_the_bad_instance_alone(fleet):
    loaded = [rule for group in fleet.prometheus.ask("rules")["groups"] for rule in group["rules"]]
    assert {rule["name"] for rule in loaded} == set(rules())
    assert not [rule["lastError"] for rule in loaded if rule.get("lastError")]

    def alerts():
        return {(row["alertname"], row.get("instance")) for row, _ in fleet.prometheus.query("ALERTS")}
    eventually(lambda: ("PostfixElbAgentUnhealthy", fleet.label(fleet.bad)) in alerts(), "the alert is pending", within=30)
    eventually(lambda: ("PostfixDown", fleet.label(fleet.bad)) in alerts(), "so is that one", within=30)
    eventually(lambda: not [alert for alert, instance in alerts() if instance == fleet.label(fleet.relay)],
               "nothing is said of the good one", within=30)


# ---- the dashboard

def panels():
    with open(DASHBOARD) as file:
        return json.load(file)["panels"]


def queries():
    """(the panel's title, the expression) of each, with Grafana's variables as it would fill them in."""
    filled = {"$job": JOB, "$instance": ".*", "$__rate_interval": "20s"}
    found = []
    for panel in panels():
        for target in panel.get("targets", ()):
            expression = target["expr"]
            for variable, value in filled.items():
                expression = expression.replace(variable, value)
            assert "$" not in expression, expression
            found.append((panel["title"], expression))
    return found


def test_the_dashboard_has_the_form_that_grafana_reads():
    with open(DASHBOARD) as file:
        dashboard = json.load(file)
    assert dashboard["schemaVersion"] == 38 and dashboard["uid"] == "postfix-elb-agent"
    assert [variable["name"] for variable in dashboard["templating"]["list"]] == ["datasource", "job", "instance"]
    job = dashboard["templating"]["list"][1]
    assert job["includeAll"] and "allValue" not in job, "all jobs of this agent, and not every job that there is"
    ids = [panel["id"] for panel in panels()]
    assert len(ids) == len(set(ids))
    taken = set()
    for panel in panels():
        place = panel["gridPos"]
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"])
                 for y in range(place["y"], place["y"] + place["h"])}
        assert place["x"] + place["w"] <= 24 and not cells & taken, f"{panel['title']} lies on another"
        taken |= cells
        if panel["type"] != "row":
            assert panel["datasource"]["uid"] == "${datasource}" and panel["targets"], panel["title"]


def test_every_query_of_the_dashboard_returns_data(fleet):
    fleet.mail()

    def empty():
        return [query for query in queries()
                if all(math.isnan(value) for _, value in fleet.prometheus.query(query[1]))]

    def none_is_empty():
        if not empty():
            return True
        fleet.mail()
        return None
    try:
        eventually(none_is_empty, "every query has data", within=40, step=1)
    except AssertionError as error:
        raise AssertionError("\n".join([str(error), *map(str, empty())])) from None


def test_the_variables_of_the_dashboard_find_the_fleet(fleet):
    assert fleet.prometheus.ask("label/job/values", **{"match[]": "postfix_elb_agent_build_info"}) == [JOB]
    found = fleet.prometheus.ask("label/instance/values", **{"match[]": "postfix_elb_agent_build_info"})
    assert set(found) == {fleet.label(fleet.relay), fleet.label(fleet.bad)}
