# SPDX-License-Identifier: Apache-2.0
"""A real systemd-journald on a pretended host: its own /run and /var/log, and a /dev/log that syslog(3) finds."""
import os
import signal

from support.deadline import eventually
from support.host import children_of

SOCKET = "/run/systemd/journal/dev-log"
SETTINGS = "[Journal]\nReadKMsg=no\nAudit=no\nRateLimitIntervalSec=0\nForwardToWall=no\n"
# The machine's own /dev is shared with all: a copy of what is needed of it, with the log's socket beside.
FURNISH = """
set -e
mount -t tmpfs -o mode=0755 log /var/log
mkdir /run/dev
for name in null zero full random urandom tty ptmx; do
    touch /run/dev/$name; mount --bind /dev/$name /run/dev/$name
done
ln -s /proc/self/fd /run/dev/fd
ln -s /run/systemd/journal/dev-log /run/dev/log
mount --rbind /run/dev /dev
"""


class Journald:
    def __init__(self, host):
        self.host = host
        self._process = None
        host.run("sh", "-c", FURNISH)
        host.write("/run/systemd/journald.conf.d/test.conf", SETTINGS)

    def start(self):
        self.host.run("rm", "-f", SOCKET)
        self._process = self.host.popen("/lib/systemd/systemd-journald")
        eventually(lambda: os.path.exists(self.host.view(SOCKET)), "journald listens")
        return self

    def _end(self, number):
        for pid in children_of(self._process.pid):
            os.kill(pid, number)
        self._process.wait(timeout=20)

    def kill(self):
        self._end(signal.SIGKILL)

    def stop(self):
        self._end(signal.SIGTERM)

    def log(self, tag, text, priority="mail.crit"):
        """Logs as postlog(1) does: syslog, facility mail."""
        self.host.run("logger", "--socket", SOCKET, "--id=771", "--priority", priority, "--tag", tag, text)

    def control(self, *options):
        return self.host.run("journalctl", *options).stdout

    def delete_files(self):
        self.host.run("find", "/run/log/journal", "-type", "f", "-delete")
