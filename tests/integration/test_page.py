# SPDX-License-Identifier: Apache-2.0
"""The page at /: in a real browser, as a person sees it, and over the wire. PEA_SCREENSHOTS=<directory> keeps pictures
of what the browser showed, to be looked at."""
import base64
import hashlib
import os
import re
import signal
import subprocess

import pytest

from support.chromium import Browser

HTML = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


@pytest.fixture(scope="module")
def browser():
    made = Browser()
    yield made
    made.close()


def url(instance):
    return f"http://127.0.0.1:{instance.agent.port}/"


def look(page, name):
    """Keeps a picture if PEA_SCREENSHOTS names a directory."""
    if os.environ.get("PEA_SCREENSHOTS"):
        page.screenshot(f"{os.environ['PEA_SCREENSHOTS']}/{name}.png")
    return page


def assert_quiet(page, instance):
    assert page.troubles() == []
    assert set(page.requests()) == {url(instance)}, "nothing but the agent was asked, and that for the page alone"


def verdict(page):
    return page.run("document.querySelector('h1').textContent")


# ---- over the wire

def test_a_terminal_gets_text_and_a_browser_gets_html(serving):
    for accept in ({}, {"Accept": "*/*"}):
        answer = serving.agent.request("/", headers=accept)
        assert answer.status == 200 and answer.headers["content-type"] == "text/plain; charset=utf-8"
        assert answer.body.decode().startswith(f"{serving.id}: pass") and b"<" not in answer.body
        assert answer.headers["vary"] == "Accept" and answer.headers["cache-control"] == "no-store"
    answer = serving.agent.request("/", headers=HTML)
    assert answer.status == 200 and answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["vary"] == "Accept" and answer.headers["cache-control"] == "no-store"
    head = serving.agent.request("/", "HEAD", headers=HTML)
    assert head.body == b"" and head.headers["content-type"] == "text/html; charset=utf-8"


def test_the_policy_allows_only_the_page_s_style_and_script(serving):
    answer = serving.agent.request("/", headers=HTML)

    def hash_of(tag):
        body = re.search(rf"<{tag}>(.*?)</{tag}>", answer.body.decode(), re.DOTALL).group(1)
        return "'sha256-" + base64.b64encode(hashlib.sha256(body.encode()).digest()).decode() + "'"
    policy = dict(part.strip().partition(" ")[::2] for part in answer.headers["content-security-policy"].split(";"))
    assert policy == {"default-src": "'none'", "style-src": hash_of("style"), "script-src": hash_of("script"),
                      "img-src": "data:", "connect-src": "'self'", "base-uri": "'none'", "form-action": "'none'",
                      "frame-ancestors": "'none'"}
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"


def test_the_html_is_valid(serving, tmp_path):
    def complaints(name):
        path = tmp_path / f"{name}.html"
        path.write_bytes(serving.agent.request("/", headers=HTML).body)
        done = subprocess.run(["tidy", "-quiet", "-errors", "-utf8", path], capture_output=True, text=True, timeout=20)
        return done.stderr
    assert complaints("healthy") == ""
    serving.postfix.kill()
    serving.agent.until(status=503)
    assert complaints("failing") == ""


# ---- in the browser

def test_a_healthy_instance(serving, browser):
    page = look(browser.page().open(url(serving)), "healthy")
    assert verdict(page) == "PASS"
    text = page.text()
    for words in (serving.id, "serving", "postfix-elb-agent", "mount", "queue_link", "master_pid", "startup_log",
                  "ownership", "relink", "Relink", "done", "Queue", "Changes of the verdict"):
        assert words in text, words
    assert "What to do" not in text and "No answer" not in text
    assert page.run("document.title") == f"PASS - {serving.id}"
    assert page.run("document.documentElement.lang") == "en"
    assert_quiet(page, serving)


def test_a_failing_instance_prints_the_reason_and_the_remedy(serving, browser):
    serving.postfix.kill()
    serving.agent.until(status=503)
    page = look(browser.page().open(url(serving)), "failing")
    assert verdict(page) == "FAIL"
    text = page.text()
    assert "master_pid stale: " in text and "/health answers 503" in text
    assert "What to do: No master works in " + serving.queue in text
    rows = page.run("[...document.querySelectorAll('#checks ~ table tbody tr')].map(row => row.innerText)")
    assert rows[0].startswith("master_pid") and "fail" in rows[0], "what fails comes first"
    changes = page.run("[...document.querySelectorAll('#changes ~ table tbody tr')].map(row => row.innerText)")
    assert "fail" in changes[0] and "master_pid stale" in changes[0] and any("serving" in row for row in changes[1:])
    assert_quiet(page, serving)


@pytest.fixture
def frozen(frozen_world):
    instance = frozen_world.instance()
    instance.write_settings(mount={"deadline": "500ms"})
    return instance.serving()


def test_a_hung_mount(frozen, browser):
    frozen.world.faultfs.freeze()
    frozen.agent.until(check="mount", reason="hung")
    page = look(browser.page().open(url(frozen)), "hung")
    assert "mount hung" in page.text() and "nfs: server" in page.text()
    assert_quiet(page, frozen)
    frozen.world.faultfs.thaw()
    page.until("document.querySelector('h1').textContent == 'PASS'", "the page says that it is over")


def test_draining_shows_both_answers(serving, browser):
    serving.agent.stop()
    serving.write_settings(drain={"delay": "60s"})
    serving.serve().until(status=200)
    os.kill(serving.agent.supervisor, signal.SIGTERM)
    serving.agent.until("/readyz", status=503)
    page = look(browser.page().open(url(serving)), "draining")
    assert verdict(page) == "PASS"
    answers = page.run("document.querySelector('[role=status]').innerText")
    assert "ready: FAIL\n\nno new mail is wanted here: draining\n\n/readyz answers 503" in answers
    assert_quiet(page, serving)
    os.kill(serving.agent.supervisor, signal.SIGTERM)


def test_the_page_follows_the_verdict_and_keeps_the_selection(serving, browser):
    page = browser.page().open(url(serving))
    page.run("window.here = true; getSelection().selectAllChildren(document.querySelector('dl dd')); true")
    assert page.run("String(getSelection())") == serving.id
    serving.postfix.kill()
    page.until("document.querySelector('h1').textContent == 'FAIL'", "the page says so")
    page.until("document.title.startsWith('FAIL')", "the title says so")
    assert page.run("window.here") is True, "it is the same page"
    assert page.run("String(getSelection())") == serving.id
    assert page.run("document.querySelector('[role=status] h1') != null") is True, "a screen reader announces it"
    assert_quiet(page, serving)


def test_the_page_shows_when_the_agent_stops_and_resumes_answering(serving, browser):
    page = browser.page().open(url(serving))
    serving.agent.stop()
    page.until("!document.getElementById('lost').hidden", "the page says that there is no answer")
    assert page.run("document.getElementById('lost').getAttribute('role')") == "alert"
    assert "No answer from the agent since" in look(page, "lost").text()
    assert verdict(page) == "PASS", "the last status stays below that line"
    assert page.run("document.title").startswith("NO ANSWER")
    assert page.run("getComputedStyle(document.querySelector('main')).filter") == "grayscale(1)", "and is not green"
    serving.serve().until(status=200)
    page.until("document.getElementById('lost').hidden", "the page is alive again")
    assert "No answer" not in page.text() and page.run("document.title").startswith("PASS")
    assert page.run("getComputedStyle(document.querySelector('main')).filter") == "none"


def test_without_scripts_the_page_is_whole_and_reloads(serving, browser):
    page = browser.page(script=False).open(url(serving))
    text = page.text()
    assert "PASS" in text and "master_pid" in text and "Changes of the verdict" in text
    serving.postfix.kill()
    page.until("document.querySelector('h1')?.textContent == 'FAIL'", "it was loaded again")
    assert page.troubles() == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_on_a_phone_everything_fits_and_can_be_read(serving, browser, dark):
    serving.postfix.kill()
    serving.agent.until(status=503)
    page = browser.page(width=390, height=844, dark=dark).open(url(serving))
    look(page, "phone-dark" if dark else "phone")
    assert page.run("document.documentElement.scrollWidth") <= 390
    assert page.run("[...document.querySelectorAll('main *')].filter(e => e.getClientRects().length"
                    " && e.getBoundingClientRect().right > 390.5 && !e.closest('thead')).map(e => e.outerHTML)") == []
    assert page.run(CONTRASTS) == []
    assert_quiet(page, serving)


# Every text whose contrast with what is behind it is less than 4.5:1 (WCAG 2, 1.4.3).
CONTRASTS = """
(() => {
  const rgb = text => text.match(/[0-9.]+/g).map(Number);
  const light = c => { const [r, g, b] = c.slice(0, 3).map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const behind = e => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor);
    if (c.length < 4 || c[3] > 0) return c; } return [255, 255, 255]; };
  const found = [];
  for (const e of document.querySelectorAll("body *")) {
    const own = [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim());
    if (!own || !e.getClientRects().length || ["SCRIPT", "STYLE"].includes(e.nodeName)) continue;
    const a = light(rgb(getComputedStyle(e).color)), b = light(behind(e));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) found.push(ratio.toFixed(2) + " " + e.outerHTML.slice(0, 120));
  }
  return found;
})()
"""
