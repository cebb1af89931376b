# SPDX-License-Identifier: Apache-2.0
"""Both packages, unpacked and held against each other, and their scripts."""
import re
import subprocess

import pytest

UNITS = ["postfix-elb-agent-nfs-identity.service", "postfix-elb-agent.socket", "postfix-elb-agent.service"]
# What a family of distributions wants for itself.
ONLY_DEB = {"share/doc/postfix-elb-agent/changelog.Debian.gz", "share/doc/postfix-elb-agent/copyright",
            "share/lintian/overrides/postfix-elb-agent", "share/zsh/vendor-completions/_postfix-elb-agent"}
ONLY_RPM = {"share/zsh/site-functions/_postfix-elb-agent"}


def run(*command, **options):
    return subprocess.run(command, capture_output=True, text=True, **options)


def listed_deb(deb):
    """{path below /usr: "mode owner"} of all files."""
    lines = run("dpkg-deb", "-c", str(deb), check=True).stdout.splitlines()
    return {line.split()[5][6:]: " ".join(line.split()[:2]) for line in lines if line.startswith("-")}


def listed_rpm(rpm):
    form = r"[%{FILEMODES:perms} %{FILEUSERNAME}/%{FILEGROUPNAME} %{FILENAMES}\n]"
    lines = run("rpm", "-qp", "--qf", form, str(rpm), check=True).stdout.splitlines()
    return {line.split()[2][5:]: " ".join(line.split()[:2]) for line in lines if line.startswith("-")}


def deb_scripts(deb, folder):
    run("dpkg-deb", "-e", str(deb), str(folder), check=True)
    return {name: (folder / name).read_text() for name in ("postinst", "prerm", "postrm")}


def rpm_scripts(rpm):
    said = run("rpm", "-qp", "--scripts", str(rpm), check=True).stdout
    parts = re.split(r"^(\w+) scriptlet \(using /bin/sh\):\n", said, flags=re.M)
    return dict(zip(parts[1::2], parts[2::2]))


def test_both_packages_install_the_same_files_with_the_same_modes_and_owners(deb, rpm):
    in_deb, in_rpm = listed_deb(deb), listed_rpm(rpm)
    assert set(in_deb) - set(in_rpm) == ONLY_DEB
    assert [path for path in set(in_rpm) - set(in_deb) - ONLY_RPM if not re.match(r"share/licenses/.*/LICENSE$", path)] == []
    for path in set(in_deb) & set(in_rpm):
        mode = "-rwxr-xr-x" if path.startswith("sbin/") else "-rw-r--r--"
        assert in_deb[path] == in_rpm[path] == f"{mode} root/root", path


def test_the_packages_differ_in_no_byte_of_what_they_share(deb, rpm, unpacked):
    for path in set(listed_deb(deb)) & set(listed_rpm(rpm)) - {"sbin/postfix-elb-agent"}:  # which is stripped twice
        assert (unpacked["deb"] / "usr" / path).read_bytes() == (unpacked["rpm"] / "usr" / path).read_bytes(), path


def test_what_the_units_name_is_in_the_package(unpacked):
    usr = unpacked["deb"] / "usr"
    for unit in UNITS:
        assert (usr / "lib/systemd/system" / unit).is_file()
        assert f"enable {unit}" in (usr / "lib/systemd/system-preset/90-postfix-elb-agent.preset").read_text()
    drop_ins = [(usr / "lib/systemd/system" / f"{name}.d/10-postfix-elb-agent.conf").read_text()
                for name in ("postfix.service", "postfix@-.service")]
    assert drop_ins[0] == drop_ins[1]


def test_scripts_are_shell(deb, rpm, tmp_path):
    for name, text in {**deb_scripts(deb, tmp_path), **rpm_scripts(rpm)}.items():
        checked = run("sh", "-n", input=text)
        assert checked.returncode == 0, f"{name}: {checked.stderr}"


@pytest.mark.parametrize("kind", ["deb", "rpm"])
def test_no_script_waits_for_the_agent_or_touches_postfix(kind, deb, rpm, tmp_path):
    scripts = deb_scripts(deb, tmp_path) if kind == "deb" else rpm_scripts(rpm)
    lines = [line.strip() for text in scripts.values() for line in text.splitlines()
             if not line.strip().startswith("#")]
    for line in lines:
        if re.search(r"systemctl.*\b(start|restart|try-restart)\b|systemctl.*\$1", line):
            assert "--no-block" in line, line
        for word in re.findall(r"postfix[-\w@.]*", line):
            assert word.startswith("postfix-elb-agent"), line
        assert "/Mail" not in line and "/var/spool" not in line, line


def test_the_rpm_says_what_it_needs(rpm):
    needed = run("rpm", "-qp", "--requires", str(rpm), check=True).stdout
    for library in ("libc.so.6(GLIBC_2.34)(64bit)", "libsystemd.so.0()(64bit)", "libcap.so.2()(64bit)", "libz.so.1()(64bit)",
                    "systemd"):
        assert library in needed


def test_the_deb_says_what_it_needs(deb):
    said = run("dpkg-deb", "-f", str(deb), "Depends", "Recommends", "Section", "Priority", check=True).stdout
    for words in ("libc6 (>= 2.34)", "libsystemd0 (>= ", "libcap2 (>= ", "zlib1g (>= ", "systemd,", "nfs-common",
                  "Section: mail", "Priority: optional"):
        assert words in said


def test_lintian_has_nothing_to_say(deb):
    said = run("lintian", "--allow-root", "--fail-on", "error,warning,info", "--display-info", str(deb))
    assert (said.returncode, said.stdout) == (0, ""), said.stdout + said.stderr


def test_rpmlint_has_nothing_to_say(rpm, deploy):
    said = run("rpmlint", "-c", str(deploy / "rpm/rpmlint.toml"), str(rpm))
    assert said.returncode == 0, said.stdout + said.stderr
    assert " 0 errors, 0 warnings" in said.stdout, said.stdout
