#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A test instance metadata service (IMDSv2) on loopback, with faults as named switches.

Speaks the documented protocol: PUT /latest/api/token with X-aws-ec2-metadata-token-ttl-seconds (1..21600) gives a
token; GET and HEAD of items need it in X-aws-ec2-metadata-token. 400 for a bad PUT, 401 for no, an unknown or an
expired token (so version 1 is off), 403 for a PUT that was forwarded or names a version, 404 for an absent item.

    imds.py --port 0 --instance-id i-0123456789abcdef0 [--fault NAME[=VALUE] ...]

prints the port on the first line and the control port on the second, and serves until SIGTERM. The control port takes
    PUT /faults      with a body of NAME[=VALUE] words: these faults and no others from now on; forgets the requests
    GET /requests    what was asked since then: "METHOD PATH STATUS" a line, STATUS 0 where nothing was answered
"""

import argparse
import http.server
import ipaddress
import re
import secrets
import select
import signal
import socket
import socketserver
import struct
import threading
import time

TTL_HEADER = "X-aws-ec2-metadata-token-ttl-seconds"
TOKEN_HEADER = "X-aws-ec2-metadata-token"
TTL_MAX = 21600
END_SIGNALS = {signal.SIGTERM, signal.SIGINT}

FAULTS = {
    "unavailable_first": "the first VALUE requests get 503",
    "always_503": "every request gets 503",
    "throttled_first": "the first VALUE requests get 429",
    "forbidden": "every request gets 403, as where the service is switched off",
    "no_token_path": "the token path gets 404, as of something that is no metadata service",
    "token_expires_once": "the next valid token is found expired",
    "tokens_refused": "every token is found expired",
    "garbage_token": "the token has a line end in it",
    "slow": "every answer comes VALUE seconds late",
    "silent": "connections are accepted, requests read, nothing is answered",
    "reset": "connections are reset",
    "reset_first": "the first VALUE connections are reset",
    "cut": "the connection ends in the middle of an item",
    "not_http": "the answer is not HTTP",
    "redirect": "items are redirected",
    "html_page": "items are an HTML page",
    "empty_body": "items are empty",
    "path_traversal": "items are ../../etc",
    "garbage": "items are bytes without sense",
    "huge_body": "items are 1 MiB and say so",
    "endless_body": "items are 1 MiB, without a length",
    "huge_header": "items come with a header of 1 MiB",
    "drip": "answers come a byte at a time, VALUE seconds apart",
}

BODIES = {
    "html_page": b"<!DOCTYPE html><html><body><h1>It works!</h1></body></html>\n",
    "empty_body": b"",
    "path_traversal": b"../../etc",
    "garbage": b"\x00\xff\x1b[2J\r\nX: y",
    "huge_body": b"i" * (1 << 20),
    "endless_body": b"i" * (1 << 20),
}


class State:
    """What all connections share."""

    def __init__(self, instance_id, faults):
        self.lock = threading.Lock()
        self.items = {"/latest/meta-data/instance-id": instance_id.encode(), "/latest/meta-data/": b"instance-id"}
        self.tokens = {}
        self.stopping = threading.Event()
        self.set_faults(faults)

    def set_faults(self, words):
        faults = {}
        for word in words:
            name, _, value = word.partition("=")
            if name not in FAULTS:
                raise ValueError(f"no fault is called {name}; there are: {', '.join(FAULTS)}")
            faults[name] = value
        with self.lock:
            self.faults = faults
            self.requests = []

    def has(self, fault):
        with self.lock:
            return fault in self.faults

    def seconds(self, fault):
        with self.lock:
            return float(self.faults.get(fault) or 0)

    def take_one(self, fault):
        """True as often as the fault's value says (once without a value)."""
        with self.lock:
            if fault not in self.faults:
                return False
            left = int(self.faults[fault] or 1) - 1
            if left < 0:
                return False
            self.faults[fault] = str(left)
            if left == 0:
                del self.faults[fault]
            return True

    def new_token(self, ttl):
        token = secrets.token_urlsafe(40) + "=="
        with self.lock:
            self.tokens[token] = time.monotonic() + ttl
        return token

    def token_is_valid(self, token):
        with self.lock:
            valid = self.tokens.get(token, 0) > time.monotonic()
        if valid and (self.has("tokens_refused") or self.take_one("token_expires_once")):
            with self.lock:
                del self.tokens[token]
            return False
        return valid

    def record(self, line):
        with self.lock:
            self.requests.append(line)

    def recorded(self):
        with self.lock:
            return "".join(line + "\n" for line in self.requests)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "EC2ws"
    sys_version = ""

    def do_PUT(self):
        self.answer(self.put_token)

    def do_GET(self):
        self.answer(self.get_item)

    do_HEAD = do_GET

    def answer(self, normally):
        state = self.server.state
        self.close_connection = True
        if state.has("reset") or state.take_one("reset_first"):
            self.record(0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            return
        if state.has("silent"):
            self.record(0)
            self.wait_for_the_client_to_leave()
            return
        if state.has("not_http"):
            self.record(0)
            self.wfile.write(b"220 mail.example.com ESMTP Postfix\r\n")
            return
        if state.has("slow"):
            state.stopping.wait(state.seconds("slow"))
        if state.has("always_503") or state.take_one("unavailable_first"):
            self.reply(503, b"Service Unavailable")
        elif state.take_one("throttled_first"):
            self.reply(429, b"Too Many Requests")
        elif state.has("forbidden"):
            self.reply(403, b"Forbidden")
        else:
            normally()

    def put_token(self):
        state = self.server.state
        ttl = self.headers.get(TTL_HEADER, "")
        if re.fullmatch(r"/\d{4}-\d\d-\d\d/api/token", self.path):
            self.reply(403, b"Forbidden")
        elif self.path != "/latest/api/token":
            self.reply(405, b"Method Not Allowed")
        elif state.has("no_token_path"):
            self.reply(404, b"Not Found")
        elif self.headers.get("X-Forwarded-For") is not None:
            self.reply(403, b"Forbidden")
        elif not re.fullmatch(r"[0-9]{1,5}", ttl) or not 1 <= int(ttl) <= TTL_MAX:
            self.reply(400, b"Bad Request")
        elif state.has("garbage_token"):
            self.reply(200, b"token\r\nX-Injected: yes")
        else:
            self.reply(200, state.new_token(int(ttl)).encode(), {TTL_HEADER: ttl})

    def get_item(self):
        state = self.server.state
        if self.path == "/latest/api/token":
            self.reply(405, b"Method Not Allowed", {"Allow": "OPTIONS, PUT"})
        elif not state.token_is_valid(self.headers.get(TOKEN_HEADER, "")):
            self.reply(401, b"Unauthorized")
        elif state.has("redirect"):
            self.reply(302, b"", {"Location": "http://127.0.0.1:1/"})
        elif state.has("huge_header"):
            self.reply(200, b"i-0", {"X-Filler": "x" * (1 << 20)})
        elif fault := next((name for name in BODIES if state.has(name)), None):
            self.reply(200, BODIES[fault], {}, fault != "endless_body")
        elif self.path in state.items:
            self.reply(200, state.items[self.path])
        else:
            self.reply(404, b"Not Found")

    def reply(self, status, body, headers=None, with_length=True):
        self.record(status)
        lines = [f"HTTP/1.1 {status} {http.HTTPStatus(status).phrase}", "Content-Type: text/plain", "Connection: close"]
        lines += [f"Content-Length: {len(body)}"] if with_length else []
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        data = "\r\n".join(lines).encode() + b"\r\n\r\n"
        if self.command != "HEAD":
            data += body
        if self.server.state.has("cut") and self.command == "GET" and body:
            data = data[: -len(body) + len(body) // 2]
        self.send_bytes(data)

    def send_bytes(self, data):
        state = self.server.state
        if not state.has("drip"):
            self.wfile.write(data)
            return
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in data:
            if state.stopping.wait(state.seconds("drip")):
                return
            self.wfile.write(bytes([byte]))

    def wait_for_the_client_to_leave(self):
        while not self.server.state.stopping.is_set():
            readable, _, _ = select.select([self.connection], [], [], 0.1)
            if readable and not self.connection.recv(4096):
                return

    def record(self, status):
        self.server.state.record(f"{self.command} {self.path} {status}")

    def log_message(self, *_):
        pass


class Control(http.server.BaseHTTPRequestHandler):
    def do_PUT(self):
        words = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode().split()
        try:
            self.server.state.set_faults(words)
        except ValueError as error:
            self.reply(400, f"{error}\n")
        else:
            self.reply(200, "")

    def do_GET(self):
        self.reply(200, self.server.state.recorded())

    def reply(self, status, text):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, address, port, handler, state):
        self.address_family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
        self.state = state
        super().__init__((str(address), port), handler)

    def handle_error(self, *_):
        pass  # most faults make clients give up

    def run(self):
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self.server_address[1]


def main():
    faults = "\n".join(f"  {name:20} {text}" for name, text in FAULTS.items())
    parser = argparse.ArgumentParser(
        description="A test instance metadata service.",
        epilog="faults:\n" + faults,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--address", type=ipaddress.ip_address, default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--control-port", type=int, default=0)
    parser.add_argument("--instance-id", default="i-0123456789abcdef0")
    parser.add_argument("--fault", action="append", default=[], metavar="NAME[=VALUE]")
    arguments = parser.parse_args()
    if not arguments.address.is_loopback:
        parser.error(f"--address {arguments.address}: only a loopback address")
    try:
        state = State(arguments.instance_id, arguments.fault)
    except ValueError as error:
        parser.error(str(error))
    signal.pthread_sigmask(signal.SIG_BLOCK, END_SIGNALS)  # inherited by the threads
    port = Server(arguments.address, arguments.port, Handler, state).run()
    control = Server(arguments.address, arguments.control_port, Control, state).run()
    print(port, control, sep="\n", flush=True)
    signal.sigwait(END_SIGNALS)
    state.stopping.set()


if __name__ == "__main__":
    main()
