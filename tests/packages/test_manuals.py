# SPDX-License-Identifier: Apache-2.0
"""The manual pages, as the package installs them and man(1) shows them."""
import gzip
import json
import re
import subprocess

import pytest

PAGES = ("man5/postfix-elb-agent.json.5", "man7/postfix-elb-agent-reasons.7", "man8/postfix-elb-agent.8")


def run(*command, **options):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=30, **options)


@pytest.fixture(scope="module")
def source(unpacked, tmp_path_factory):
    """{"postfix-elb-agent.8": file} with the source of each page."""
    folder = tmp_path_factory.mktemp("man")
    files = {}
    for page in PAGES:
        file = folder / page.split("/")[1]
        file.write_bytes(gzip.decompress((unpacked["deb"] / f"usr/share/man/{page}.gz").read_bytes()))
        files[file.name] = file
    return files


def shown(page):
    """The lines that man shows, without its warnings, on a wide terminal."""
    said = run("man", "--warnings", "-l", page, env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "MANWIDTH": "500"})
    assert (said.returncode, said.stderr) == (0, ""), page
    return [line.strip() for line in run("col", "-bx", input=said.stdout).stdout.splitlines()]


@pytest.mark.parametrize("page", [page.split("/")[1] for page in PAGES])
def test_a_page_has_no_warning_and_is_filled_in(source, page):
    said = run("mandoc", "-T", "lint", source[page])
    # The manuals that are installed here are no property of the page.
    lines = [line for line in (said.stdout + said.stderr).splitlines()
             if "referenced manual not found" not in line and "outdated mandoc.db" not in line]
    assert lines == []
    assert not re.search(r"(?m)^@\w+@$", source[page].read_text())
    assert not [line for line in shown(source[page]) if re.search(r"[{}]", line) and '"' not in line and len(line) > 1]


def test_the_settings_page_has_each_setting_and_its_default(source, settings):
    lines = shown(source["postfix-elb-agent.json.5"])
    text = "\n".join(lines[lines.index("SETTINGS"):lines.index("NOTES")])
    found = re.findall(r"(?m)^([a-z_]+(?:\.[a-z_]+)?)(?:$|\s+)[^\n]*?\n?[^\n]*Default: (.*?)\.\s+A change takes", text)
    assert {key: json.loads(value) for key, value in found} == settings


def test_the_reasons_page_has_each_reason_under_its_check(source, root):
    table = (root / "core/checks/reason_table.hpp").read_text()
    wanted = re.findall(r"\{Check::(\w+),\s*Reason::(\w+),\s*(\w+),", table)
    assert len(wanted) > 20
    found, check = [], None
    for line in source["postfix-elb-agent-reasons.7"].read_text().splitlines():
        if line.startswith(".Ss "):
            check = line[4:]
        if entry := re.fullmatch(r"\.It Cm (\w+) Pq (\w+)", line):
            found.append((check, *entry.groups()))
    assert sorted(found) == sorted(wanted)


def test_the_reasons_page_shows_each_command_as_it_is_typed(source, unpacked):
    lines = shown(source["postfix-elb-agent-reasons.7"])
    catalog = (unpacked["deb"] / "usr/lib/systemd/catalog/postfix-elb-agent.catalog").read_text()
    commands = {line.strip().replace("@POSTFIX_ELB_AGENT_INSTANCE_ID@", "ID") for line in catalog.splitlines()
                if line.startswith("    ")}
    assert len(commands) > 20
    assert commands <= set(lines), commands - set(lines)
