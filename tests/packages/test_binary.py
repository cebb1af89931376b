# SPDX-License-Identifier: Apache-2.0
"""One binary for Debian 12, RHEL 9 and Amazon Linux 2023, hardened as their linters want it."""
import subprocess

import pytest
import runs_on


def test_the_binary_asks_for_nothing_that_rhel_9_and_amazon_linux_2023_lack(unpacked):
    for folder in unpacked.values():
        assert runs_on.troubles(folder / "usr/sbin/postfix-elb-agent") == []


def test_a_binary_of_this_machine_that_needs_more_is_found_out(tmp_path):
    source = tmp_path / "new.c"
    source.write_text('#include <stdlib.h>\nint main(void) { return arc4random() & 1; }\n')  # glibc 2.36
    subprocess.run(["cc", "-o", tmp_path / "new", source], check=True)
    assert runs_on.troubles(tmp_path / "new") == [
        "needs GLIBC_2.36; glibc 2.34 in both (RHEL 9 release notes; AL2023 package list)"]


def test_both_packages_hold_the_same_binary_but_for_stripping(unpacked):
    ids = {subprocess.run(["file", "-b", folder / "usr/sbin/postfix-elb-agent"], capture_output=True, text=True,
                          check=True).stdout.split("BuildID")[1].split(",")[0] for folder in unpacked.values()}
    assert len(ids) == 1


@pytest.mark.parametrize("arguments, wanted", [
    (["-h"], "DYN (Position-Independent Executable file)"),
    (["-lW"], "GNU_RELRO"),
    (["-d"], "BIND_NOW"),
    (["--dyn-syms", "-W"], "__stack_chk_fail"),
    (["--dyn-syms", "-W"], "_chk@GLIBC"),
], ids=["PIE", "RELRO", "bind now", "stack protector", "_FORTIFY_SOURCE"])
def test_the_binary_is_hardened(unpacked, arguments, wanted):
    said = subprocess.run(["readelf", *arguments, unpacked["deb"] / "usr/sbin/postfix-elb-agent"], capture_output=True,
                          text=True, check=True).stdout
    assert wanted in said
