# SPDX-License-Identifier: Apache-2.0
"""The commands: exit statuses, what they print, settings from the command line, reload."""
import json
import os
import pty
import subprocess

import pytest

from support.agent import binary
from support.deadline import eventually, stays
from support.tree_compare import differences, snapshot


def test_check_exits_2_with_remedies_when_nothing_is_right(instance):
    instance.bake()
    done = instance.command("check")
    assert done.returncode == 2
    for word in ("mount", "missing", instance.world.mount_path, "queue_link", "wrong_target", "master_pid", "relink"):
        assert word in done.stdout, word
    assert not [line for line in done.stdout.splitlines() if "\x1b" in line], "no colours into a pipe"


def test_check_exits_0_on_a_healthy_instance_with_or_without_daemon(serving):
    assert serving.command("check").returncode == 0
    body = json.loads(serving.command("check", "--json").stdout)
    assert body["status"] == "pass" and body["serviceId"] == serving.id
    serving.agent.stop()
    alone = json.loads(serving.command("check", "--json").stdout)
    bad = {check: rows[0]["reason"] for check, rows in alone["checks"].items() if rows[0]["status"] != "pass"}
    assert bad == {"ownership": "lost"}, "without the daemon no process holds the id, and that is the only fault"


def test_check_json_is_what_health_would_say(instance):
    instance.bake()
    done = instance.command("check", "--json")
    assert done.returncode == 2
    body = json.loads(done.stdout)
    assert body["status"] == "fail"
    assert body["checks"]["mount"][0]["reason"] == "missing"


def test_a_dry_run_prints_the_plan_and_changes_nothing(instance):
    instance.bake().mount()
    before = [snapshot(path, identity=True) for path in (instance.spool, instance.world.shared)]
    done = instance.command("relink", "--dry-run")
    assert done.returncode == 0
    corner = f"{instance.world.mount_path}/.postfix-elb-agent"
    steps = [f"copy {instance.skeleton} to {corner}/staging/{instance.id}",
             f"rename {corner}/staging/{instance.id} to {instance.queue}",
             f"make {instance.link} a symbolic link to {instance.queue} in one step"]
    positions = [done.stdout.find(step) for step in steps]
    assert -1 not in positions and positions == sorted(positions), done.stdout
    after = [snapshot(path, identity=True) for path in (instance.spool, instance.world.shared)]
    assert [differences(a, b) for a, b in zip(before, after)] == [[], []]


def test_relink_exits_0_when_done_or_not_needed(instance):
    instance.bake().mount()
    assert instance.command("relink").returncode == 0
    assert instance.link_text() == instance.queue
    again = instance.command("relink")
    assert again.returncode == 0
    instance.serve().until(check="relink", reason="")
    dry = instance.command("relink", "--dry-run")
    assert dry.returncode == 0 and "nothing to do" in dry.stdout


def test_relink_exits_2_with_the_reason_when_refused(instance):
    instance.bake()
    done = instance.command("relink", "--set", "mount.wait=1s")
    assert done.returncode == 2
    assert f"nothing is mounted at {instance.world.mount_path}" in done.stdout + done.stderr


def test_the_gate_says_why_in_one_line(instance):
    instance.bake()
    closed = instance.command("gate")
    assert closed.returncode == 1
    said = (closed.stdout + closed.stderr).strip()
    assert said.count("\n") == 0 and "mount missing" in said
    instance.mount()
    assert "wrong_target" in instance.command("gate").stderr + instance.command("gate").stdout
    assert instance.command("relink").returncode == 0
    assert instance.command("gate").returncode == 0


def test_status_exits_with_the_verdict_of_the_daemon(serving):
    done = serving.command("status")
    assert done.returncode == 0 and "master_pid" in done.stdout
    assert json.loads(serving.command("status", "--json").stdout)["status"] == "pass"
    serving.postfix.kill()
    serving.agent.until(status=503)
    failed = serving.command("status")
    assert failed.returncode == 2 and "stale" in failed.stdout
    serving.agent.stop()
    gone = serving.command("status")
    assert gone.returncode == 3, "unknown"
    assert str(serving.agent.port) in gone.stdout + gone.stderr


def test_config_check_names_every_error_at_once_with_its_path(instance):
    assert instance.command("config", "check").returncode == 0
    with open(instance.settings_path, "w") as file:
        file.write('{"mount": {"pth": "/Mail", "deadline": 2}, "listen": {"port": 99999}, "queue": {"link": "spool"}}')
    done = instance.command("config", "check")
    assert done.returncode == 78
    said = done.stdout + done.stderr
    for word in ("mount.pth", "path", "mount.deadline", "listen.port", "99999", "queue.link"):
        assert word in said, word
    assert instance.command("serve").returncode == 78
    assert instance.command("check").returncode == 3
    assert instance.command("gate").returncode == 1


def test_config_print_names_the_origin_of_each_value(instance):
    done = instance.command("config", "print", "--set", "checks.fail_after=3")
    assert done.returncode == 0
    lines = {word: line for line in done.stdout.splitlines() for word in ("fail_after", "pass_after", "fstypes")
             if f'"{word}"' in line}
    assert "3" in lines["fail_after"] and "--set" in lines["fail_after"]
    assert "default" in lines["pass_after"]
    assert instance.settings_path in lines["fstypes"] or "agent.json" in lines["fstypes"]


def test_config_print_prints_a_valid_settings_file(instance):
    printed = instance.command("config", "print").stdout
    with open(instance.settings_path, "w") as file:
        file.write(printed)
    assert instance.command("config", "check").returncode == 0


def test_a_missing_settings_file_that_was_named_is_an_error(instance):
    os.remove(instance.settings_path)
    done = instance.command("config", "check")
    assert done.returncode == 78
    assert instance.settings_path in done.stdout + done.stderr


def test_set_overrides_the_file(instance):
    instance.bake().mount()
    instance.serve("--set", "checks.interval=2s", "--set", "instance_id=relay-7")
    instance.agent.until(check="relink", reason="")
    assert instance.link_text() == f"{instance.world.mount_path}/relay-7"
    assert instance.agent.health().json["serviceId"] == "relay-7"


def test_usage_errors_help_and_version(instance):
    def run(*arguments):
        return instance.host.run(binary(), *arguments, check=False)
    assert run("--help").returncode == 0
    version = run("--version")
    assert version.returncode == 0 and "postfix-elb-agent" in version.stdout
    assert run("frobnicate").returncode not in (0, 1, 2, 3, 78)


def usage(*arguments):
    return subprocess.run([binary(), *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20)


COMMANDS = ["serve", "check", "relink", "gate", "status", "doctor", "nfs-identity", "config", "config check", "config print"]


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_prints_the_same_as_the_option_help(command):
    words = command.split()
    helped, option = usage("help", *words), usage(*words, "--help")
    assert helped.returncode == option.returncode == 0 and helped.stderr == ""
    assert helped.stdout == option.stdout != ""
    assert max(map(len, helped.stdout.splitlines())) <= 80
    assert "Exit status:" in helped.stdout


@pytest.mark.parametrize("words, message", [
    ("stauts", "unknown command 'stauts'; did you mean 'status'?"),
    ("stauts --help", "unknown command 'stauts'; did you mean 'status'?"),
    ("help stauts", "unknown command 'stauts'; did you mean 'status'?"),
    ("config prnt", "unknown command 'prnt'; did you mean 'print'?"),
    ("config", "'config' needs a command: check or print"),
    ("frobnicate", "unknown command 'frobnicate'"),
    ("check --jsn", "unknown option '--jsn'; did you mean '--json'?"),
    ("check --confg=x", "unknown option '--confg'; did you mean '--config'?"),
    ("check relink", "unexpected argument 'relink' after 'check'"),
])
def test_a_mistyped_or_missing_word_is_reported_with_the_accepted_ones(words, message):
    done = usage(*words.split())
    assert done.returncode == 64 and done.stdout == ""
    first, hint = done.stderr.splitlines()
    assert first == f"postfix-elb-agent: {message}"
    assert "run: postfix-elb-agent help" in hint


def test_on_a_terminal_no_arguments_print_the_help():
    outer, terminal = pty.openpty()
    done = subprocess.run([binary()], stdin=terminal, stdout=subprocess.PIPE, text=True, timeout=20)
    os.close(outer), os.close(terminal)
    assert (done.returncode, done.stdout) == (0, usage("--help").stdout)


def test_without_a_terminal_no_arguments_mean_serve(serving):
    """A second agent on one port ends with 1: it tried to serve."""
    done = serving.command("--set", f"listen.port={serving.agent.port}")
    assert done.returncode == 1 and "in use" in done.stderr


def test_a_reload_with_errors_keeps_the_old_settings(serving):
    with open(serving.settings_path, "w") as file:
        file.write('{"mount": {"path": 7}}')
    serving.agent.hup()
    eventually(lambda: "keeping the old" in serving.agent.stderr(), "the log says so")
    assert "mount.path" in serving.agent.stderr()
    stays(lambda: serving.agent.health().status == 200, "still healthy", during=1.2)


def test_a_reload_takes_new_settings_into_effect(serving):
    serving.write_settings(mount={"source": "fs-other:/"})
    serving.agent.hup()
    answer = serving.agent.until(status=503, check="mount", reason="wrong_source")
    assert "fs-other:/" in answer.json["output"]
    serving.write_settings(mount={"source": serving.world.source})
    serving.agent.hup()
    serving.agent.until(status=200)


def test_a_port_in_use_is_reported_and_exits_1(serving):
    done = serving.command("serve")
    assert done.returncode == 1
    assert str(serving.agent.port) in done.stderr and "in use" in done.stderr


def test_draining_fails_readyz_first_and_ends_with_0(serving):
    serving.agent.stop()
    serving.write_settings(drain={"delay": "3s"})
    agent = serving.serve()
    agent.until(status=200)
    os.kill(agent.supervisor, 15)
    answer = agent.until("/readyz", status=503)
    assert answer.json["phase"] == "draining"
    assert agent.health().status == 200, "draining is no reason to be replaced"
    assert agent.wait() == 0
    assert serving.postfix.answers()
