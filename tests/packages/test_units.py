# SPDX-License-Identifier: Apache-2.0
"""The units: valid, hardened as measured, without the orderings that do harm."""
import re
import shutil
import subprocess

import pytest

# systemd-analyze security, in tenths. Beyond this is what the job needs: the unit's comments say what and why.
THRESHOLDS = {"postfix-elb-agent.service": 46, "postfix-elb-agent-nfs-identity.service": 20}


@pytest.fixture(scope="module")
def installed(unpacked, tmp_path_factory):
    """A root directory with the package in it, and with what its units name beside."""
    root = tmp_path_factory.mktemp("root")
    shutil.copytree(unpacked["deb"], root, dirs_exist_ok=True)
    shutil.copytree("/usr/lib/systemd/system", root / "usr/lib/systemd/system", symlinks=True, dirs_exist_ok=True)
    (root / "lib").symlink_to("usr/lib")
    for path in ("bin/kill", "sbin/modprobe", "usr/lib/postfix/configure-instance.sh", "usr/sbin/postmulti", "bin/true"):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text("#!/bin/sh\n")
        (root / path).chmod(0o755)
    return root


@pytest.mark.parametrize("unit", ["postfix-elb-agent.service", "postfix-elb-agent.socket",
                                  "postfix-elb-agent-nfs-identity.service", "postfix.service", "postfix@-.service"])
def test_systemd_finds_no_fault_in_the_unit(installed, unit):
    said = subprocess.run(["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", f"--root={installed}", unit],
                          capture_output=True, text=True)
    assert (said.returncode, [line for line in said.stderr.splitlines() if "elb-agent" in line]) == (0, []), said.stderr


@pytest.mark.parametrize("unit", THRESHOLDS)
def test_the_unit_is_as_hardened_as_the_job_allows(deploy, unit):
    said = subprocess.run(["systemd-analyze", "security", "--offline=true", f"--threshold={THRESHOLDS[unit]}",
                           deploy / "systemd" / unit], capture_output=True, text=True)
    assert said.returncode == 0, said.stdout[-400:]


@pytest.mark.parametrize("unit", ["postfix-elb-agent.service", "postfix-elb-agent.socket",
                                  "postfix-elb-agent-nfs-identity.service", "postfix-drop-in.conf"])
def test_nothing_waits_for_what_may_never_come(deploy, unit):
    text = (deploy / "systemd" / unit).read_text()
    settings = [line for line in text.splitlines() if "=" in line and not line.startswith("#")]
    assert "DefaultDependencies=no" in settings
    for line in settings:
        assert not re.match(r"(RequiresMountsFor|BindsTo|Requisite)=", line)
        assert not re.search(r"cloud-(final|config|init\.target)|multi-user\.target", line) or line.startswith("WantedBy=")
        if line.startswith("Requires="):
            assert line == "Requires=sysinit.target"
