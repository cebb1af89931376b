# SPDX-License-Identifier: Apache-2.0
"""What operators, systemd and a second mail system do to Postfix."""
import os
import time

from innocents.hands import HostTooSlow, restart, second_postfix, start_twice, write_aged
from innocents.relays import UNIT
from support.deadline import eventually


def restarted_again_and_again(relay):
    for _ in range(3):
        restart(relay)


def stopped_for_four_seconds(relay):
    """An operator edits a file: Postfix is away for less than an interval, stop and start included."""
    began = time.monotonic()
    restart(relay)
    restart_takes = time.monotonic() - began
    began = time.monotonic()
    relay.instance.postfix.command("stop")
    time.sleep(max(0.0, 4 - restart_takes))
    relay.instance.postfix.start()
    if (took := time.monotonic() - began) > 4.8:
        raise HostTooSlow(f"Postfix was away for {took:.1f} s")


def killed_and_started_by_its_supervisor(relay):
    relay.instance.postfix.kill()
    relay.instance.postfix.start()


def reloaded(relay):
    for _ in range(3):
        relay.instance.postfix.command("reload")


def started_twice(relay):
    for _ in range(2):
        start_twice(relay)


def started_twice_then_restarted(relay):
    start_twice(relay)
    restart(relay)
    start_twice(relay)


def checked_flushed_and_asked(relay):
    for word in ("check", "flush", "status"):
        relay.instance.postfix.command(word)


def mail_comes_in(relay):
    for number in range(20):
        relay.instance.postfix.send(f"message {number}")


def pid_file_removed_as_systemd_does(relay):
    """Of a unit with a PIDFile=. The next start recreates it."""
    os.remove(f"{relay.instance.queue_seen}/pid/master.pid")
    eventually(lambda: relay.instance.agent.reason("master_pid") == ("warn", "missing"), "the file is missed")
    relay.instance.postfix.stop()
    relay.instance.postfix.start()


# ---- under systemd


def restarted_by_systemd(relay):
    """`systemctl restart postfix`, whose start takes a while: Postfix looks at every message in its queue first."""
    relay.systemd.send(f"job {UNIT} restart")
    relay.systemd.unit(UNIT, "deactivating", "stop-sigterm")
    relay.instance.postfix.stop()
    relay.systemd.unit(UNIT, "inactive", "dead")
    relay.systemd.unit(UNIT, "activating", "start")
    time.sleep(2)
    relay.instance.postfix.start()
    relay.systemd.unit(UNIT, "active", "running")
    relay.systemd.send(f"done {UNIT}")


def started_again_by_systemd(relay):
    """Restart=on-failure of a master that was killed."""
    relay.systemd.unit(UNIT, "activating", "auto-restart")
    relay.instance.postfix.kill()
    time.sleep(1)
    relay.instance.postfix.start()
    relay.systemd.unit(UNIT, "active", "running")


def reloaded_by_systemd(relay):
    relay.systemd.send(f"job {UNIT} reload")
    relay.systemd.unit(UNIT, "reloading", "reload")
    relay.instance.postfix.command("reload")
    relay.systemd.unit(UNIT, "active", "running")
    relay.systemd.send(f"done {UNIT}")


def systemd_reloaded(relay):
    for _ in range(3):
        relay.systemd.send("reload")


def systemd_gone_and_back(relay):
    relay.systemd.stop_systemd()
    time.sleep(1)
    relay.systemd.start_systemd().unit(UNIT, "active", "running")


def systemd_is_stopped_for_a_moment(relay):
    relay.systemd.hang()
    time.sleep(3)  # longer than a question may take
    relay.systemd.thaw()


def restarted_by_systemd_after_a_second_postfix_failed(relay):
    second_postfix_fails_to_start(relay)
    restarted_by_systemd(relay)


# ---- beside a second mail system


def second_postfix_comes_and_goes(relay):
    second = second_postfix(relay)
    second.start()
    second.command("reload")
    assert second.command("start", check=False).returncode == 1
    second.command("stop")


def second_postfix_fails_to_start(relay):
    second = second_postfix(relay)
    path = f"{second.config}/main.cf"
    with open(path) as file:
        good = file.read()
    for text in (good.replace("mydestination =", "default_process_limit = abc\nmydestination ="),
                 good.replace(f"{relay.instance.spool}/postfix-out", "/nowhere")):
        write_aged(path, text)
        assert second.command("start", check=False).returncode != 0
    write_aged(path, good)


def restarted_beside_a_second_postfix(relay):
    second_postfix(relay).start()
    restart(relay)
    second_postfix(relay).command("stop")


def restarted_after_a_second_postfix_failed(relay):
    second_postfix_fails_to_start(relay)
    restart(relay)


def restarted_after_a_second_postfix_stopped_and_a_double_start(relay):
    second_postfix(relay).start()
    second_postfix(relay).command("stop")
    start_twice(relay)
    restart(relay)
