# SPDX-License-Identifier: Apache-2.0
"""What the oldest systems that the binary must run on have. Each newest version is that of the release's first packages,
which it keeps for its life: glibc, libstdc++ and systemd-libs are never rebased there."""
import re
import subprocess

# prefix of a symbol version -> the newest that both RHEL 9 and Amazon Linux 2023 have, and where that is said
NEWEST = {
    "GLIBC": ((2, 34), "glibc 2.34 in both (RHEL 9 release notes; AL2023 package list)"),
    "GLIBCXX": ((3, 4, 29), "libstdc++ of GCC 11 in both (GCC manual, 'ABI Policy and Guidelines': GCC 11.1.0)"),
    "CXXABI": ((1, 3, 13), "the same table, GCC 11.1.0"),
    "GCC": ((7, 0, 0), "libgcc of GCC 11; GCC_7.0.0 is its newest version on x86_64 (libgcc-std.ver)"),
    "ZLIB": ((1, 2, 11), "zlib 1.2.11 in both (RHEL 9 and AL2023 package lists)"),
    "LIBSYSTEMD": ((252,), "systemd 252 in both since RHEL 9.2; RHEL 9.0 has 250 (libsystemd.sym numbers by release)"),
}
# Part of every installation of both, in packages that systemd or rpm itself needs.
LIBRARIES = {"libsystemd.so.0", "libcap.so.2", "libz.so.1", "libstdc++.so.6", "libgcc_s.so.1", "libm.so.6", "libc.so.6",
             "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"}


def _headers(binary):
    return subprocess.run(["objdump", "-p", binary], capture_output=True, text=True, check=True).stdout


def libraries(binary):
    return set(re.findall(r"NEEDED\s+(\S+)", _headers(binary)))


def versions(binary):
    """{"GLIBC": {(2, 34), ...}, ...}: all that the binary asks its libraries for."""
    found = {}
    references = _headers(binary).split("Version References:", 1)[1]
    for name in re.findall(r"0x[0-9a-f]+ 0x[0-9a-f]+ \d+ (\S+)", references):
        prefix, _, number = name.rpartition("_")
        found.setdefault(prefix, set()).add(tuple(int(part) for part in number.split(".")))
    return found


def troubles(binary):
    said = [f"needs {name}" for name in sorted(libraries(binary) - LIBRARIES)]
    for prefix, wanted in sorted(versions(binary).items()):
        if prefix not in NEWEST:
            said.append(f"needs versions of {prefix}, of which nothing is known")
        elif max(wanted) > NEWEST[prefix][0]:
            said.append(f"needs {prefix}_{'.'.join(map(str, max(wanted)))}; {NEWEST[prefix][1]}")
    return said
