# SPDX-License-Identifier: Apache-2.0
"""The disks that machines start from: Debian 12 made by mmdebstrap, prepared as a relay's image is, with and without the
agent's package. Each is made once from what it depends on and kept below build/boot, so that a second run makes nothing.

    base-<hash>/root    the packages of the distribution, as a directory
    <variant>-<hash>    the disk: base + package (variant "agent" only) + image/ + prepare
"""
import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
import time

from cpio import Archive

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
CACHE = f"{ROOT}/build/boot"
VARIANTS = ("plain", "agent")

_SUITE = "bookworm"
_PACKAGES = """systemd systemd-sysv udev dbus linux-image-cloud-amd64 postfix nfs-kernel-server nfs-common rsyslog
    openssh-server iproute2 nftables cloud-init python3 procps kmod socat sudo curl strace busybox-static""".split()
# Two thirds of all files, and nothing reads them here; those of the package under test stay.
_UNREAD = ("/usr/share/man/*", "/usr/share/locale/*", "/usr/share/doc/*")
_UNREAD_BUT = ("/usr/share/man/*/postfix-elb-agent*", "/usr/share/doc/postfix-elb-agent/*")
_DISK_SIZE = "2G"
# What the kernel needs before it can read its disk; ext4 is built in.
_DISK_MODULES = ("virtio_pci", "virtio_blk")


class Images:
    """All that a machine is started from. `disks` is a path for each variant."""

    def __init__(self, kernel, initrd, disks):
        self.kernel, self.initrd, self.disks = kernel, initrd, disks


def package():
    """The package under test: PEA_BOOT_PACKAGE, else the newest of build/packages."""
    named = os.environ.get("PEA_BOOT_PACKAGE")
    found = [named] if named else sorted(
        (entry.path for entry in _scan(f"{ROOT}/build/packages") if entry.name.endswith(".deb")
         and "dbg" not in entry.name), key=os.path.getmtime)
    assert found and os.path.exists(found[-1]), (
        "no package to boot with: deploy/package/build deb makes it, or PEA_BOOT_PACKAGE names it")
    return found[-1]


def make(say=print):
    """Makes what is not there yet."""
    os.makedirs(CACHE, exist_ok=True)
    with open(f"{CACHE}/lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two runs may start at once
        base = _base(say)
        disks = {variant: _disk(base, variant, say) for variant in VARIANTS}
        _forget_all_but(base, *disks.values())
    return Images(f"{base}/kernel", f"{base}/initrd", disks)


# ---- base

def _base(say):
    packages = ",".join(sorted({*_PACKAGES, *_dependencies(package())}))
    command = ("mmdebstrap", "--quiet", "--variant=apt", f"--include={packages}", "--dpkgopt=force-unsafe-io",
               *(f"--dpkgopt=path-exclude={path}" for path in _UNREAD),
               *(f"--dpkgopt=path-include={path}" for path in _UNREAD_BUT), _SUITE)
    path = f"{CACHE}/base-{_hash(*command, *_DISK_MODULES, *_tree(f'{HERE}/init'))}"
    if os.path.exists(path):
        return path
    with _timed(say, "Debian 12 with its packages"), _half_made(path) as half:
        _run(*command, f"{half}/root")
        release = os.listdir(f"{half}/root/lib/modules")[0]
        shutil.copy(f"{half}/root/boot/vmlinuz-{release}", f"{half}/kernel")
        _write(f"{half}/initrd", _initrd(f"{half}/root", release))
        for name in os.listdir(f"{half}/root/boot"):
            os.unlink(f"{half}/root/boot/{name}")
        # The kernel makes its own; a copy of this directory would read some of them without end.
        for name in os.listdir(f"{half}/root/dev"):
            _run("rm", "-r", f"{half}/root/dev/{name}")
    return path


def _dependencies(deb):
    """The names of the packages that it needs, of alternatives the first."""
    text = _run("dpkg-deb", "-f", deb, "Pre-Depends", "Depends").stdout
    text = re.sub(r"^[A-Za-z-]+:", ",", text, flags=re.MULTILINE)
    return [re.match(r"[a-z0-9.+-]+", word.strip()).group() for word in text.split(",") if word.strip()]


def _initrd(root, release):
    needed = []
    for module in _DISK_MODULES:
        listed = _run("chroot", root, "modprobe", "-S", release, "--show-depends", module).stdout
        needed += [path for path in re.findall(r"^insmod (\S+)", listed, re.MULTILINE) if path not in needed]
    archive = Archive()
    archive.file("init", _read(f"{HERE}/init"), 0o755)
    archive.file("bin/busybox", _read(f"{root}/bin/busybox"), 0o755)
    for name in ("dev", "proc", "root"):
        archive.directory(name)
    for path in needed:
        archive.file(f"modules/{os.path.basename(path)}", _read(root + path))
    archive.file("modules/order", "\n".join(map(os.path.basename, needed)).encode())
    return archive.bytes()


# ---- disks

def _disk(base, variant, say):
    deb = package() if variant == "agent" else None
    inputs = [base, *_tree(f"{HERE}/image"), *_tree(f"{HERE}/prepare"), *(_tree(deb) if deb else [])]
    path = f"{CACHE}/{variant}-{_hash(*inputs)}"
    if os.path.exists(path):
        return path
    with _timed(say, f"disk {variant}"), tempfile.TemporaryDirectory(dir=CACHE, prefix="layer-") as layer:
        with _layered(f"{base}/root", layer) as root:
            if deb:
                shutil.copy(deb, f"{root}/tmp/package.deb")
                _inside(root, "dpkg", "-i", "/tmp/package.deb")
                os.unlink(f"{root}/tmp/package.deb")
            _run("cp", "-r", "--no-target-directory", f"{HERE}/image", root)
            shutil.copy(f"{HERE}/prepare", f"{root}/tmp/prepare")
            _inside(root, "/tmp/prepare")
            os.unlink(f"{root}/tmp/prepare")
            with _half_made(path, directory=False) as half:
                _run("mke2fs", "-q", "-t", "ext4", "-E", "lazy_itable_init=1,lazy_journal_init=1",
                     "-d", root, half, _DISK_SIZE)
    return path


@contextlib.contextmanager
def _layered(lower, layer):
    """A writable root over `lower`, which stays as it is."""
    for name in ("upper", "work", "root"):
        os.mkdir(f"{layer}/{name}")
    root = f"{layer}/root"
    _run("mount", "-t", "overlay", "-o", f"lowerdir={lower},upperdir={layer}/upper,workdir={layer}/work", "overlay", root)
    try:
        yield root
    finally:
        _run("umount", root)


def _inside(root, *command):
    """In there no service starts, and systemctl only makes links (SYSTEMD_OFFLINE)."""
    policy = f"{root}/usr/sbin/policy-rc.d"
    _write(policy, b"#!/bin/sh\nexit 101\n", 0o755)
    _run("mount", "-t", "proc", "proc", f"{root}/proc")
    _run("mount", "--bind", "/dev", f"{root}/dev")
    try:
        _run("chroot", root, *command, env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive",
                                            "SYSTEMD_OFFLINE": "1"})
    finally:
        _run("umount", f"{root}/dev", f"{root}/proc")
        os.unlink(policy)


# ---- small things

@contextlib.contextmanager
def _half_made(path, directory=True):
    """What is made there appears under `path` when it is whole."""
    half = f"{path}.half-made"
    shutil.rmtree(half, ignore_errors=True)
    if directory:
        os.mkdir(half)
    yield half
    os.rename(half, path)


def _forget_all_but(*kept):
    """Old ones that no run uses (an image in use stays readable for those that have it open)."""
    for entry in _scan(CACHE):
        if entry.path in kept or not re.match(r"(base|layer|plain|agent)-", entry.name):
            continue
        if time.time() - entry.stat().st_mtime < 3600:
            continue
        shutil.rmtree(entry.path) if entry.is_dir() else os.unlink(entry.path)


@contextlib.contextmanager
def _timed(say, what):
    started = time.monotonic()
    yield
    say(f"made {what} in {time.monotonic() - started:.0f} s")


def _hash(*parts):
    joined = hashlib.sha256()
    for part in parts:
        joined.update(part if isinstance(part, bytes) else part.encode())
        joined.update(b"\0")
    return joined.hexdigest()[:12]


def _tree(path):
    """Names, modes and contents of all files there."""
    files = [path] if os.path.isfile(path) else sorted(
        os.path.join(directory, name) for directory, _, names in os.walk(path) for name in names)
    for file in files:
        yield os.path.relpath(file, os.path.dirname(path))
        yield oct(os.stat(file).st_mode)
        yield _read(file)


def _scan(path):
    return list(os.scandir(path)) if os.path.isdir(path) else []


def _read(path):
    with open(path, "rb") as file:
        return file.read()


def _write(path, data, mode=0o644):
    with open(path, "wb") as file:
        file.write(data)
    os.chmod(path, mode)


def _run(*command, **keywords):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, **keywords)
    assert done.returncode == 0, f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
    return done


if __name__ == "__main__":
    made = make()
    print(made.kernel, made.initrd, *made.disks.values(), sep="\n")
