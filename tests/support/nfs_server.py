#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A test server that speaks ONC RPC version 2 over TCP (RFC 5531) and answers NFS's procedure 0, with faults as named
switches. Written from the standard and not from the program's own code, so that the two check each other.

    nfs_server.py [--fault NAME]

prints its port on the first line and ends when its standard input does. A line on standard input switches the fault
and is answered by a line: the connections and the calls so far, and what was wrong with them ("2 2" is all well).
"""
import argparse
import socket
import struct
import sys
import threading

LAST_FRAGMENT = 0x80000000
CALL, REPLY = 0, 1
ACCEPTED, DENIED = 0, 1
SUCCESS, PROG_UNAVAIL, PROG_MISMATCH, PROC_UNAVAIL = 0, 1, 2, 3
RPC_MISMATCH, AUTH_ERROR, AUTH_TOOWEAK = 0, 1, 5
NFS_PROGRAM, NFS_VERSIONS = 100003, (3, 4)

FAULTS = {
    "answers": "none: every call is answered as RFC 5531 says",
    "silent": "the call is read and nothing answered",
    "closes": "the call is read and the connection closed",
    "closes_at_once": "the connection is closed before anything is read, as efs-proxy does while it serves another",
    "resets": "the connection is reset",
    "garbage": "the answer is bytes without sense",
    "wrong_xid": "the answer is to another call",
    "call": "the answer is a call",
    "half": "the answer ends in its middle and the connection stays",
    "byte_by_byte": "every byte of the answer is a fragment and a packet of its own",
    "prog_mismatch": "the version is not supported",
    "prog_unavail": "the program is not there",
    "auth_error": "the call is denied: its authentication is too weak",
    "verifier": "the answer bears a verifier",
    "huge_mark": "the answer announces a fragment of 2 GiB",
    "endless_fragments": "the answer is empty fragments without end",
}


def words(*values):
    return struct.pack(f">{len(values)}I", *values)


def record(body):
    return words(LAST_FRAGMENT | len(body)) + body


class NfsServer:
    """On a port of 127.0.0.1, in threads of the caller's process. `fault` may be switched at any time; a connection
    keeps the fault that was set when it came."""

    def __init__(self, fault="answers", port=0):
        self.fault = fault
        self.connections = 0
        self.calls = 0
        self.troubles = []  # what was wrong with what the client sent
        self.port = port
        self._ended = threading.Event()  # silent connections end with the server
        self._listener = None
        self.listen()

    @property
    def fault(self):
        return self._fault

    @fault.setter
    def fault(self, name):
        assert name in FAULTS, f"no fault {name}; there are: {' '.join(FAULTS)}"
        self._fault = name

    def listen(self):
        """After refuse(): at the same port again."""
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def refuse(self):
        """Stops listening: connections are refused."""
        if self._listener.fileno() >= 0:
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes accept(), which close() would not
            self._listener.close()

    def close(self):
        self._ended.set()
        self.refuse()

    def _accept(self, listener):
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection, self._fault), daemon=True).start()

    def _serve(self, connection, fault):
        with connection:
            try:
                if fault == "closes_at_once":
                    return
                if fault == "resets":
                    connection.recv(1)
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    return
                call = self._read_record(connection)
                if call is not None:
                    self.calls += 1
                    self._answer(connection, call, fault)
            except OSError as error:
                if fault not in ("endless_fragments", "huge_mark", "garbage"):  # the client may well leave early
                    self.troubles.append(f"{fault}: {error}")

    def _answer(self, connection, call, fault):
        if fault == "closes":
            return
        if fault == "endless_fragments":
            while not self._ended.is_set():
                connection.sendall(words(0))
        for piece in self._pieces(call, fault):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.sendall(piece)
        # The client closes first, and in order.
        connection.settimeout(60)
        rest = connection.recv(1)
        if rest and fault != "half":
            self.troubles.append("more after the call")

    def _pieces(self, call, fault):
        body = self._reply(call, fault)
        if fault == "silent":
            return []
        if fault == "garbage":
            return [b"\x00\xff no RPC at all \r\n"]
        if fault == "huge_mark":
            return [words(0xffffffff), body]
        if fault == "half":
            return [record(body)[:14]]
        if fault == "byte_by_byte":
            marks = [1] * (len(body) - 1) + [LAST_FRAGMENT | 1]
            fragments = b"".join(words(mark) + bytes([byte]) for mark, byte in zip(marks, body))
            return [bytes([byte]) for byte in fragments]
        return [record(body)]

    def _reply(self, call, fault):
        if len(call) < 40:
            self.troubles.append(f"a call of {len(call)} bytes")
            return b""
        xid, kind, rpc_version, program, version, procedure, *authentication = struct.unpack(">10I", call[:40])
        if kind != CALL or authentication != [0, 0, 0, 0] or len(call) != 40:
            self.troubles.append(f"not a NULL call without authentication: {call.hex()}")
        if fault == "wrong_xid":
            xid ^= 1
        if fault == "call":
            return words(xid, CALL, 2, program, version, procedure, 0, 0, 0, 0)
        if fault == "auth_error":
            return words(xid, REPLY, DENIED, AUTH_ERROR, AUTH_TOOWEAK)
        if rpc_version != 2:
            return words(xid, REPLY, DENIED, RPC_MISMATCH, 2, 2)
        verifier = words(6, 5) + b"abcde\0\0\0" if fault == "verifier" else words(0, 0)
        return words(xid, REPLY, ACCEPTED) + verifier + self._status(program, version, procedure, fault)

    @staticmethod
    def _status(program, version, procedure, fault):
        if program != NFS_PROGRAM or fault == "prog_unavail":
            return words(PROG_UNAVAIL)
        if version not in NFS_VERSIONS or fault == "prog_mismatch":
            return words(PROG_MISMATCH, 2, 3)
        if procedure != 0:
            return words(PROC_UNAVAIL)
        return words(SUCCESS)

    def _read_record(self, connection):
        body = b""
        while True:
            mark = self._read(connection, 4)
            if mark is None:
                return None
            size, = struct.unpack(">I", mark)
            piece = self._read(connection, size & ~LAST_FRAGMENT)
            if piece is None:
                return None
            body += piece
            if size & LAST_FRAGMENT:
                return body

    def _read(self, connection, size):
        data = b""
        while len(data) < size:
            piece = connection.recv(size - len(data))
            if not piece:
                if data:
                    self.troubles.append("the connection ended within the call")
                return None
            data += piece
        return data

    def report(self):
        return " ".join([str(self.connections), str(self.calls), *self.troubles])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
                                     epilog="\n".join(f"  {name:18} {text}" for name, text in FAULTS.items()))
    parser.add_argument("--fault", choices=FAULTS, default="answers")
    server = NfsServer(parser.parse_args().fault)
    print(server.port, flush=True)
    for line in sys.stdin:
        name = line.strip()
        if name:
            server.fault = name
        print(server.report(), flush=True)


if __name__ == "__main__":
    main()
