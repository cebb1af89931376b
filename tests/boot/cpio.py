# SPDX-License-Identifier: Apache-2.0
"""Archives that the kernel unpacks as its first file system ("newc" format of cpio(5); several may follow each other)."""
import os
import stat


class Archive:
    def __init__(self):
        self._parts = []
        self._made = {""}

    def file(self, path, data, mode=0o644):
        """`path` without a leading slash; the directories above it are made."""
        above = os.path.dirname(path)
        if above not in self._made:
            self.directory(above)
        self._entry(path, stat.S_IFREG | mode, data)

    def directory(self, path):
        above = os.path.dirname(path)
        if above not in self._made:
            self.directory(above)
        self._made.add(path)
        self._entry(path, stat.S_IFDIR | 0o755, b"")

    def device(self, path, mode, major, minor):
        self._entry(path, mode, b"", (major, minor))

    def _entry(self, path, mode, data, device=(0, 0)):
        name = path.encode() + b"\0"
        fields = (len(self._parts) + 1, mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(name), 0)
        head = b"070701" + b"".join(b"%08X" % field for field in fields) + name
        self._parts.append(_padded(head) + _padded(data))

    def bytes(self):
        if self._parts:
            self._entry("TRAILER!!!", 0, b"")
        whole = b"".join(self._parts)
        return whole + b"\0" * (-len(whole) % 512)


def _padded(data):
    return data + b"\0" * (-len(data) % 4)
