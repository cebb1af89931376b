# SPDX-License-Identifier: Apache-2.0
"""What a test does with a booted system, whether an emulated machine or a container: commands, files, journal, answers."""
import http.client
import shlex
import os
import subprocess

from support.agent import Response
from support.deadline import DeadlinePassed, eventually


class Link(str):
    """In `files`: a symbolic link with that text."""


class System:
    """A booted system. A subclass says how it is switched on and off, and how it is reached:

    powered()             whether it is on
    _gone()               releases what an end leaves behind
    _shell_words()        the words before a line of shell that runs it inside
    _connection(timeout)  an http.client.HTTPConnection to its port 8025
    """

    # What every deadline is multiplied by.
    patience = 2

    def __init__(self, run, name):
        self.name = name
        self.directory = f"{run.directory}/{name}"
        self.console_path = f"{self.directory}/console"
        self._run = run
        os.makedirs(self.directory)

    # ---- power

    def release(self):
        """Gives back what it took from the host; it is off."""

    def shutdown(self, within=300):
        """Shuts it down."""
        self._execute("systemctl poweroff", timeout=60)
        self._until_off(within)

    def reboot(self, files=None, wait=True, within=300):
        """Shuts it down and starts it again."""
        self._execute("systemctl reboot", timeout=60)
        self._until_off(within)
        return self.start(files, wait)

    def _on(self):
        assert self.powered(), f"{self.name} switched itself off:\n{self.console()[-3000:]}"
        return True

    def _until_off(self, within):
        eventually(lambda: not self.powered(), f"{self.name} switches itself off", within * self.patience, step=0.1)
        self._gone()

    # ---- inside

    def run(self, command, check=True, timeout=60, stdin=None):
        """Runs a line of shell to its end; its stdout, or with check=False all of subprocess.CompletedProcess."""
        done = self._execute(command, timeout, stdin)
        if not check:
            return done
        assert done.returncode == 0, f"{self.name}: {command!r} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
        return done.stdout

    def does(self, command, timeout=60):
        """Whether the line of shell ends with 0."""
        return self._execute(command, timeout).returncode == 0

    def until(self, condition, what=None, within=60, step=0.3):
        """The first true value of condition(), or the stdout of a line of shell once it ends with 0."""
        if callable(condition):
            return eventually(condition, what or condition.__name__, within * self.patience, step)
        return eventually(lambda: (done := self._execute(condition, 30)).returncode == 0 and (done.stdout or True),
                          f"{self.name}: {what or condition}", within * self.patience, step)

    def read(self, path):
        return self.run(f"cat {shlex.quote(path)}")

    def write(self, path, text):
        self.run(f"mkdir -p {shlex.quote(os.path.dirname(path))} && cat > {shlex.quote(path)}", stdin=text)

    def copy_in(self, path, to):
        """A file of the host."""
        with open(path, "rb") as file:
            done = subprocess.run([*self._shell_words(), f"cat > {shlex.quote(to)}"], stdin=file, capture_output=True,
                                  timeout=120)
        assert done.returncode == 0, done.stderr

    def journal(self, *words):
        """`journalctl -b` with these words more."""
        return self.run(shlex.join(("journalctl", "-b", "--no-pager", "-q", "-o", "short-monotonic", *words)))

    def show(self, unit, name):
        """A property of a unit."""
        return self.run(shlex.join(("systemctl", "show", "--value", "-p", name, unit))).strip()

    def master(self):
        """The pid of Postfix's master, as the file in its queue names it."""
        return int(self.read("/var/spool/postfix/pid/master.pid"))

    def console(self):
        """All that was written on its console, of all its starts."""
        with open(self.console_path, errors="replace") as file:
            return file.read()

    def last_words(self):
        """What a failed test prints about it."""
        try:
            inside = self.run("systemctl list-jobs --no-pager; systemctl --failed --no-legend --no-pager; "
                              "journalctl -b --no-pager -q -o short-monotonic | tail -n 120", check=False, timeout=20).stdout
        except AssertionError as error:
            inside = str(error)
        return f"console, its end:\n{self.console()[-3000:]}\ninside:\n{inside}"

    # ---- the agent in it

    def http(self, path="/health", timeout=5):
        """What the agent answers (support.agent.Response); None while nothing answers."""
        return self._response(lambda: self._ask(path, timeout))

    def _ask(self, path, timeout):
        connection = self._connection(timeout)
        connection.request("GET", path)
        return connection

    @staticmethod
    def _response(asked):
        connection = None
        try:
            connection = asked()
            return connection and Response(connection.getresponse())
        except (OSError, http.client.HTTPException):
            return None
        finally:
            if connection:
                connection.close()

    def until_health(self, status=None, check=None, reason=None, phase=None, said=(), path="/health", within=120):
        """Waits until the answer is so; returns it. `reason` and `said`, words of the check's output, need `check`;
        the reason "" means that the check passes."""
        last = []

        def so():
            self._on()
            last[:] = [self.http(path)]
            return last[0] if _matches(last[0], status, check, reason, phase, said) else None

        try:
            return eventually(so, f"{self.name}: {path} says status={status} {check}={reason} phase={phase} {said}",
                              within * self.patience, step=0.1)
        except DeadlinePassed as error:
            row = last[0] and check and last[0].json.get("checks", {}).get(check)
            raise DeadlinePassed(f"{error}\nlast answer: {last[0]}\n{check}: {row}") from None

    def _execute(self, command, timeout, stdin=None):
        """A command that takes too long fails the test, with what it has printed."""
        try:
            return subprocess.run([*self._shell_words(), command], input=stdin if stdin is not None else "", text=True,
                                  errors="replace", capture_output=True, timeout=timeout * self.patience)
        except subprocess.TimeoutExpired as late:
            raise DeadlinePassed(f"{self.name}: {command!r} took more than {timeout * self.patience} s; it printed {late.stdout}") from None


def _matches(answer, status, check, reason, phase, said):
    if answer is None or status not in (None, answer.status):
        return False
    if phase is None and check is None:
        return True
    body = answer.json
    if phase not in (None, body.get("phase")):
        return False
    if check is None or reason is None:
        return True
    row = body.get("checks", {}).get(check, [{"reason": "no row yet"}])[0]
    return (row.get("reason") or "") == reason and all(word in row.get("output", "") for word in said)
