# SPDX-License-Identifier: Apache-2.0
"""Commands in the manual page, completion and the example of settings against the program itself."""
import re
import subprocess

import pytest
from json_text import flat, plain


def run(*command, **options):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=30, **options)


@pytest.fixture(scope="module")
def commands(binary):
    listed = run(binary, "--help").stdout.split("Commands:")[1].split("Options:")[0]
    return re.findall(r"(?m)^  (\S+)", listed)


def test_the_man_page_has_each_command_and_option(deploy, binary, commands):
    page = (deploy / "man/postfix-elb-agent.8").read_text()
    for command in commands:
        assert re.search(rf"(?m)^\.It Cm {command}\b", page), command
        for option in re.findall(r"--([a-z-]+)", run(binary, command, "--help").stdout.split("--config FILE")[0]):
            assert f"Fl -{option}" in page, f"{command} --{option}"


def test_the_example_of_settings_is_valid_as_it_is_and_uncommented(deploy, binary, settings, tmp_path):
    example = deploy / "agent.json.example"
    assert run(binary, "--config", example, "config", "check").returncode == 0
    text = re.sub(r"(?m)^  // ", "  ", example.read_text())
    whole = tmp_path / "agent.json"
    whole.write_text(text)
    checked = run(binary, "--config", whole, "config", "check")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert flat(plain(text)) == settings


def complete(deploy, binary, *words):
    """What bash offers for the last of the words."""
    script = r'''
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
_postfix_elb_agent 2>/dev/null
printf '%s\n' "${COMPREPLY[@]}"
'''
    said = run("bash", "-c", script, "bash", deploy / "bash-completion/postfix-elb-agent", binary, *words)
    return set(said.stdout.split())


def test_completion_knows_each_command_and_its_options(deploy, binary, commands):
    assert set(commands) <= complete(deploy, binary, "")
    for command in commands:
        usage = run(binary, command, "--help").stdout.split("--config FILE")[0]
        wanted = {f"--{option}" for option in re.findall(r"--([a-z-]+)", usage)}
        assert wanted <= complete(deploy, binary, command, "-"), command
    assert complete(deploy, binary, "config", "p") == {"print"}
    assert complete(deploy, binary, "rel") == {"relink"}


def options_of(binary, command):
    return set(re.findall(r"(?m)^  (--[a-z-]+)", run(binary, *command.split(), "--help").stdout))


def fish_offers(deploy, binary, line, folder):
    """What fish offers for the last word of a command line."""
    (folder / "postfix-elb-agent").unlink(missing_ok=True)
    (folder / "postfix-elb-agent").symlink_to(binary)
    script = f"source {deploy}/fish-completion/postfix-elb-agent.fish; complete -C 'postfix-elb-agent {line}'"
    said = run("fish", "--no-config", "-c", script, env={"PATH": f"{folder}:/usr/bin:/bin", "HOME": str(folder)})
    return {offer.split("\t")[0] for offer in said.stdout.splitlines()}


def test_fish_completion_offers_each_command_option_and_setting(deploy, binary, commands, settings, tmp_path):
    assert fish_offers(deploy, binary, "", tmp_path) == set(commands)
    for command in commands:
        offered = fish_offers(deploy, binary, f"{command} --", tmp_path)
        assert offered - {"--config", "--set", "--help"} == options_of(binary, command) - {
            "--config", "--set", "--help", "--version"}, command
    assert fish_offers(deploy, binary, "config ", tmp_path) == {"check", "print"}
    assert fish_offers(deploy, binary, "--set ", tmp_path) == {f"{key}=" for key in settings}


ZSH = r"""
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell "PS1=; fpath=($1 \$fpath); PATH=$2:\$PATH; autoload -U compinit; compinit -u -D; LISTMAX=999; stty cols 200 rows 200"
zpty -w shell "zstyle ':completion:*' format ''; setopt no_list_beep; bindkey '^I' complete-word; print ready"
zpty -r -m shell line '*ready*ready*'
zpty -n -w shell "postfix-elb-agent $3"$'\t\t'
# The list ends where the cursor goes up again to the line that is edited.
zpty -r -m shell out $'*\r\n\e[[]J*\e[[](|<->)A*'
print -r -- "$out"
zpty -d shell
"""


def zsh_offers(deploy, binary, line, folder):
    """The text that zsh shows after Tab."""
    (folder / "postfix-elb-agent").unlink(missing_ok=True)
    (folder / "postfix-elb-agent").symlink_to(binary)
    return run("zsh", "-f", "-c", ZSH, "zsh", deploy / "zsh-completion", folder, line).stdout


def test_zsh_completion_offers_each_command_option_and_setting(deploy, binary, commands, settings, tmp_path):
    shown = zsh_offers(deploy, binary, "", tmp_path)
    assert set(re.findall(r"([a-z-]+) +-- ", shown)) == set(commands)
    for command in commands:
        offered = set(re.findall(r"(--[a-z-]+) +-- ", zsh_offers(deploy, binary, f"{command} --", tmp_path)))
        common = {"--config", "--set", "--help", "--version"}
        assert offered - common == options_of(binary, command) - common, command
    assert {"check", "print"} <= set(re.findall(r"[a-z]+", zsh_offers(deploy, binary, "config ", tmp_path)))
    assert set(re.findall(r"[a-z_.]+=", zsh_offers(deploy, binary, "--set ", tmp_path))) >= {f"{key}=" for key in settings}


def test_completion_knows_each_setting(deploy, binary, settings):
    assert complete(deploy, binary, "--set", "") == {f"{key}=" for key in settings}
    assert complete(deploy, binary, "check", "--set", "mount.d") == {"mount.deadline="}


def test_completion_after_an_option_with_a_value_goes_on_with_commands(deploy, binary):
    assert "relink" in complete(deploy, binary, "--config", "/etc/passwd", "")
    assert complete(deploy, binary, "--config", "/etc/passw") >= {"/etc/passwd"}
