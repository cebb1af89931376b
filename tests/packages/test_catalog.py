# SPDX-License-Identifier: Apache-2.0
"""The journal's catalog, as the package installs it and journalctl(1) reads it."""
import re
import shutil
import subprocess

import pytest


def journalctl(root, *arguments):
    done = subprocess.run(["journalctl", f"--root={root}", *arguments], capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.fixture(scope="module")
def root(unpacked, tmp_path_factory):
    """A root directory that holds this catalog alone."""
    root = tmp_path_factory.mktemp("root")
    shutil.copytree(unpacked["deb"] / "usr/lib/systemd/catalog", root / "usr/lib/systemd/catalog")
    journalctl(root, "--update-catalog")
    return root


def test_the_catalog_explains_each_reason_once(root, deploy):
    listed = journalctl(root, "--list-catalog")
    found = re.findall(r"(?m)^[0-9a-f]{32} postfix-elb-agent: check (\w+: \w+)$", listed)
    assert len(found) == len(set(found)) == len(listed.splitlines()) - 1
    table = (deploy.parent / "core/checks/reason_table.hpp").read_text()
    assert set(re.findall(r"\{Check::(\w+),\s*Reason::(\w+),", table)) == {tuple(name.split(": ")) for name in found}
    assert re.search(r"(?m)^3bec9d3c78a749948dabc8b7c2d38b90 postfix-elb-agent: all checks pass$", listed)


def test_a_catalog_text_leaves_no_placeholder_of_the_settings(root):
    text = journalctl(root, "--dump-catalog")
    assert not re.search(r"\{\w+\}|`", text)
    assert "/Mail/@POSTFIX_ELB_AGENT_INSTANCE_ID@" in text, "the journal fills in the instance"
