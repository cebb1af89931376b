# SPDX-License-Identifier: Apache-2.0
"""Replaces the service manager at its socket: keeps what sd_notify(3) sends."""
import socket

from support.deadline import eventually


class Manager:
    """Collects datagrams at NOTIFY_SOCKET."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(path)
        self.socket.setblocking(False)
        self.received = []

    def listen(self):
        try:
            while True:
                self.received += self.socket.recv(65536).decode().splitlines()
        except BlockingIOError:
            return self.received

    def until(self, wanted):
        return eventually(lambda: [line for line in self.listen() if line.startswith(wanted)], f"the manager receives {wanted}")

    def forget(self):
        self.listen()
        self.received = []
