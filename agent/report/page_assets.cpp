// SPDX-License-Identifier: Apache-2.0
#include "agent/report/page_assets.hpp"

namespace agent {

// Each colour is beside a word of the same meaning. The contrast of every pair is at least 4.5:1
// (WCAG 2, 1.4.3).
const std::string_view page_style = R"css(
:root { color-scheme: light dark;
  --page: #ffffff; --text: #1f2328; --soft: #59636e; --line: #d1d9e0; --panel: #f6f8fa; --link: #0550ae;
  --pass: #1a7f37; --warn: #8a5a00; --fail: #b3261e; --on: #ffffff; }
@media (prefers-color-scheme: dark) { :root {
  --page: #0d1117; --text: #e6edf3; --soft: #9aa5b1; --line: #30363d; --panel: #161b22; --link: #79b8ff;
  --pass: #1a7f37; --warn: #8a5a00; --fail: #c4352c; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 76rem; padding: 1rem; background: var(--page); color: var(--text);
  font: 1rem/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif; }
a { color: var(--link); }
h1, h2, h3, p, dl, dd, ul { margin: 0; }
h2 { font-size: 1.15rem; margin: 1.75rem 0 .5rem; }
h3 { font-size: 1rem; }
code, .value { font-family: ui-monospace, "Liberation Mono", Menlo, Consolas, monospace; font-size: .92em; }
.value, .remedy, .said { overflow-wrap: anywhere; }
.soft { color: var(--soft); margin: .3rem 0; }
.verdict { color: var(--on); padding: 1rem 1.25rem; border-radius: .5rem; }
.verdict h1 { font-size: 2.75rem; line-height: 1.1; letter-spacing: .02em; }
.verdict .said { font-size: 1.1rem; margin-top: .4rem; }
.verdict + .verdict { margin-top: .5rem; }
.ready { font-size: 1.5rem; font-weight: 700; line-height: 1.2; }
.is-pass { background: var(--pass); } .is-warn { background: var(--warn); } .is-fail { background: var(--fail); }
.word { display: inline-block; min-width: 3.2rem; padding: 0 .5rem; border-radius: .3rem; color: var(--on);
  font-weight: 600; text-align: center; }
.remedy { margin-top: .3rem; padding: .35rem .6rem; background: var(--panel); border-left: 3px solid var(--soft); }
.remedy pre { margin: .2rem 0 0 1rem; white-space: pre-wrap; }
dl.identity { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1.25rem; margin-top: 1rem; }
dt { color: var(--soft); }
dd { overflow-wrap: anywhere; }
table { width: 100%; border-collapse: collapse; }
th, td { text-align: left; vertical-align: top; padding: .4rem .75rem .4rem 0; border-bottom: 1px solid var(--line); }
thead th { color: var(--soft); font-size: .85rem; font-weight: 600; }
tbody th { font-weight: 600; white-space: nowrap; }
td.age, td.number, td.when { white-space: nowrap; font-variant-numeric: tabular-nums; }
th.number, td.number { text-align: right; }
.queues { max-width: 36rem; }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(17rem, 1fr)); gap: 1rem 2rem; margin-top: 1rem; }
figure { margin: 0; }
svg.plot { display: block; width: 100%; height: 6rem; margin: .3rem 0; background: var(--panel);
  border-bottom: 1px solid var(--soft); }
svg.plot path { fill: none; stroke: var(--link); stroke-width: 2; stroke-linejoin: round; stroke-linecap: round;
  vector-effect: non-scaling-stroke; }
svg.plot path.area { fill: var(--link); fill-opacity: .15; stroke: none; }
figcaption, .span { display: flex; justify-content: space-between; gap: 1rem; font-size: .85rem; color: var(--soft); }
#lost { margin-bottom: 1rem; padding: .75rem 1.25rem; border: 3px solid var(--fail); border-radius: .5rem;
  font-weight: 600; }
.lost main { filter: grayscale(1); opacity: .7; }
[hidden] { display: none; }
footer { margin-top: 2rem; padding-top: .75rem; border-top: 1px solid var(--line); font-size: .9rem; }
@media (max-width: 44rem) {
  .verdict h1 { font-size: 2.25rem; }
  table.reflow, table.reflow tbody, table.reflow tr, table.reflow td, table.reflow th { display: block; }
  table.reflow thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  table.reflow tr { border-bottom: 1px solid var(--line); padding: .5rem 0; }
  table.reflow th, table.reflow td { border: 0; padding: .1rem 0; white-space: normal; }
  table.reflow td[data-label]::before { content: attr(data-label) ": "; color: var(--soft); }
  table.reflow td.status, table.reflow td.reason, table.reflow td.age, table.reflow td.phase {
    display: inline-block; margin-right: 1rem; }
  table.reflow td.none { display: none; }
}
)css";

// Reloads the page in the background and changes only what differs, so that the selection, the
// scroll position and the position of a screen reader stay. Shows every answer, also a 503. Without
// an answer, the page reports the outage and the time of the last answer.
const std::string_view page_script = R"js(
"use strict";
const every = 5000;
let answered = Date.now();
function mend(now, next) {
  if (now.isEqualNode(next)) return;
  if (now.nodeType !== Node.ELEMENT_NODE || now.nodeName !== next.nodeName) { now.replaceWith(next); return; }
  for (const { name } of [...now.attributes]) if (!next.hasAttribute(name)) now.removeAttribute(name);
  for (const { name, value } of next.attributes) if (now.getAttribute(name) !== value) now.setAttribute(name, value);
  const from = [...now.childNodes], to = [...next.childNodes];
  if (from.length !== to.length) { now.replaceChildren(...to); return; }
  from.forEach((node, i) => {
    if (node.nodeType === Node.TEXT_NODE && to[i].nodeType === Node.TEXT_NODE) {
      if (node.data !== to[i].data) node.data = to[i].data;
    } else mend(node, to[i]);
  });
}
function lost(why) {
  const line = document.getElementById("lost");
  document.documentElement.classList.toggle("lost", why !== "");
  if (!why) { line.hidden = true; line.textContent = ""; return; }
  document.title = "NO ANSWER - postfix-elb-agent";
  const since = new Date(answered).toISOString().slice(11, 19);
  const text = "No answer from the agent since " + since + " UTC (" + why + "). The status below is from that time.";
  if (line.textContent !== text) line.textContent = text;
  line.hidden = false;
}
async function look() {
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-store",
      signal: AbortSignal.timeout(every) });
    const next = new DOMParser().parseFromString(await answer.text(), "text/html");
    const main = next.querySelector("main");
    if (!main) throw new Error("the answer is not the status page");
    document.title = next.title;
    mend(document.querySelector("link[rel=icon]"), next.querySelector("link[rel=icon]"));
    mend(document.querySelector("main"), main);
    answered = Date.now();
    lost("");
  } catch (error) {
    lost(error.message);
  }
  setTimeout(look, every);
}
setTimeout(look, every);
)js";

const std::string_view page_style_hash = "eaqCaIB6HTx+xRRs5K280pNzwhD7Da4v7Do9LaJOyBs=";
const std::string_view page_script_hash = "sZAj/ziYfaerjBOWm+bhjTmSAPil1DeEp6+4KGWkEZQ=";

}  // namespace agent
