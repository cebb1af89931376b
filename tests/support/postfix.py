# SPDX-License-Identifier: Apache-2.0
"""A private Postfix: the distribution's programs with a configuration, a queue, a data directory and a log of its own."""
import grp
import os
import pwd
import shutil
import signal
import smtplib
import socket

from support.deadline import eventually
from support.host import children_of

# What the distribution's package puts into a fresh queue directory: hold and trace come with the first start.
LAYOUT = [  # name, owner, group, mode
    *[(name, "postfix", "root", 0o700) for name in
      ("active", "bounce", "corrupt", "defer", "deferred", "flush", "incoming", "private", "saved")],
    ("maildrop", "postfix", "postdrop", 0o1730),
    ("public", "postfix", "postdrop", 0o2710),
    ("pid", "root", "root", 0o755),
]

MASTER_CF = """\
127.0.0.1:{port} inet n - n - - smtpd
pickup    unix  n - n 60 1 pickup
cleanup   unix  n - n - 0 cleanup
qmgr      unix  n - n 300 1 qmgr
tlsmgr    unix  - - n 1000? 1 tlsmgr
rewrite   unix  - - n - - trivial-rewrite
bounce    unix  - - n - 0 bounce
defer     unix  - - n - 0 bounce
trace     unix  - - n - 0 bounce
verify    unix  - - n - 1 verify
flush     unix  n - n 1000? 0 flush
proxymap  unix  - - n - - proxymap
smtp      unix  - - n - - smtp
showq     unix  n - n - - showq
error     unix  - - n - - error
retry     unix  - - n - - error
anvil     unix  - - n - 1 anvil
scache    unix  - - n - 1 scache
postlog   unix-dgram n - n - 1 postlogd
{postlog} unix-dgram n - n - 1 postlogd
"""

# Mail is accepted and stays in the queue: nothing leaves this machine.
MAIN_CF = """\
compatibility_level = 3.6
queue_directory = {queue}
data_directory = {data}
maillog_file = {log}
maillog_file_prefixes = {root}
postlog_service_name = {postlog}
syslog_name = {name}
myhostname = {name}.example
mydestination =
inet_interfaces = loopback-only
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_peerfile_namelookup = no
defer_transports = smtp
alias_maps =
alias_database =
local_recipient_maps =
disable_dns_lookups = yes
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def make_skeleton(path):
    """A pristine queue directory as an image carries it, with some of what Debian keeps there for chrooted services."""
    os.makedirs(path, mode=0o755)
    for name, owner, group, mode in LAYOUT:
        directory = f"{path}/{name}"
        os.mkdir(directory)
        os.chown(directory, pwd.getpwnam(owner).pw_uid, grp.getgrnam(group).gr_gid)
        os.chmod(directory, mode)
    for name in ("dev", "etc", "lib", "usr", "usr/lib", "usr/lib/zoneinfo"):
        os.mkdir(f"{path}/{name}", 0o755)
    for name, text in (("etc/services", "smtp 25/tcp\n" * 400), ("etc/hosts", "127.0.0.1 localhost\n"),
                       ("etc/resolv.conf", ""), ("lib/libnss_dns.so.2", "\x7fELF" + "n" * 70000), ("restart", "")):
        with open(f"{path}/{name}", "w") as file:
            file.write(text)
    os.symlink("../usr/lib/zoneinfo", f"{path}/etc/localtime")
    # Two skeletons are alike to the nanosecond, and no two entries of one are.
    stamp = 1_600_000_000_123_456_789
    for directory, names, files in os.walk(path, topdown=False):
        for name in sorted(names + files):
            stamp += 1_000_000_007
            os.utime(f"{directory}/{name}", ns=(stamp, stamp), follow_symlinks=False)
    os.utime(path, ns=(stamp, stamp))


class Postfix:
    """On `host`, with `queue` as its queue_directory (usually the queue link)."""

    def __init__(self, host, queue, name="postfix"):
        self.host = host
        self.queue = queue
        self.port = free_port()
        root = f"{host.directory}/{name}"
        self.config, self.data, self.log = f"{root}/etc", f"{root}/lib", f"{root}/log/mail.log"
        for directory in (self.config, self.data, os.path.dirname(self.log)):
            os.makedirs(directory, mode=0o755)
        shutil.chown(self.data, "postfix", "postfix")
        # A socket is local to its host on NFS, not between pretended hosts on one kernel: a name for each keeps apart
        # whose log a line goes to
        # (the plain name stays because `postfix check` insists on it).
        postlog = f"postlog-{host.name}"
        with open(f"{self.config}/master.cf", "w") as file:
            file.write(MASTER_CF.format(port=self.port, postlog=postlog))
        with open(f"{self.config}/main.cf", "w") as file:
            file.write(MAIN_CF.format(queue=queue, data=self.data, log=self.log, root=root, name=name,
                                      postlog=postlog))
        for file_name in ("main.cf", "master.cf"):  # programs of Postfix wait until a file that was just written has aged
            os.utime(f"{self.config}/{file_name}", (1_600_000_000, 1_600_000_000))

    def command(self, word, check=True):
        """`postfix <word>`, as an operator types it."""
        return self.host.run("postfix", "-c", self.config, word, check=check)

    def start(self, quick=True):
        """Starts it and waits until it accepts mail. `quick` leaves out Postfix's own look at every queue file."""
        if quick:
            self.host.run("touch", f"{self.queue}/quick-start")
        self.command("start")
        eventually(lambda: self.master_pid(), "master runs")
        eventually(self.answers, "smtpd answers")

    def answers(self):
        try:
            with smtplib.SMTP("127.0.0.1", self.port, timeout=5) as connection:
                return connection.noop()[0] == 250
        except OSError:
            return False

    def master_pid(self):
        """The master of this host, in this process's numbering; None without one."""
        for pid in self.host.pids():
            try:
                if os.readlink(f"/proc/{pid}/exe").endswith("/master"):
                    with open(f"/proc/{pid}/environ") as file:
                        if f"MAIL_CONFIG={self.config}\0" in file.read():
                            return pid
            except OSError:
                pass
        return None

    def send(self, text, sender="a@example.org", recipient="b@example.net"):
        with smtplib.SMTP("127.0.0.1", self.port, timeout=20) as connection:
            connection.sendmail(sender, [recipient], f"Subject: test\r\n\r\n{text}\r\n")

    def _signal(self, number):
        """Returns what were the master's services."""
        pid = self.master_pid()
        assert pid, "no master to signal"
        services = children_of(pid)
        os.kill(pid, number)
        eventually(lambda: not os.path.exists(f"/proc/{pid}"), "master is gone")
        return services

    def kill(self):
        """SIGKILL: nothing is logged, the pid file stays. Its services are gone too when this returns."""
        for pid in self._signal(signal.SIGKILL):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def stop(self):
        self._signal(signal.SIGTERM)

    def log_text(self):
        try:
            with open(self.log, errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

