// SPDX-License-Identifier: Apache-2.0
#include "agent/report/page.hpp"

#include "agent/report/health_json.hpp"
#include "agent/report/health_table.hpp"
#include "agent/report/html.hpp"
#include "agent/report/page_assets.hpp"
#include "core/base/text_part.hpp"
#include "core/base/timestamp.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

namespace agent {

namespace {

std::string upper(std::string_view word) {
    std::string out(word);
    std::transform(out.begin(), out.end(), out.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return out;
}

std::string word_of(core::Status status) {
    const std::string word(core::to_string(status));
    return "<span class=\"word is-" + word + "\">" + word + "</span>";
}

/// The meaning of an answer, for a load balancer.
std::string_view health_means(core::Status status) {
    switch (status) {
        case core::Status::pass: return "/health answers 200: this instance is in order.";
        case core::Status::warn: return "/health answers 200: no reason to replace this instance.";
        case core::Status::fail: break;
    }
    return "/health answers 503: this instance is to be replaced.";
}

std::string_view ready_means(core::Status status) {
    return status == core::Status::fail ? "/readyz answers 503: no new mail is to be routed here."
                                        : "/readyz answers 200: new mail may be routed here.";
}

std::string remedy_of(const core::Remedy& remedy) {
    if (remedy.advice.empty()) {
        return {};
    }
    std::string out =
        "<div class=\"remedy\"><p><b>What to do:</b> " + html_text(remedy.advice) + "</p>";
    for (const std::string& command : remedy.commands) {
        out += "<pre><code>" + html_text(command) + "</code></pre>";
    }
    return out + "</div>";
}

std::string definition(std::string_view term, const std::string& html) {
    return "<dt>" + std::string(term) + "</dt><dd>" + html + "</dd>\n";
}

/// One answer, its reason and what it means, in its colour.
std::string answer_of(const std::string& heading, core::Status status, std::string_view said,
                      std::string_view means) {
    std::string out = "<div class=\"verdict is-" + std::string(core::to_string(status)) + "\">\n" +
                      heading + "\n";
    if (!said.empty()) {
        out += "<p class=\"said\">" + html_text(said) + "</p>\n";
    }
    return out.append("<p>").append(means).append("</p>\n</div>\n");
}

std::string banner_of(const core::Verdict& verdict) {
    const std::string health = "<h1>" + upper(core::to_string(verdict.health)) + "</h1>";
    const bool said = verdict.ready_output == verdict.output;  // above, already
    const std::string_view why_not = said ? std::string_view() : verdict.ready_output;
    const std::string ready =
        "<p class=\"ready\">ready: " + upper(core::to_string(verdict.ready)) + "</p>";
    return "<div role=\"status\">\n" +
           answer_of(health, verdict.health, verdict.output, health_means(verdict.health)) +
           (verdict.ready == verdict.health
                ? ""
                : answer_of(ready, verdict.ready, why_not, ready_means(verdict.ready))) +
           "</div>\n";
}

std::string identity_of(const PageView& view) {
    const core::Verdict& verdict = view.verdict;
    const std::string id = verdict.instance_id.empty() ? "unknown" : html_text(verdict.instance_id);
    return "<dl class=\"identity\">\n" + definition("Instance", id) +
           definition("Phase", html_text(core::to_string(verdict.phase))) +
           definition("Judged", html_time(verdict.at.wall)) +
           definition("Agent", "postfix-elb-agent " + html_text(view.version)) + "</dl>\n";
}

std::string cell(std::string_view label, std::string_view kind, const std::string& html) {
    return "<td class=\"" + std::string(kind) + "\" data-label=\"" + std::string(label) + "\">" +
           html + "</td>";
}

std::string cell_or_dash(std::string_view label, std::string_view kind, const std::string& html) {
    return html.empty() ? cell(label, "none", "-") : cell(label, kind, html);
}

std::string row_of(const HealthReport::Row& row) {
    const std::string excuse = core::text_part(" <span>(", html_text(row.excuse), ")</span>");
    const std::string seen = seen_of(row);
    const std::string age = row.age ? core::describe_age(*row.age) : "never looked at";
    return "<tr><th scope=\"row\">" + html_text(row.check) + "</th>" +
           cell("Status", "status", word_of(row.status) + excuse) +
           cell_or_dash("Reason", "reason", html_text(row.reason)) + cell("Age", "age", age) +
           cell("Seen", "seen",
                "<span class=\"value\">" + html_text(seen) + "</span>" + remedy_of(row.remedy)) +
           "</tr>\n";
}

/// What does not pass comes first, its cause before all.
std::string checks_of(const core::Verdict& verdict) {
    const HealthReport report = report_of(verdict);
    std::string out =
        "<section aria-labelledby=\"checks\">\n<h2 id=\"checks\">Checks</h2>\n<table "
        "class=\"reflow\">\n"
        "<thead><tr><th scope=\"col\">Check</th><th scope=\"col\">Status</th><th "
        "scope=\"col\">Reason</th>"
        "<th scope=\"col\">Age</th><th scope=\"col\">Seen, and what to "
        "do</th></tr></thead>\n<tbody>\n";
    for (const HealthReport::Row* row : faults_by_cause(report)) {
        out += row_of(*row);
    }
    for (const HealthReport::Row& row : report.rows) {
        out += row.status == core::Status::pass ? row_of(row) : "";
    }
    return out + "</tbody>\n</table>\n</section>\n";
}

std::string_view word_of(core::RelinkProgress::State state) {
    constexpr std::array<std::string_view, 4> words{"pending", "done", "refused", "failed"};
    return words[static_cast<std::size_t>(state)];
}

std::string relink_of(const PageView& view) {
    std::string out = "<section aria-labelledby=\"relink\">\n<h2 id=\"relink\">Relink</h2>\n";
    const std::optional<core::RelinkProgress>& progress = view.relink.value;
    if (!progress) {
        return out + "<p>Not begun: the queue was not looked at yet.</p>\n</section>\n";
    }
    out.append("<p class=\"said\"><b>").append(word_of(progress->state)).append("</b>");
    if (!progress->text.empty() && progress->text != word_of(progress->state)) {
        out += ": " + html_text(progress->text);
    }
    out += "</p>\n<p class=\"soft\">As of " + html_time(view.relink.at.wall) + ", " +
           core::describe_age(view.verdict.at.boot - view.relink.at.boot) +
           " before this verdict.</p>\n";
    return out + "</section>\n";
}

std::string changes_of(const core::History& history) {
    std::string out =
        "<section aria-labelledby=\"changes\">\n<h2 id=\"changes\">Changes of the verdict</h2>\n"
        "<table class=\"reflow\">\n<thead><tr><th scope=\"col\">Time</th><th "
        "scope=\"col\">Health</th>"
        "<th scope=\"col\">Ready</th><th scope=\"col\">Phase</th><th "
        "scope=\"col\">Why</th></tr></thead>\n<tbody>\n";
    const auto& changes = history.changes();
    for (auto change = changes.rbegin(); change != changes.rend(); ++change) {
        out += "<tr><td class=\"when\">" + html_time(change->at.wall) + "</td>" +
               cell("Health", "status", word_of(change->health)) +
               cell("Ready", "status", word_of(change->ready)) +
               cell("Phase", "phase", html_text(core::to_string(change->phase))) +
               cell_or_dash(
                   "Why", "seen",
                   core::text_part("<span class=\"value\">", html_text(change->text), "</span>")) +
               "</tr>\n";
    }
    return out + "</tbody>\n</table>\n<p class=\"soft\">Since this agent was started, the last " +
           std::to_string(core::History::most_changes) + " at most.</p>\n</section>\n";
}

std::string icon_of(std::string_view colour) {
    return "<link rel=\"icon\" href=\"data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' "
           "viewBox='0 0 8 8'%3E%3Ccircle cx='4' cy='4' r='4' fill='%23" +
           std::string(colour) + "'/%3E%3C/svg%3E\">\n";
}

/// As the variables of the style in the light.
std::string_view icon_colour(core::Status status) {
    switch (status) {
        case core::Status::pass: return "1a7f37";
        case core::Status::warn: return "8a5a00";
        case core::Status::fail: break;
    }
    return "b3261e";
}

std::string document(const std::string& title, std::string_view colour, const std::string& main) {
    std::string out =
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<noscript><meta http-equiv=\"refresh\" content=\"10\"></noscript>\n<title>" +
        title + "</title>\n" + icon_of(colour) + "<style>";
    out.append(page_style)
        .append("</style>\n</head>\n<body>\n<p id=\"lost\" role=\"alert\" hidden></p>\n<main>\n");
    out.append(main);
    out.append(
        "</main>\n<footer>As JSON: <a href=\"/health?pretty\">/health</a>, <a "
        "href=\"/readyz?pretty\">/readyz</a>; "
        "for Prometheus: <a href=\"/metrics\">/metrics</a>. In a terminal: <code>postfix-elb-agent "
        "status</code>"
        "</footer>\n<script>");
    return out.append(page_script).append("</script>\n</body>\n</html>\n");
}

}  // namespace

std::string render_page(const PageView& view) {
    const core::Verdict& verdict = view.verdict;
    const std::string id = verdict.instance_id.empty() ? "instance unknown" : verdict.instance_id;
    return document(
        html_text(upper(core::to_string(verdict.health)) + " - " + id), icon_colour(verdict.health),
        banner_of(verdict) + identity_of(view) + checks_of(verdict) +
            render_queue(view.history, verdict.at) + changes_of(view.history) + relink_of(view));
}

std::string render_notice(std::string_view word, std::string_view text) {
    return document(upper(word) + " - postfix-elb-agent", icon_colour(core::Status::fail),
                    "<div role=\"status\">\n" +
                        answer_of("<h1>" + upper(word) + "</h1>", core::Status::fail, text,
                                  "/health answers 503 until that changes.") +
                        "</div>\n");
}

const std::string& page_fields() {
    static const std::string fields =
        std::string(index_fields) +
        "Content-Security-Policy: default-src 'none'; style-src 'sha256-" +
        std::string(page_style_hash) + "'; script-src 'sha256-" + std::string(page_script_hash) +
        "'; img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'\r\n"
        "X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n";
    return fields;
}

}  // namespace agent
