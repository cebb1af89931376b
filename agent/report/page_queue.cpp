// SPDX-License-Identifier: Apache-2.0
// The queue's part of the page: a table of the latest census, and how two of the queues grew.
#include "agent/report/html.hpp"
#include "agent/report/page.hpp"
#include "core/base/timestamp.hpp"

#include <algorithm>
#include <array>

namespace agent {

namespace {

using Samples = std::deque<core::QueueSample>;

// The plot's own units; the style stretches it to the room there is.
constexpr std::uint64_t plot_width = 600;
constexpr std::uint64_t plot_height = 100;
constexpr std::uint64_t headroom = 5;  // so that the line of the highest value is not cut in half

std::uint64_t depth(const core::QueueSample& sample, core::MailQueue queue) {
    return sample.messages[static_cast<std::size_t>(queue)];
}

/// Two samples that are further apart are not joined by a line. The census runs at even intervals,
/// so a census between them is missing.
core::BootTime longest_step(const Samples& samples) {
    core::BootTime shortest = core::History::sample_span;
    for (std::size_t i = 1; i < samples.size(); ++i) {
        shortest = std::min(shortest, samples[i].at.boot - samples[i - 1].at.boot);
    }
    return 3 * std::max<core::BootTime>(shortest, core::History::sample_step);
}

/// The times that a plot spans: all that is kept, with the latest at its right edge.
struct Span {
    core::BootTime from{};
    core::BootTime to{};

    [[nodiscard]] std::uint64_t x(core::BootTime at) const {
        const auto whole =
            static_cast<std::uint64_t>(std::max<std::int64_t>((to - from).count(), 1));
        return static_cast<std::uint64_t>((at - from).count()) * plot_width / whole;
    }
};

std::string point(std::uint64_t x, std::uint64_t y) {
    return std::to_string(x) + "," + std::to_string(y);
}

struct Paths {
    std::string line;
    std::string area;
};

/// The `d` of two paths: along the depths, and the area below each unbroken piece of that.
Paths paths_of(const Samples& samples, core::MailQueue queue, std::uint64_t most) {
    const Span span{samples.front().at.boot, samples.back().at.boot};
    const core::BootTime step = longest_step(samples);
    Paths paths;
    for (std::size_t i = 0; i < samples.size(); ++i) {
        const std::uint64_t x = span.x(samples[i].at.boot);
        // In floating point: a depth times the height may not fit.
        const double part = static_cast<double>(depth(samples[i], queue)) /
                            static_cast<double>(std::max<std::uint64_t>(most, 1));
        const auto y = plot_height - static_cast<std::uint64_t>(
                                         part * static_cast<double>(plot_height - headroom));
        const bool begins = i == 0 || samples[i].at.boot - samples[i - 1].at.boot > step;
        const bool ends =
            i + 1 == samples.size() || samples[i + 1].at.boot - samples[i].at.boot > step;
        paths.line += (begins ? "M" : "L") + point(x, y);
        // A piece of one sample alone is a dot: round caps make one of a line without length.
        paths.line += begins && ends ? "L" + point(x, y) : "";
        paths.area += begins ? "M" + point(x, plot_height) + "L" + point(x, y) : "L" + point(x, y);
        paths.area += ends ? "L" + point(x, plot_height) + "Z" : "";
    }
    return paths;
}

std::string clock_of(core::WallTime time) {
    constexpr std::size_t begin = 11;
    constexpr std::size_t size = 5;
    return core::rfc3339(time).substr(begin, size) + " UTC";
}

std::string plot_of(const Samples& samples, core::MailQueue queue) {
    std::uint64_t most = 0;
    for (const core::QueueSample& sample : samples) {
        most = std::max(most, depth(sample, queue));
    }
    const std::string name(core::to_string(queue));
    const std::string now = grouped(depth(samples.back(), queue));
    const Paths paths = paths_of(samples, queue, most);
    const std::string size = std::to_string(plot_width) + " " + std::to_string(plot_height);
    return "<figure>\n<figcaption><b>" + name + ": " + now + "</b><span>most: " + grouped(most) +
           "</span></figcaption>\n<svg class=\"plot\" viewBox=\"0 0 " + size +
           "\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"" + name + ": now " + now +
           ", most " + grouped(most) + " since " + clock_of(samples.front().at.wall) +
           "\"><path class=\"area\" d=\"" + paths.area + "\"/><path d=\"" + paths.line +
           "\"/></svg>\n<p class=\"span\"><span>" + clock_of(samples.front().at.wall) +
           "</span><span>" + clock_of(samples.back().at.wall) + "</span></p>\n</figure>\n";
}

std::string oldest_of(const core::QueueFigures& figures, core::WallTime now) {
    if (figures.messages == 0) {
        return "-";
    }
    if (!figures.oldest_arrival) {
        return "unknown";
    }
    const std::string sampled = figures.ages_sampled < figures.messages ? "at least " : "";
    return sampled + core::describe_age(now - *figures.oldest_arrival);
}

std::string row_of(const core::QueueCensus& census, core::MailQueue queue, core::WallTime now) {
    const core::QueueFigures& figures = census.of(queue);
    const std::string about = figures.bytes_sampled < figures.messages ? "about " : "";
    return "<tr><th scope=\"row\">" + std::string(core::to_string(queue)) +
           "</th><td class=\"number\">" + grouped(figures.messages) + "</td><td class=\"number\">" +
           oldest_of(figures, now) + "</td><td class=\"number\">" +
           (figures.messages == 0 ? "-" : about + describe_bytes(figures.bytes)) + "</td></tr>\n";
}

std::string table_of(const core::QueueCensus& census, core::WallTime now) {
    std::string out =
        "<table class=\"queues\">\n<thead><tr><th scope=\"col\">Queue</th><th scope=\"col\" "
        "class=\"number\">Messages"
        "</th><th scope=\"col\" class=\"number\">Oldest</th><th scope=\"col\" "
        "class=\"number\">Size</th></tr></thead>\n"
        "<tbody>\n";
    for (const core::MailQueue queue : core::all_mail_queues()) {
        out += row_of(census, queue, now);
    }
    return out + "</tbody>\n</table>\n";
}

std::string plots_of(const Samples& samples) {
    if (samples.size() < 2) {
        return "<p class=\"soft\">A plot of the last hours begins with the second complete "
               "census.</p>\n";
    }
    return "<div class=\"plots\">\n" + plot_of(samples, core::MailQueue::deferred) +
           plot_of(samples, core::MailQueue::active) + "</div>\n";
}

}  // namespace

std::string render_queue(const core::History& history, core::TimePoint now) {
    std::string out = "<section aria-labelledby=\"queue\">\n<h2 id=\"queue\">Queue</h2>\n";
    const std::optional<core::QueueCensus>& census = history.census();
    if (!census) {
        return out +
               "<p>No census yet: the queue has not been counted since this agent was started "
               "(never where "
               "census.interval is 0s).</p>\n</section>\n";
    }
    out += "<p class=\"soft\">Counted " + core::describe_age(now.boot - census->at.boot) +
           " before this verdict, at " + html_time(census->at.wall) +
           (census->complete
                ? "."
                : "; <b>not complete</b>, there may be more: " + html_text(census->error) + ".") +
           "</p>\n";
    return out + table_of(*census, now.wall) + plots_of(history.samples()) + "</section>\n";
}

}  // namespace agent
