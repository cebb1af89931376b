# SPDX-License-Identifier: Apache-2.0
"""A real browser: Debian's headless Chromium, driven over the DevTools protocol through a pipe.

No window, no port and no profile but a directory of its own, and no network but this machine's: it may ask what it
likes, and a test sees each of its requests. https://chromedevtools.github.io/devtools-protocol/ names the methods.
"""
import base64
import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time

from support.deadline import eventually

_ARGUMENTS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
              "--disable-extensions", "--disable-background-networking", "--disable-component-update", "--disable-sync",
              "--disable-default-apps", "--no-default-browser-check", "--disable-features=Translate,MediaRouter",
              "--mute-audio", "--remote-debugging-pipe", "--force-color-profile=srgb", "about:blank")


class Browser:
    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix="pea-chromium-")
        to_browser, self._write = os.pipe()
        self._read, from_browser = os.pipe()

        def wire():  # it reads commands from descriptor 3 and writes to 4
            low = os.dup2(to_browser, 20), os.dup2(from_browser, 21)
            os.dup2(low[0], 3)
            os.dup2(low[1], 4)
            os.closerange(5, 64)

        environment = {"PATH": "/usr/bin:/bin", "HOME": self.directory, "LC_ALL": "C.UTF-8"}
        self._log = open(f"{self.directory}/stderr", "wb")
        self._process = subprocess.Popen(
            ["/usr/bin/chromium", f"--user-data-dir={self.directory}/profile", *_ARGUMENTS], env=environment,
            stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log, close_fds=False, preexec_fn=wire,
            start_new_session=True)
        os.close(to_browser)
        os.close(from_browser)
        self._left = b""
        self._number = 0
        self.events = []

    def call(self, method, session=None, within=60, **parameters):
        """One command; returns its result. Events that come meanwhile are kept."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + within
        while True:
            answer = self._next(deadline, method)
            if answer.get("id") == self._number:
                assert "error" not in answer, f"{method}: {answer['error']}"
                return answer["result"]
            self.events.append(answer)

    def listen(self, during):
        """Keeps the events that come within that time."""
        deadline = time.monotonic() + during
        while select.select([self._read], [], [], max(deadline - time.monotonic(), 0))[0]:
            self.events.append(self._next(deadline + 5, "an event"))

    def _next(self, deadline, what):
        while b"\0" not in self._left:
            ready = select.select([self._read], [], [], max(deadline - time.monotonic(), 0))[0]
            assert ready, f"the browser did not answer in time: {what}"
            chunk = os.read(self._read, 1 << 20)
            assert chunk, f"the browser is gone:\n{self.said()}"
            self._left += chunk
        message, self._left = self._left.split(b"\0", 1)
        return json.loads(message)

    def said(self):
        with open(f"{self.directory}/stderr", errors="replace") as file:
            return file.read()[-3000:]

    def page(self, **options):
        return Page(self, **options)

    def close(self):
        for descriptor in (self._write, self._read):
            os.close(descriptor)
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self._process.wait(timeout=20)
        self._log.close()
        shutil.rmtree(self.directory, ignore_errors=True)


class Page:
    """One tab, in a context of its own. `troubles` must stay empty on a page of the agent."""

    def __init__(self, browser, width=1100, height=900, dark=False, script=True):
        self.browser = browser
        target = browser.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log", "Audits"):
            self.call(f"{domain}.enable")
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
                  mobile=width < 600)
        self.call("Emulation.setEmulatedMedia",
                  features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        if not script:
            self.call("Emulation.setScriptExecutionDisabled", value=True)

    def call(self, method, **parameters):
        return self.browser.call(method, session=self.session, **parameters)

    def open(self, url):
        self.call("Page.navigate", url=url)
        eventually(lambda: self._seen("Page.loadEventFired"), f"{url} is loaded", within=60)
        return self

    def _seen(self, method):
        self.browser.listen(0.05)
        return self.of(method)

    def of(self, method):
        return [event["params"] for event in self.browser.events
                if event.get("sessionId") == self.session and event["method"] == method]

    def run(self, expression):
        """The value of a JavaScript expression; works where the page's own scripts are switched off, too."""
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def text(self):
        """As a person reads it: what is hidden is not in it."""
        # Without scripts the page is loaded again every few seconds, and has no body for a moment.
        return self.until("document.body?.innerText", "the page has a text")

    def until(self, expression, what, within=30):
        return eventually(lambda: self.run(expression), what, within=within, step=0.1)

    def screenshot(self, path):
        size = self.run("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
        data = self.call("Page.captureScreenshot", captureBeyondViewport=True,
                         clip={"x": 0, "y": 0, "width": size[0], "height": size[1], "scale": 1})["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))
        return path

    def requests(self):
        """The addresses that were asked for; what is in the page itself (data:) needs no asking."""
        return [event["request"]["url"] for event in self.of("Network.requestWillBeSent")
                if not event["request"]["url"].startswith("data:")]

    def troubles(self):
        """What the console, the log of the browser and its audits (of the policy, too) complain of."""
        self.browser.listen(0.2)
        # The browser logs each answer with an error's status. The page of an instance that fails is such a one.
        found = [event["entry"]["text"] for event in self.of("Log.entryAdded")
                 if "responded with a status of 503 " not in event["entry"]["text"]]
        found += [str(event["exceptionDetails"]) for event in self.of("Runtime.exceptionThrown")]
        found += [str(event["args"]) for event in self.of("Runtime.consoleAPICalled")]
        found += [str(event["issue"]) for event in self.of("Audits.issueAdded")]
        return found
