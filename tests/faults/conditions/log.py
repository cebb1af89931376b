# SPDX-License-Identifier: Apache-2.0
"""Starts of Postfix that fail, and the log that reports them."""
import contextlib
import datetime
import fcntl
import os
import time

from conditions.boot import start_in_vain
from conditions.mount import cover_read_only
from row import condition

MASTER = "/usr/lib/postfix/sbin/master"
ALREADY = "postfix/postfix-script[771]: fatal: the Postfix mail system is already running"
LOCK_REFUSED = "postfix/master[772]: fatal: open lock file pid/master.pid: unable to set exclusive lock: " \
               "Resource temporarily unavailable"


@contextlib.contextmanager
def lock_of_another_host(relay):
    """On this instance's pid file. The lock is the file system's, so it does not matter which process holds it."""
    with open(relay.pid_file, "a") as held:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield


def linked(relay):
    """All is ready for the first start of Postfix; the program is restarted after it."""
    relay.baked()
    assert relay.instance.command("relink").returncode == 0


@condition
def started_while_another_host_holds_the_lock(relay):
    linked(relay)
    with lock_of_another_host(relay):
        start_in_vain(relay)
        yield


@condition
def stopped_and_started_while_another_host_holds_the_lock(relay):
    relay.postfix.command("stop")
    with lock_of_another_host(relay):
        start_in_vain(relay)
        yield
    relay.postfix.start()


@condition
def master_itself_refused_the_lock(relay):
    """As under a unit that starts master without postfix-script, so that the famous line is not logged. No logger takes
    master's own lines before its log service runs: the test writes the line as syslog does."""
    linked(relay)
    with lock_of_another_host(relay):
        done = relay.host.run(MASTER, "-c", relay.postfix.config, "-e", "2", check=False)
        assert done.returncode != 0, "master was refused"
        append(relay, stamped(time.time(), LOCK_REFUSED))
        yield


@condition
def started_with_a_hard_link_to_the_pid_file(relay):
    linked(relay)
    with open(relay.pid_file, "w") as file:
        file.write(f"{4711:>32}\n")
    os.link(relay.pid_file, f"{relay.pid_file}.linked")
    start_in_vain(relay)
    yield
    os.remove(f"{relay.pid_file}.linked")


@condition
def started_on_a_read_only_mount(relay):
    linked(relay)
    with open(relay.pid_file, "w") as file:
        file.write(f"{4711:>32}\n")
    cover_read_only(relay)
    start_in_vain(relay)
    yield
    relay.host.unmount(relay.mount_path)


@condition
def started_without_locks_to_be_had(relay, error):
    """The file server refuses the lock itself, as EFS does beyond its quota of locks."""
    linked(relay)
    with open(relay.pid_file, "w") as file:
        file.write(f"{4711:>32}\n")
    started = relay.host.run("strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=flock",
                             "-e", f"inject=flock:error={error}", "postfix", "-c", relay.postfix.config, "start",
                             check=False)
    assert started.returncode != 0
    yield


@condition
def started_with_a_bad_configuration(relay):
    linked(relay)
    path = f"{relay.postfix.config}/master.cf"
    with open(path) as file:
        good = file.read()
    write_aged(path, good + "smtps carrier-pigeon n - n - - smtpd\n")
    start_in_vain(relay)
    yield
    write_aged(path, good)


@condition
def with_a_failed_start_from_the_future(relay):
    """The wall clock was an hour ahead when the start failed."""
    relay.baked()
    append(relay, stamped(time.time() + 3600, ALREADY))
    yield


@condition
def with_a_second_start_from_the_future(relay):
    append(relay, stamped(time.time() + 3600, ALREADY))
    yield


@condition
def with_a_failure_before_this_boot(relay):
    boot = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
    relay.baked()
    append(relay, stamped(boot - 3600, ALREADY))
    yield


@condition
def removed(relay):
    os.remove(relay.postfix.log)
    yield
    relay.restart_postfix()


@condition
def replaced_by_a_directory(relay):
    away = f"{relay.postfix.log}.away"
    os.rename(relay.postfix.log, away)
    os.mkdir(relay.postfix.log)
    yield
    os.rmdir(relay.postfix.log)
    os.rename(away, relay.postfix.log)


def stamped(when, text):
    stamp = datetime.datetime.fromtimestamp(when, datetime.timezone.utc).isoformat(timespec="microseconds")
    return f"{stamp} mx {text}\n"


def append(relay, line):
    with open(relay.postfix.log, "a") as file:
        file.write(line)


def write_aged(path, text):
    """Programs of Postfix wait until a configuration that was just written has aged."""
    with open(path, "w") as file:
        file.write(text)
    os.utime(path, (1_600_000_000, 1_600_000_000))
