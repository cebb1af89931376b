# SPDX-License-Identifier: Apache-2.0
"""The truth of `startup_log`: which lines of a real mail log are uncured in this boot."""
import datetime
import gzip
import os
import struct
import time

import pytest

from support.deadline import stays

pytestmark = pytest.mark.traced

ALREADY = "postfix/postfix-script[{pid}]: fatal: the Postfix mail system is already running"
LOCK = "postfix/master[{pid}]: fatal: open lock file pid/master.pid: unable to set exclusive lock: " \
       "Resource temporarily unavailable"
FAILED = "postfix[{pid}]: fatal: bad numerical configuration: default_process_limit = abc"
STARTED = "postfix/master[{pid}]: daemon started -- version 3.7.11, configuration /etc/postfix"
STOPPED = "postfix/master[{pid}]: terminating on signal 15"
HARMLESS = "postfix/smtpd[{pid}]: connect from unknown[192.0.2.1]"


def boot_began():
    return time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)


def traditional(when, text, pid=771):
    return time.strftime("%b %e %H:%M:%S", time.localtime(when)) + " mx " + text.format(pid=pid) + "\n"


def rfc3339(when, text, pid=771):
    stamp = datetime.datetime.fromtimestamp(when, datetime.timezone.utc).isoformat(timespec="microseconds")
    return f"{stamp} mx {text.format(pid=pid)}\n"


def append(instance, data, path=None):
    with open(path or instance.postfix.log, "ab") as file:
        file.write(data if isinstance(data, bytes) else data.encode())


def log_line(instance, text, when=None, stamp=traditional):
    append(instance, stamp(time.time() if when is None else when, text))


@pytest.fixture
def relinked(instance):
    return instance.relinked()


def fails(instance, reason, *words):
    agent = instance.agent or instance.serve()
    answer = agent.until(status=503, check="startup_log", reason=reason, said=(instance.postfix.log, *words))
    row = answer.json["checks"]["startup_log"][0]
    assert row["status"] == "fail" and row["remedy"]


def passes(instance):
    agent = instance.agent or instance.serve()
    agent.until(check="startup_log", reason="")
    stays(lambda: agent.row("startup_log")["status"] == "pass", "startup_log passes", during=0.6)


def test_a_fatal_line_from_before_this_boot_does_not_count(relinked):
    log_line(relinked, ALREADY, when=boot_began() - 3600)
    log_line(relinked, ALREADY, when=boot_began() - 3600, stamp=rfc3339)
    log_line(relinked, HARMLESS)
    passes(relinked)


@pytest.mark.parametrize("stamp", [traditional, rfc3339])
@pytest.mark.parametrize("line,reason", [(ALREADY, "already_running"), (LOCK, "lock_refused"),
                                         (FAILED, "start_failed")])
def test_a_fatal_line_of_this_boot_counts_with_either_stamp(relinked, line, reason, stamp):
    log_line(relinked, HARMLESS, stamp=stamp)
    log_line(relinked, line, stamp=stamp)
    fails(relinked, reason, line.split(": ", 1)[1].strip())


def test_other_instances_tags_count_and_quoted_text_does_not(relinked):
    log_line(relinked, "postfix/cleanup[9]: 4F: warning: header Subject: fatal: the Postfix mail system is already running")
    passes(relinked)
    log_line(relinked, "postfix-out/postfix-script[9]: fatal: the Postfix mail system is already running")
    fails(relinked, "already_running")


def test_a_later_start_cures_it(relinked):
    log_line(relinked, ALREADY, when=time.time() - 2)
    log_line(relinked, STARTED, when=time.time() - 1)
    passes(relinked)


def test_a_failure_after_a_start_and_a_stop_counts_again(relinked):
    log_line(relinked, STARTED, when=time.time() - 3)
    log_line(relinked, STOPPED, when=time.time() - 2)
    log_line(relinked, ALREADY, when=time.time() - 1)
    fails(relinked, "already_running")


@pytest.mark.parametrize("line", [ALREADY, LOCK])
def test_a_second_start_stays_harmless_after_that_master_ended(relinked, line):
    log_line(relinked, STARTED, when=time.time() - 2)
    log_line(relinked, line, when=time.time() - 1)
    passes(relinked)
    log_line(relinked, STOPPED)
    passes(relinked)
    assert "while master was running" in relinked.agent.row("startup_log")["observedValue"]


def test_order_in_the_log_decides_within_one_second(relinked):
    now = time.time()
    log_line(relinked, STARTED, when=now)
    log_line(relinked, STOPPED, when=now)
    log_line(relinked, ALREADY, when=now)
    fails(relinked, "already_running")
    log_line(relinked, STARTED, when=now)
    passes(relinked)


def test_a_second_start_of_a_running_postfix_is_no_fault(serving):
    assert serving.postfix.command("start", check=False).returncode == 1
    assert "fatal: the Postfix mail system is already running" in serving.postfix.log_text()
    stays(lambda: serving.agent.health().status == 200, "healthy", during=2.5)
    assert serving.agent.reason("startup_log") == ("pass", None)
    assert serving.command("check").returncode == 0
    serving.postfix.kill()
    answer = serving.agent.until(status=503, check="master_pid", reason="stale")
    assert answer.json["output"].startswith("master_pid stale: "), "the second start is not the cause"
    assert serving.agent.reason("startup_log") == ("pass", None)


def test_a_bad_configuration_is_recognised_in_the_real_line(relinked):
    agent = relinked.serve()
    with open(f"{relinked.postfix.config}/master.cf") as file:
        good = file.read()
    write_aged(f"{relinked.postfix.config}/master.cf", good + "smtps carrier-pigeon n - n - - smtpd\n")
    assert relinked.postfix.command("start", check=False).returncode != 0
    fails(relinked, "start_failed", "postfix/postfix-script[", "fatal: ")
    write_aged(f"{relinked.postfix.config}/master.cf", good)
    relinked.postfix.start()
    agent.until(status=200)


def write_aged(path, text):
    """Programs of Postfix wait until a configuration that was just written has aged."""
    with open(path, "w") as file:
        file.write(text)
    os.utime(path, (1_600_000_000, 1_600_000_000))


def test_the_cause_is_named_a_second_hard_link(relinked):
    with open(f"{relinked.queue_seen}/pid/master.pid", "w") as file:
        file.write(f"{4711:>32}\n")
    os.link(f"{relinked.queue_seen}/pid/master.pid", f"{relinked.queue_seen}/pid/linked")
    assert relinked.postfix.command("start", check=False).returncode == 1
    fails(relinked, "already_running", "2 hard links")


def test_lines_are_followed_across_a_rotation_by_rename(relinked):
    log_line(relinked, HARMLESS)
    passes(relinked)
    log = relinked.postfix.log
    os.rename(log, f"{log}.1")
    log_line(relinked, HARMLESS)
    passes(relinked)
    log_line(relinked, ALREADY)
    fails(relinked, "already_running")


def test_a_failure_counts_after_a_rotation_and_an_agent_restart(relinked):
    log_line(relinked, ALREADY)
    fails(relinked, "already_running")
    log = relinked.postfix.log
    os.rename(log, f"{log}.1")
    log_line(relinked, HARMLESS)
    stays(lambda: relinked.agent.reason("startup_log")[1] == "already_running", "it still counts", during=1.2)
    relinked.agent.stop()
    relinked.agent = None
    fails(relinked, "already_running")


def test_lines_of_the_old_file_after_the_rename_are_read(relinked):
    log_line(relinked, HARMLESS)
    passes(relinked)
    log = relinked.postfix.log
    with open(log, "ab") as still_open:
        os.rename(log, f"{log}.1")
        still_open.write(traditional(time.time(), ALREADY).encode())
    log_line(relinked, HARMLESS)
    fails(relinked, "already_running")


def test_lines_are_followed_across_a_rotation_by_copytruncate(relinked):
    for _ in range(100):
        log_line(relinked, HARMLESS)
    passes(relinked)
    os.truncate(relinked.postfix.log, 0)
    for _ in range(20):
        log_line(relinked, HARMLESS)
    log_line(relinked, ALREADY)
    fails(relinked, "already_running")
    with open(relinked.postfix.log, "r+b") as file:
        file.truncate(0)
    log_line(relinked, STARTED, when=time.time() + 0.001)
    passes(relinked)


def zone(offset_hours):
    """A time zone file, tzfile(5), of that many hours west of Greenwich: no changes, only the rule at its end."""
    name = b"FAR"
    counts = struct.pack(">6I", 0, 0, 0, 0, 1, len(name) + 1)
    data = struct.pack(">iBB", -offset_hours * 3600, 0, 0) + name + b"\0"
    header = b"TZif2" + bytes(15) + counts
    return header + data + header + data + f"\nFAR{offset_hours}\n".encode()


def test_stamps_are_read_in_the_host_s_time_zone(relinked):
    """The server's root directory is empty, so it loads the time zone before chroot. Ten hours to the west a
    stamp read as UTC is from before any recent boot, or else in the future."""
    path = f"{relinked.host.directory}/localtime"
    with open(path, "wb") as file:
        file.write(zone(10))
    relinked.host.bind(path, os.path.realpath("/etc/localtime") if os.path.exists("/etc/localtime") else "/etc/localtime")
    assert relinked.host.run("date", "+%Z").stdout == "FAR\n"
    append(relinked, time.strftime("%b %e %H:%M:%S", time.gmtime(time.time() - 36_000)) +
           " mx " + ALREADY.format(pid=7) + "\n")
    fails(relinked, "already_running")
    append(relinked, time.strftime("%b %e %H:%M:%S", time.gmtime(boot_began() - 36_000 - 3600)) +
           " mx " + HARMLESS.format(pid=7) + "\n")
    append(relinked, time.strftime("%b %e %H:%M:%S", time.gmtime(time.time() - 36_000)) +
           " mx " + STARTED.format(pid=7) + "\n")
    passes(relinked)


def test_a_log_that_appears_later_is_read_from_its_beginning(relinked):
    agent = relinked.serve()
    agent.until(check="startup_log", reason="unreadable", said=["does not exist"])
    assert agent.row("startup_log")["status"] == "warn"
    log_line(relinked, ALREADY)
    fails(relinked, "already_running")


def test_a_log_that_is_not_a_file_is_a_warning(relinked):
    os.mkdir(relinked.postfix.log)
    agent = relinked.serve()
    agent.until(check="startup_log", reason="unreadable")
    assert agent.row("startup_log")["status"] == "warn"
    os.rmdir(relinked.postfix.log)
    os.mkfifo(relinked.postfix.log)
    agent.until(check="startup_log", reason="unreadable")
    stays(lambda: agent.request("/livez").status == 200, "a FIFO blocks nothing", during=1)


def test_malformed_lines_do_not_hide_the_lines_after_them(relinked):
    append(relinked, b"Nov 22 10:00:00 mx postfix/cleanup[1]: " + b"x" * 300_000 + b"\n")
    append(relinked, b"\x00" * 5000 + b"\n" + os.urandom(2000).replace(b"\n", b" ") + b"\n")
    passes(relinked)
    line = traditional(time.time(), ALREADY).encode()
    append(relinked, line[:40])
    passes(relinked)
    append(relinked, line[40:])
    fails(relinked, "already_running")


def test_a_large_log_is_read_without_holding_up_an_answer(relinked):
    begin = boot_began() - 86_400
    old = "".join(traditional(begin, HARMLESS, pid) for pid in range(1000))
    append(relinked, (old * 300).encode())  # some 20 MB of yesterday
    log_line(relinked, ALREADY)
    started = time.monotonic()
    fails(relinked, "already_running")
    assert time.monotonic() - started < 10


def test_a_compressed_old_log_is_left_alone(relinked):
    with gzip.open(f"{relinked.postfix.log}.2.gz", "wb") as file:
        file.write(traditional(time.time(), ALREADY).encode())
    log_line(relinked, HARMLESS)
    passes(relinked)


def test_the_check_command_reads_the_log_without_the_daemon(relinked):
    log_line(relinked, LOCK)
    done = relinked.command("check")
    assert done.returncode == 2
    assert "lock_refused" in done.stdout
