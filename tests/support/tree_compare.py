# SPDX-License-Identifier: Apache-2.0
"""A directory tree entry by entry: type, owner, mode, times, a link's text, contents, link count, and inode if asked."""
import hashlib
import os
import stat
from dataclasses import dataclass, fields

_KINDS = {stat.S_IFREG: "file", stat.S_IFDIR: "directory", stat.S_IFLNK: "symlink", stat.S_IFSOCK: "socket",
          stat.S_IFIFO: "fifo", stat.S_IFCHR: "char device", stat.S_IFBLK: "block device"}


@dataclass(frozen=True)
class Entry:
    kind: str
    owner: int
    group: int
    mode: str
    mtime_ns: int
    links: int          # 0 for directories: their count is the file system's business
    text: str = ""      # of a symlink
    content: str = ""   # digest and size of a file
    inode: int = 0      # only with identity
    ctime_ns: int = 0   # only with identity


def _entry(path, identity):
    status = os.lstat(path)
    kind = _KINDS[stat.S_IFMT(status.st_mode)]
    content = ""
    if kind == "file":
        with open(path, "rb") as file:
            data = file.read()
        content = f"{hashlib.sha256(data).hexdigest()[:16]} {len(data)} bytes"
    return Entry(kind, status.st_uid, status.st_gid, oct(stat.S_IMODE(status.st_mode)), status.st_mtime_ns,
                 0 if kind == "directory" else status.st_nlink, os.readlink(path) if kind == "symlink" else "", content,
                 status.st_ino if identity else 0, status.st_ctime_ns if identity else 0)


def snapshot(root, identity=False, skip=()):
    """Relative path -> Entry, the root itself as ".". `identity` adds inode and ctime: equal snapshots then mean that
    nothing was written at all. `skip` leaves out these relative paths with what is below them."""
    entries = {".": _entry(root, identity)}
    for directory, names, files in os.walk(root):
        below = os.path.relpath(directory, root)
        kept = []
        for name in names + files:
            relative = os.path.normpath(f"{below}/{name}")
            if relative in skip:
                continue
            entries[relative] = _entry(f"{directory}/{name}", identity)
            kept.append(name)
        names[:] = [name for name in names if name in kept]
    return entries


def differences(expected, actual, ignore=()):
    """A line for each entry and field that differs; empty when equal. `ignore` names fields."""
    lines = []
    for path in sorted(expected.keys() | actual.keys()):
        left, right = expected.get(path), actual.get(path)
        if left is None or right is None:
            lines.append(f"{path}: {'not expected' if left is None else 'missing'}")
            continue
        for field in fields(Entry):
            a, b = getattr(left, field.name), getattr(right, field.name)
            if a != b and field.name not in ignore:
                lines.append(f"{path}: {field.name} is {b!r}, expected {a!r}")
    return lines


def assert_same(expected, actual, ignore=()):
    found = differences(expected, actual, ignore)
    assert not found, "the trees differ:\n" + "\n".join(found)
