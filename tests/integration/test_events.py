# SPDX-License-Identifier: Apache-2.0
"""Events are handled at once: with a round due in an hour, /health shows a fault of this host, and its end, within a
second."""
import os
import time

import pytest

from support.deadline import eventually, stays
from support.world import OTHER

pytestmark = [pytest.mark.prompt, pytest.mark.traced]

AT_ONCE = 1.0  # s; milliseconds on an idle machine

ALREADY = "postfix/postfix-script[771]: fatal: the Postfix mail system is already running"
STOPPED = "postfix/master[770]: terminating on signal 15"
HARMLESS = "postfix/smtpd[772]: connect from unknown[192.0.2.1]"


@pytest.fixture
def unhurried(instance):
    """In service, and no round is due for an hour. No systemd here reports whether a missing master is being restarted,
    so the first look decides."""
    instance.write_settings(checks={"interval": "1h", "fail_after": 1})
    main_cf_of_the_host(instance)
    instance.bake().mount()
    instance.serve().until(check="relink", reason="")
    instance.postfix.start()
    instance.agent.until(status=200, phase="serving", within=AT_ONCE)
    return instance


def main_cf_of_the_host(instance):
    """Where the agent learns of the data directory, in which it watches for a start."""
    instance.host.bind(f"{instance.postfix.config}/main.cf", "/etc/postfix/main.cf")


def append(instance, text):
    with open(instance.postfix.log, "a") as file:
        file.write(time.strftime("%b %e %H:%M:%S") + f" mx {text}\n")


def stopped(instance):
    """Postfix is down, and its log says so (postlogd, which writes it, mostly goes too early to say it)."""
    instance.postfix.stop()
    append(instance, STOPPED)
    instance.agent.until(status=503, check="master_pid", reason="stale", within=AT_ONCE)


def test_a_mount_that_is_gone_and_one_that_is_back(unhurried):
    unhurried.unmount()
    unhurried.agent.until(status=503, check="mount", reason="missing", within=AT_ONCE)
    unhurried.mount()
    unhurried.agent.until(status=200, within=AT_ONCE)


def test_a_mount_over_the_mount(unhurried):
    unhurried.host.run("mount", "-t", "ramfs", "over", unhurried.world.mount_path)
    unhurried.agent.until(status=503, check="mount", reason="wrong_type", within=AT_ONCE)
    unhurried.unmount()
    unhurried.agent.until(status=200, within=AT_ONCE)


def test_a_link_that_is_changed_removed_and_mended(unhurried):
    def point_to(target):
        os.symlink(target, f"{unhurried.link}.new")
        os.rename(f"{unhurried.link}.new", unhurried.link)

    point_to(f"{unhurried.world.mount_path}/{OTHER}")
    unhurried.agent.until(status=503, check="queue_link", reason="wrong_target", within=AT_ONCE)
    point_to(unhurried.queue)
    unhurried.agent.until(status=200, within=AT_ONCE)
    os.unlink(unhurried.link)
    unhurried.agent.until(status=503, check="queue_link", reason="missing", within=AT_ONCE)
    point_to(unhurried.queue)
    unhurried.agent.until(status=200, within=AT_ONCE)


def test_a_master_that_is_killed_and_started_again(unhurried):
    for _ in range(3):
        unhurried.postfix.kill()
        unhurried.agent.until(status=503, check="master_pid", reason="stale", within=AT_ONCE)
        unhurried.postfix.start()
        unhurried.agent.until(status=200, within=AT_ONCE)


def test_a_refused_start_fails_until_it_is_cured(unhurried):
    stopped(unhurried)
    append(unhurried, ALREADY)
    unhurried.agent.until(status=503, check="startup_log", reason="already_running", within=AT_ONCE)
    unhurried.postfix.start()
    unhurried.agent.until(status=200, within=AT_ONCE)


def test_a_log_that_is_rotated_is_followed_at_once(unhurried):
    stopped(unhurried)
    log = unhurried.postfix.log
    os.rename(log, f"{log}.1")
    append(unhurried, HARMLESS)
    append(unhurried, ALREADY)
    unhurried.agent.until(status=503, check="startup_log", reason="already_running", within=AT_ONCE)


def test_late_lines_of_the_rotated_file_are_read_at_once(unhurried):
    stopped(unhurried)
    log = unhurried.postfix.log
    with open(log, "a") as still_open:
        os.rename(log, f"{log}.1")
        still_open.write(time.strftime("%b %e %H:%M:%S") + f" mx {ALREADY}\n")
    unhurried.agent.until(status=503, check="startup_log", reason="already_running", within=AT_ONCE)


def test_a_log_that_appears_is_read_at_once(instance):
    instance.write_settings(checks={"interval": "1h", "fail_after": 1})
    instance.relinked()
    agent = instance.serve()
    agent.until(check="startup_log", reason="unreadable")
    append(instance, ALREADY)
    agent.until(status=503, check="startup_log", reason="already_running", within=AT_ONCE)


def test_the_first_start_of_master_is_seen_without_the_log(instance):
    """By its lock in the data directory alone: the agent does not read the log."""
    instance.write_settings(checks={"interval": "1h", "fail_after": 1},
                            maillog={"path": f"{instance.host.directory}/other.log"})
    main_cf_of_the_host(instance)
    instance.relinked()
    agent = instance.serve()
    agent.until(phase="awaiting_postfix")
    instance.postfix.start()
    agent.until(check="master_pid", reason="", within=AT_ONCE)


def test_a_new_host_worker_watches_everything_again(unhurried):
    agent = unhurried.agent
    worker = next(pid for pid in agent.children() if name_of(pid) == "pea-host")
    os.kill(worker, 9)
    eventually(lambda: any(name_of(pid) == "pea-host" for pid in agent.children() if pid != worker), "a new worker")
    unhurried.postfix.kill()
    agent.until(status=503, check="master_pid", reason="stale", within=5)


def test_a_busy_log_hides_no_fault_and_delays_no_answer(unhurried):
    """Thousands of lines a second, as a relay writes them."""
    lines = "".join(time.strftime("%b %e %H:%M:%S") + f" mx {HARMLESS}\n" for _ in range(20))
    with open(unhurried.postfix.log, "a") as log:
        def answers_promptly():
            for _ in range(10):
                log.write(lines)
                log.flush()
            before = time.monotonic()
            return unhurried.agent.health().status == 200 and time.monotonic() - before < AT_ONCE

        stays(answers_promptly, "healthy and prompt", during=3, step=0.01)
    unhurried.unmount()
    unhurried.agent.until(status=503, check="mount", reason="missing", within=AT_ONCE)


def name_of(pid):
    try:
        with open(f"/proc/{pid}/comm") as file:
            return file.read().strip()
    except OSError:
        return ""
