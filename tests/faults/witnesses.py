# SPDX-License-Identifier: Apache-2.0
"""Other judges of a relay: monit, and a check of the SMTP port as load balancers make it. Neither
is expected to be right; tests/faults/compare prints what they would have said."""
import dataclasses
import os
import socket
import subprocess
import time
import urllib.request
import xml.etree.ElementTree

from support.deadline import DeadlinePassed, eventually
from support.postfix import free_port

# Debian's own /etc/monit/conf-available/postfix without the checksums of its programs, and with the file system; the
# shortest cycle there is. It only reports: if it restarted Postfix, the fault would be another one.
MONITRC = """\
set daemon 1
set pidfile {directory}/pid
set idfile {directory}/id
set statefile {directory}/state
set log {directory}/log
set httpd port {port} and use address 127.0.0.1
    allow localhost
check process postfix with pidfile {queue}/pid/master.pid
    if does not exist then alert
    if failed host 127.0.0.1 port {smtp} with protocol smtp for 2 times within 3 cycles then alert
check filesystem mail with path {mount}
    if does not exist then alert
"""

CYCLES = 3      # that it gets to see a fault; of the port it must see it twice
PATIENCE = 8.0  # seconds; after them its answer counts even if it is stuck
MONITORED, FINE = "1", "0"


@dataclasses.dataclass
class Testimony:
    fine: bool  # how a load balancer would take it
    text: str


class Monit:
    """In the pretended host, as the agent is."""

    def __init__(self, relay):
        self._directory = f"{relay.host.directory}/monit"
        os.makedirs(self._directory, exist_ok=True)
        self._port = free_port()
        path = f"{self._directory}/monitrc"
        with open(path, "w", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(MONITRC.format(directory=self._directory, port=self._port, queue=relay.link,
                                      smtp=relay.postfix.port, mount=relay.mount_path))
        self._process = relay.host.popen("monit", "-I", "-c", path, stdout=subprocess.DEVNULL,
                                         stderr=subprocess.DEVNULL)
        eventually(lambda: self._services() is not None, "monit answers")

    def _services(self):
        """{name: (when it looked, what is wrong)}; None without an answer."""
        url = f"http://127.0.0.1:{self._port}/_status?format=xml"
        try:
            with urllib.request.urlopen(url, timeout=5) as response:
                tree = xml.etree.ElementTree.fromstring(response.read())
        except (OSError, xml.etree.ElementTree.ParseError):
            return None
        return {service.findtext("name"): (int(service.findtext("collected_sec") or 0), self._trouble(service))
                for service in tree.iter("service") if service.findtext("name") in ("postfix", "mail")}

    @staticmethod
    def _trouble(service):
        if service.findtext("monitor") != MONITORED:
            return "initialising"
        return "" if service.findtext("status") == FINE else "fails"

    def says(self):
        """After its cycles, or after PATIENCE without them."""
        until = int(time.time()) + CYCLES
        try:
            eventually(lambda: self._has_looked(until), "monit's cycles", PATIENCE, step=0.1)
            stuck = False
        except DeadlinePassed:
            stuck = True
        services = self._services()
        if services is None:
            return Testimony(False, "no answer")
        wrong = [f"{name} {trouble}" for name, (_, trouble) in sorted(services.items()) if trouble]
        return Testimony(not wrong, (", ".join(wrong) or "OK") + (" (looks no more)" if stuck else ""))

    def is_content(self):
        return all(not trouble for _, trouble in (self._services() or {"": (0, "no answer")}).values())

    def _has_looked(self, until):
        services = self._services()
        return services is not None and all(when >= until for when, _ in services.values())

    def close(self):
        self._process.kill()
        self._process.wait()


def smtp_port_says(relay):
    """A TCP check is content with a connection."""
    try:
        socket.create_connection(("127.0.0.1", relay.postfix.port), timeout=2).close()
        return Testimony(True, "OK")
    except OSError as error:
        return Testimony(False, (error.strerror or "timed out").lower())
