# SPDX-License-Identifier: Apache-2.0
"""Harmless events of the mail log, and lines in it without a meaning."""
import os
import time

from innocents.hands import ALREADY, DAY, LOCK, boot_began, log, read, rfc3339, start_twice, traditional


def rotated_by_rename(relay):
    path = relay.instance.postfix.log
    os.rename(path, f"{path}.1")
    log(relay)
    start_twice(relay)  # postlogd writes to the old file until it is reloaded
    relay.instance.postfix.command("reload")
    start_twice(relay)


def rotated_by_copytruncate(relay):
    path = relay.instance.postfix.log
    start_twice(relay)
    with open(f"{path}.1", "wb") as copy:
        copy.write(read(path))
    os.truncate(path, 0)
    start_twice(relay)


def rotated_by_postfix(relay):
    relay.instance.postfix.command("logrotate")
    start_twice(relay)


def log_deleted_and_recreated(relay):
    os.remove(relay.instance.postfix.log)
    time.sleep(0.7)
    relay.instance.postfix.command("reload")
    start_twice(relay)


def directory_of_the_log_gone_for_a_while(relay):
    directory = os.path.dirname(relay.instance.postfix.log)
    os.rename(directory, f"{directory}.away")
    time.sleep(1.2)
    os.rename(f"{directory}.away", directory)
    start_twice(relay)


def disk_of_the_log_full(relay):
    host, directory = relay.instance.host, os.path.dirname(relay.instance.postfix.log)
    host.run("mount", "-t", "tmpfs", "-o", "size=64k,mode=0755", "log", directory)
    host.run("sh", "-c", "cat /dev/zero > \"$1/filler\" || true", "sh", directory)
    assert relay.instance.postfix.command("start", check=False).returncode == 1
    relay.instance.postfix.command("reload")
    time.sleep(1)
    host.unmount(directory)
    relay.instance.postfix.command("reload")
    start_twice(relay)


def lines_of_earlier_boots(relay):
    began = boot_began()
    for when in (began - 60, began - DAY, began - 300 * DAY):
        for line in (ALREADY, LOCK):
            log(relay, rfc3339(when) + line, traditional(when) + line)


def lines_of_earlier_boots_then_a_restart(relay):
    lines_of_earlier_boots(relay)
    relay.instance.postfix.command("stop")
    lines_of_earlier_boots(relay)
    relay.instance.postfix.start()


def lines_of_last_year_without_a_year(relay):
    """The stamp of "tomorrow and a bit" can only be last year's."""
    log(relay, traditional(time.time() + 3 * DAY) + ALREADY, traditional(time.time() + 30 * DAY) + LOCK)


def lines_without_sense(relay):
    log(relay, "x" * 100_000, "\x00" * 4000, "fatal: the Postfix mail system is already running",
        "Feb 31 25:61:61 mx postfix/master[1]: daemon started", "2026-13-45T99:99:99Z" + ALREADY)


def a_header_that_quotes_the_line(relay):
    log(relay, traditional(time.time()) + " mx postfix/cleanup[9]: 4F: warning: header Subject: fatal: the Postfix "
        "mail system is already running")
