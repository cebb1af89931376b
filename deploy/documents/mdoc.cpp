// SPDX-License-Identifier: Apache-2.0
#include "mdoc.hpp"

namespace documents::mdoc {
namespace {

constexpr std::size_t width = 78;  // mandoc wants at most 80

/// Without these, terminals show typographic quotes and hyphens.
std::string_view escape_of(char byte) {
    switch (byte) {
        case '\\': return "\\e";
        case '\'': return "\\(aq";
        case '`': return "\\(ga";
        case '"': return "\\(dq";
        case '^': return "\\(ha";
        case '~': return "\\(ti";
        case '-': return "\\-";
        default: return {};
    }
}

void append(std::string& out, char byte) {
    const std::string_view escape = escape_of(byte);
    out += escape.empty() ? std::string_view(&byte, 1) : escape;
}

bool ends_sentence(std::string_view word) {
    return word.size() > 1 && word.back() == '.';
}

/// A word of filled text, without a break in code or in a path; `bold` is whether it begins inside
/// of code, and is set to how it ends.
std::string word_of(std::string_view word, bool& bold) {
    const bool path = word.find('/') != std::string_view::npos;
    std::string out = bold || path || word.starts_with('`') ? "\\%" : "";
    for (const char byte : word) {
        if (byte == '`') {
            bold = !bold;
            out += bold ? "\\fB" : "\\fP";
        } else if (bold || path) {
            append(out, byte);
        } else {
            out += byte == '\\' ? "\\e" : std::string(1, byte);
        }
    }
    return out;
}

}  // namespace

std::string literal(std::string_view text) {
    std::string out = text.starts_with('.') ? "\\&" : "";
    for (const char byte : text) {
        append(out, byte);
    }
    return out;
}

std::string paragraph(std::string_view markdown) {
    std::string out;
    std::size_t column = 0;
    bool bold = false;
    while (!markdown.empty()) {
        const std::string_view raw = markdown.substr(0, markdown.find(' '));
        markdown.remove_prefix(std::min(raw.size() + 1, markdown.size()));
        const std::string word = word_of(raw, bold);
        if (column > 0 && column + 1 + word.size() <= width) {
            out += ' ';
            ++column;
        } else if (column > 0) {
            out += '\n';
            column = 0;
        }
        if (column == 0 && (word.starts_with('.') || word.starts_with('\''))) {
            out += "\\&";
        }
        out += word;
        column += word.size();
        if (ends_sentence(raw) && !markdown.empty()) {
            out += '\n';
            column = 0;
        }
    }
    return out + "\n";
}

}  // namespace documents::mdoc
