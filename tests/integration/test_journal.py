# SPDX-License-Identifier: Apache-2.0
"""The journal as the source of `startup_log`: a host that keeps no log file, with a real journald."""
import os
import signal

import pytest

from support.deadline import eventually, stays
from support.journald import SOCKET, Journald

pytestmark = pytest.mark.traced

ALREADY = "fatal: the Postfix mail system is already running"
PATHS = {"journal": "auto", "auto": "/nonexistent/mail.log"}
JOURNAL = {"source": "journal", "path": "auto"}
STARTED = "daemon started -- version 3.7.11, configuration /etc/postfix"


@pytest.fixture
def journal(instance):
    """A host with a journal; what logs to syslog(3) there ends in it."""
    return Journald(instance.host).start()


@pytest.fixture
def serving(instance, journal):
    """In service, reading the journal alone."""
    instance.bake().mount()
    instance.write_settings(maillog=JOURNAL)
    instance.serve().until(check="relink", reason="")
    instance.postfix.start()
    instance.agent.until(status=200, phase="serving")
    return instance


def refused_before_the_agent_came(instance, journal, source):
    instance.relinked()
    instance.write_settings(maillog={"source": source, "path": PATHS[source]})
    journal.log("postfix/postfix-script", ALREADY)
    return instance.serve()


@pytest.mark.parametrize("source", PATHS)
def test_a_refused_start_in_the_journal_alone_counts(instance, journal, source):
    agent = refused_before_the_agent_came(instance, journal, source)
    agent.until(status=503, check="startup_log", reason="already_running", said=("already running",))


def test_the_journal_is_not_read_if_the_file_is_chosen(instance, journal):
    instance.relinked()
    journal.log("postfix/postfix-script", ALREADY)
    agent = instance.serve()
    agent.until(check="master_pid", reason="missing")
    stays(lambda: agent.row("startup_log").get("reason") != "already_running", "the journal is left alone")


def test_a_later_failed_start_counts_until_one_works(instance, journal):
    instance.relinked()
    instance.write_settings(maillog=JOURNAL)
    agent = instance.serve()
    agent.until(check="startup_log", reason="")
    journal.log("postfix/master", "fatal: open lock file pid/master.pid: unable to set exclusive lock: "
                                  "Resource temporarily unavailable")
    agent.until(check="startup_log", reason="lock_refused", within=3)
    journal.log("postfix/master", STARTED, priority="mail.info")
    agent.until(check="startup_log", reason="", within=3)


def test_lines_of_other_programs_facilities_and_users_do_not_count(instance, journal):
    instance.relinked()
    instance.write_settings(maillog=JOURNAL)
    journal.log("postfix/smtpd", ALREADY)
    journal.log("postfix/cleanup", f"4F: warning: header Subject: {ALREADY}")
    journal.log("postfix/postfix-script", ALREADY, priority="user.crit")
    instance.host.run("chmod", "0755", "/run/systemd")  # as on every host: any user may log
    instance.host.run("setpriv", "--reuid=65534", "--clear-groups", "logger", "--socket", SOCKET, "--priority", "mail.crit",
                      "--tag", "postfix/postfix-script", ALREADY)
    eventually(lambda: ALREADY in journal.control("-o", "cat", "_UID=65534", "SYSLOG_FACILITY=2"),
               "the line of another user is in the journal")
    agent = instance.serve()
    agent.until(check="startup_log", reason="")
    stays(lambda: agent.row("startup_log")["status"] == "pass", "startup_log passes")


@pytest.mark.parametrize("what", ["--rotate", "--vacuum-files=1", "--flush"])
def test_lines_after_a_rotation_are_read(serving, journal, what):
    serving.host.run("mkdir", "-p", "/var/log/journal")
    journal.control("--rotate")
    journal.control(what)
    serving.postfix.kill()
    journal.log("postfix/postfix-script", ALREADY)
    serving.agent.until(check="startup_log", reason="already_running", within=5)


def test_a_journald_that_is_killed_and_comes_back_is_followed(serving, journal):
    journal.kill()
    stays(lambda: serving.agent.health().status == 200, "healthy without journald")
    journal.start()
    serving.postfix.kill()
    journal.log("postfix/postfix-script", ALREADY)
    serving.agent.until(check="startup_log", reason="already_running", within=5)


def test_a_journal_with_deleted_files_is_lost_and_found_again(serving, journal):
    journal.delete_files()
    serving.agent.until(check="startup_log", reason="source_lost", within=5)
    assert serving.agent.health().status == 200
    journal.control("--rotate")
    journal.log("postfix/smtpd", "connect from unknown[192.0.2.1]", priority="mail.info")
    serving.agent.until(check="startup_log", reason="", within=5)


def test_a_worker_that_dies_is_replaced_and_counts_nothing_twice(serving, journal):
    serving.postfix.kill()
    journal.log("postfix/postfix-script", ALREADY)
    serving.agent.until(check="startup_log", reason="already_running", within=5)
    journal.log("postfix/master", STARTED, priority="mail.info")
    serving.agent.until(check="startup_log", reason="", within=5)
    os.kill(serving.agent.worker("pea-systemd"), signal.SIGKILL)
    stays(lambda: serving.agent.row("startup_log").get("reason") != "already_running", "the old line stays cured",
          during=3)
