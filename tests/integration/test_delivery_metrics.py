# SPDX-License-Identifier: Apache-2.0
"""/metrics counts the deliveries of the log: each line once."""
import itertools
import os
import shutil
import signal
import smtplib
import time

import pytest
from prometheus_client.parser import text_string_to_metric_families

from support.deadline import eventually, stays
from support.journald import Journald
from support.postfix import free_port

pytestmark = pytest.mark.traced

CONNECT = "postfix/smtpd[{pid}]: connect from unknown[192.0.2.1]"
CONNECTS = "postfix_smtpd_connects_total"
LINES = "postfix_elb_agent_log_lines_total"


class Metrics:
    """One answer of /metrics, as Prometheus reads it."""

    def __init__(self, agent):
        text = agent.request("/metrics").body.decode()
        self._samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]

    def value(self, name, **labels):
        """The sum of the series that have these labels."""
        return sum(sample.value for sample in self._samples
                   if sample.name == name and labels.items() <= sample.labels.items())


def counted(agent, name, expected, within=15, **labels):
    """Waits until it is this number; fails with the number that it is."""
    values = []

    def so():
        values[:] = [Metrics(agent).value(name, **labels)]
        return values[0] == expected
    try:
        eventually(so, f"{name} {labels} is {expected}", within)
    except AssertionError:
        raise AssertionError(f"{name} {labels} is {values}, not {expected}:\n{agent.stderr()[-2000:]}") from None
    stays(lambda: Metrics(agent).value(name, **labels) == expected, f"{name} stays {expected}", during=0.3)


PIDS = itertools.count(771)  # a position is found by the bytes before it: lines must differ


def connections(instance, number, path=None):
    """Logs this number of connections."""
    stamp = time.strftime("%b %e %H:%M:%S", time.localtime())
    with open(path or instance.postfix.log, "a") as file:
        file.writelines(f"{stamp} mx {CONNECT.format(pid=next(PIDS))}\n" for _ in range(number))


@pytest.fixture
def relinked(instance):
    return instance.relinked()


# ---- a real Postfix

MAIN_CF = """
defer_transports = later
transport_maps = inline:{{ {{relayed.example = smtp:[127.0.0.1]:{sink}}}, {{discarded.example = discard:}},
    {{bounced.example = smtp:[127.0.0.1]:{wall}}}, {{later.example = later:}} }}
smtpd_recipient_restrictions = check_recipient_access inline:{{ {{refused@relayed.example = REJECT}} }}
"""
MASTER_CF = "discard unix - - n - - discard\nlater unix - - n - - smtp\n"


def test_deliveries_of_a_real_postfix_are_counted(instance):
    sink, wall = free_port(), free_port()
    instance.bake().mount()
    for name, text in (("main.cf", MAIN_CF.format(sink=sink, wall=wall)), ("master.cf", MASTER_CF)):
        with open(f"{instance.postfix.config}/{name}", "a") as file:
            file.write(text)
        os.utime(file.name, (1_600_000_000, 1_600_000_000))
    instance.host.popen("smtp-sink", "-u", "nobody", f"127.0.0.1:{sink}", "10")
    instance.host.popen("smtp-sink", "-u", "nobody", "-f", "rcpt", f"127.0.0.1:{wall}", "10")  # takes nothing
    instance.serve().until(check="relink", reason="")
    postfix = instance.postfix
    postfix.start()
    for recipient in ("relayed", "relayed", "relayed", "discarded", "discarded", "later"):
        postfix.send("a mail", sender="a@discarded.example", recipient=f"b@{recipient}.example")
    postfix.send("a mail", sender="a@discarded.example", recipient="b@bounced.example")  # and the notice of that
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        postfix.send("a mail", sender="a@discarded.example", recipient="refused@relayed.example")
    log = eventually(lambda: (text := postfix.log_text()).count(": removed") == 7 and "status=deferred" in text and text,
                     "everything is delivered but one, which is deferred", within=30)

    agent = instance.agent
    counted(agent, "postfix_qmgr_messages_removed_total", 7)
    metrics = Metrics(agent)
    deliveries = {("smtp", "sent"): 3, ("discard", "sent"): 3, ("smtp", "bounced"): 1, ("error", "deferred"): 1}
    for (transport, status), number in deliveries.items():
        assert metrics.value("postfix_elb_agent_deliveries_total", transport=transport, status=status) == number
    assert metrics.value("postfix_elb_agent_deliveries_total") == sum(deliveries.values())
    assert metrics.value("postfix_smtp_messages_processed_total", status="sent") == 3
    assert metrics.value("postfix_smtp_messages_processed_total", status="bounced") == 1
    assert metrics.value("postfix_smtp_delivery_delay_seconds_count", stage="transmission") == 4
    assert metrics.value("postfix_qmgr_messages_inserted_size_bytes_count") == 8
    assert metrics.value("postfix_qmgr_messages_inserted_receipients_sum") == 8
    assert metrics.value("postfix_cleanup_messages_processed_total") == 8
    assert metrics.value("postfix_smtpd_messages_processed_total") == 7
    assert metrics.value("postfix_bounce_non_delivery_notification_total") == 1
    assert metrics.value("postfix_smtpd_messages_rejected_total", code="554") == 1
    assert metrics.value("postfix_elb_agent_smtpd_rejects_total", stage="RCPT", code="554", by="smtpd") == 1
    assert metrics.value(CONNECTS) == log.count("]: connect from ")
    assert metrics.value("postfix_smtpd_disconnects_total") == log.count("]: disconnect from ")
    assert metrics.value(LINES, source="file") >= log.count("\n")
    assert metrics.value("postfix_elb_agent_log_lines_dropped_total") == 0
    assert metrics.value("postfix_elb_agent_log_lag_seconds") == 0
    assert metrics.value("postfix_elb_agent_log_source", source="file") == 1


# ---- nothing twice, and nothing left out

def test_earlier_lines_are_counted_once_across_restarts(relinked):
    connections(relinked, 3)
    counted(relinked.serve(), CONNECTS, 3)
    connections(relinked, 2)
    counted(relinked.agent, CONNECTS, 5)
    relinked.agent.stop()
    connections(relinked, 4)
    counted(relinked.serve(), CONNECTS, 4)
    relinked.agent.stop()
    counted(relinked.serve(), CONNECTS, 0)


def test_a_killed_agent_counts_nothing_twice(relinked):
    connections(relinked, 3)
    counted(relinked.serve(), CONNECTS, 3)
    relinked.agent.stop(signal.SIGKILL)
    connections(relinked, 1)
    counted(relinked.serve(), CONNECTS, 1)


def test_rotations_while_the_agent_runs_count_nothing_twice(relinked):
    log = relinked.postfix.log
    connections(relinked, 3)
    agent = relinked.serve()
    counted(agent, CONNECTS, 3)
    os.rename(log, f"{log}.1")
    connections(relinked, 1, f"{log}.1")  # its writer still has it open
    connections(relinked, 2)
    counted(agent, CONNECTS, 6)
    shutil.copy(log, f"{log}.1")
    os.truncate(log, 0)
    connections(relinked, 1)
    counted(agent, CONNECTS, 7)


@pytest.mark.parametrize("how", ["renamed", "copied and truncated"])
def test_a_rotation_while_no_agent_runs_leaves_nothing_out(relinked, how):
    log = relinked.postfix.log
    connections(relinked, 3)
    counted(relinked.serve(), CONNECTS, 3)
    relinked.agent.stop()
    connections(relinked, 2)
    if how == "renamed":
        os.rename(log, f"{log}.1")
    else:
        shutil.copy(log, f"{log}.1")
        os.truncate(log, 0)
    connections(relinked, 5)
    counted(relinked.serve(), CONNECTS, 7)


def test_a_damaged_position_is_logged_once_and_the_boot_counted(relinked):
    connections(relinked, 3)
    relinked.host.write("/run/postfix-elb-agent/log-position", "not a position")
    agent = relinked.serve()
    counted(agent, CONNECTS, 3)
    assert agent.stderr().count("the position in the mail log") == 1
    agent.stop()
    counted(relinked.serve(), CONNECTS, 0)


def test_the_position_is_root_s_alone(relinked):
    relinked.serve()
    listed = relinked.host.run("stat", "-c", "%a %U", "/run/postfix-elb-agent/log-position").stdout
    assert listed == "600 root\n"


# ---- the journal

@pytest.fixture
def journal(instance):
    return Journald(instance.host).start()


def log_connections(instance, number):
    """Logs as Postfix does: not as root."""
    lines = "".join(f"connect from unknown[192.0.2.{n}]\n" for n in range(number))
    instance.host.run("chmod", "0755", "/run/systemd")
    instance.host.run("setpriv", "--reuid=postfix", "--clear-groups", "logger", "--socket", "/run/systemd/journal/dev-log",
                      "--id=771", "--priority", "mail.info", "--tag", "postfix/smtpd", input=lines, stdin=None)


@pytest.mark.parametrize("settings", [{"source": "journal", "path": "auto"},
                                      {"source": "auto", "path": "/nonexistent/mail.log"}])
def test_the_journal_is_counted_where_there_is_no_file(relinked, journal, settings):
    relinked.write_settings(maillog=settings)
    log_connections(relinked, 3)
    agent = relinked.serve()
    counted(agent, CONNECTS, 3)
    log_connections(relinked, 200)
    counted(agent, CONNECTS, 203)
    assert Metrics(agent).value("postfix_elb_agent_log_source", source="journal") == 1
    agent.stop()
    log_connections(relinked, 2)
    journal.control("--rotate")
    log_connections(relinked, 2)
    counted(relinked.serve(), CONNECTS, 4)


def test_of_file_and_journal_only_the_file_is_counted(relinked, journal):
    relinked.write_settings(maillog={"source": "auto"})
    connections(relinked, 2)
    log_connections(relinked, 3)
    agent = relinked.serve()
    counted(agent, LINES, 2)
    log_connections(relinked, 3)
    connections(relinked, 1)
    counted(agent, CONNECTS, 3)
    assert Metrics(agent).value(LINES, source="journal") == 0


# ---- what strangers write

HOSTILE = [
    b'"', b"\\", b"\\n", b"\x00", b"\xff\xfe\xc3", b"\xe2\x80\xae", b"{}=,", b"\x1b[2J", b"\r", b"\xed\xa0\x80",
    b'"} 1\\n', b"x" * 10_000,
]


def test_hostile_lines_never_break_the_page(relinked):
    stamp = time.strftime("%b %e %H:%M:%S", time.localtime()).encode() + b" mx postfix/"
    agent = relinked.serve()
    with open(relinked.postfix.log, "wb") as log:
        for bad in HOSTILE:
            for text in (b"smtpd[1]: 4F: client=x[192.0.2.1], sasl_method=%s, sasl_username=%s",
                         b"pipe[1]: 4F: to=<%s@x>, relay=%s, delay=1, delays=1/1/1/1, dsn=2.0.0, status=sent (ok)",
                         b"smtp[1]: %s TLS connection established to x[192.0.2.1]:25: %s with cipher A (1/1 bits)",
                         b"smtpd[1]: NOQUEUE: reject: RCPT from %s: 550 %s", b"%s[1]: warning: %s", b"%s%s"):
                log.write(stamp + text % (bad, bad) + b"\n")
        log.write(stamp + b"qmgr[1]: 4F: removed\n")
    counted(agent, "postfix_qmgr_messages_removed_total", 1)
    metrics = Metrics(agent)
    assert metrics.value("postfix_smtpd_messages_processed_total") > len(HOSTILE) / 2
    assert metrics.value("postfix_elb_agent_log_lines_dropped_total", why="too_long") >= 6
    assert max(agent.request("/metrics").body) < 0x7f
