# SPDX-License-Identifier: Apache-2.0
"""The program and its peers as running things on loopback, each in a private directory and ended by its own id."""
import contextlib
import os
import shutil
import subprocess
import tempfile
import urllib.error
import urllib.request

from support.deadline import eventually
from support.host import children_of
from support.postfix import free_port
from support.world import World


class Running:
    def __init__(self, name, pid, url, command):
        self.name = name
        self.pid = pid
        self.url = url
        self.command = command

    def pids(self):
        """Of all its processes."""
        found = [self.pid]
        for pid in found:
            found += children_of(pid)
        return found

    def pin(self, core):
        for pid in self.pids():
            for thread in os.listdir(f"/proc/{pid}/task"):
                os.sched_setaffinity(int(thread), {core})

    def ask(self, timeout=10):
        """(status, headers, body) of its URL."""
        try:
            with urllib.request.urlopen(self.url, timeout=timeout) as response:
                return response.status, response.headers, response.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read()


@contextlib.contextmanager
def agent():
    """In service: relinked, with a real Postfix behind it, /health 200, the default interval."""
    world = World()
    try:
        instance = world.instance()
        instance.write_settings(checks={"interval": "5s"}, user="nobody")
        instance.bake().mount()
        instance.serve().until(check="relink", reason="")
        instance.postfix.start()
        instance.agent.until(status=200, phase="serving", within=30)
        url = f"http://127.0.0.1:{instance.agent.port}/health"
        yield Running("agent", instance.agent.supervisor, url, "postfix-elb-agent serve --config agent.json")
        instance.agent.stop()
    finally:
        world.close()


@contextlib.contextmanager
def _started(name, directory, url, argv, shown):
    log = open(f"{directory}/{name}.log", "wb")
    process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    running = Running(name, process.pid, url, shown)
    try:
        eventually(lambda: _answers(running, process, log.name), f"{name} answers")
        yield running
    finally:
        process.terminate()
        process.wait(timeout=20)
        log.close()


def _answers(running, process, log):
    if process.poll() is not None:
        with open(log, errors="replace") as file:
            raise AssertionError(f"{running.name} ended with {process.returncode}: {file.read()[-2000:]}")
    try:
        return running.ask()[0]
    except OSError:
        return None


@contextlib.contextmanager
def private_directory():
    path = tempfile.mkdtemp(prefix="pea-bench-")
    os.chmod(path, 0o755)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


# A "$" would begin a variable in a `return`; there is no other way to write one.
NGINX_CONF = """\
daemon off;
user nobody nogroup;
worker_processes 1;
pid {directory}/nginx.pid;
error_log {directory}/error.log;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    geo $dollar {{ default "$"; }}
    types {{ }}
    default_type {content_type};
    add_header Cache-Control no-store always;
    server {{
        listen 127.0.0.1:{port};
        location = /health {{ return {status} '{body}'; }}
    }}
}}
"""


@contextlib.contextmanager
def nginx(status, content_type, body):
    """One worker that answers /health with these bytes."""
    quoted = body.decode().replace("\\", "\\\\").replace("'", "\\'").replace("$", "${dollar}")
    with private_directory() as directory:
        port = free_port()
        with open(f"{directory}/nginx.conf", "w") as file:
            file.write(NGINX_CONF.format(directory=directory, port=port, status=status, content_type=content_type,
                                         body=quoted))
        argv = ["nginx", "-e", f"{directory}/error.log", "-p", directory, "-c", f"{directory}/nginx.conf"]
        with _started("nginx", directory, f"http://127.0.0.1:{port}/health", argv, "nginx -c nginx.conf") as running:
            yield running


@contextlib.contextmanager
def node_exporter():
    """With the collectors that Debian's package has on by default."""
    with private_directory() as directory:
        address = f"127.0.0.1:{free_port()}"
        argv = ["prometheus-node-exporter", f"--web.listen-address={address}"]
        with _started("node-exporter", directory, f"http://{address}/metrics", argv, " ".join(argv)) as running:
            yield running


MONITRC = """\
set daemon 5
set pidfile {directory}/pid
set idfile {directory}/id
set statefile {directory}/state
set log {directory}/log
set httpd port {port} and use address 127.0.0.1
    allow localhost
check process watched with pidfile {directory}/watched.pid
check filesystem root with path /
    if space usage > 99% then alert
"""


@contextlib.contextmanager
def monit():
    """Watching one process and one file system every 5 s."""
    with private_directory() as directory:
        port = free_port()
        with open(f"{directory}/watched.pid", "w") as file:
            file.write(f"{os.getpid()}\n")
        path = f"{directory}/monitrc"
        with open(path, "w", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(MONITRC.format(directory=directory, port=port))
        argv = ["monit", "-I", "-c", path]
        with _started("monit", directory, f"http://127.0.0.1:{port}/", argv,
                      "monit -I -c monitrc  # a process and a file system, every 5 s") as running:
            yield running


def postfix_exporter(log, showq="/nonexistent"):
    """prometheus-postfix-exporter, following this log and asking this showq at each scrape."""
    address = f"127.0.0.1:{free_port()}"
    argv = ["prometheus-postfix-exporter", f"--web.listen-address={address}", f"--postfix.logfile_path={log}",
            f"--postfix.showq_path={showq}"]
    return _started("postfix-exporter", os.path.dirname(log), f"http://{address}/metrics", argv, " ".join(argv))


MTAIL_EXAMPLE = "/usr/share/doc/mtail/examples/postfix.mtail"  # Debian's package has it, not compressed


@contextlib.contextmanager
def mtail(log):
    """mtail with the program for Postfix that comes with it, following this log."""
    with private_directory() as directory:
        port = free_port()
        os.mkdir(f"{directory}/programs")
        shutil.copy(MTAIL_EXAMPLE, f"{directory}/programs")
        argv = ["mtail", "--address=127.0.0.1", f"--port={port}", f"--progs={directory}/programs", f"--logs={log}",
                "--logtostderr"]
        with _started("mtail", directory, f"http://127.0.0.1:{port}/metrics", argv, " ".join(argv)) as running:
            yield running
