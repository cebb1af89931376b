// SPDX-License-Identifier: Apache-2.0
#include "core/exposition/exposition.hpp"

#include <algorithm>

namespace core {
namespace {

void append_escaped(std::string& text, std::string_view value) {
    for (const char c : value) {
        switch (c) {
            case '\\': text += "\\\\"; break;
            case '"': text += "\\\""; break;
            case '\n': text += "\\n"; break;
            default: text += c;
        }
    }
}

}  // namespace

/// A NaN is above every bound, as in the reference clients: it must be counted somewhere.
void Histogram::observe(double value) {
    const auto bound = std::find_if(bounds_.begin(), bounds_.end(),
                                    [value](double upper) { return value <= upper; });
    ++counts_[static_cast<std::size_t>(bound - bounds_.begin())];
    sum_ += value;
}

std::string label_text(std::span<const std::string_view> names,
                       std::span<const std::string_view> values) {
    std::string text;
    for (std::size_t i = 0; i < values.size(); ++i) {
        text.append(text.empty() ? "" : ",").append(names[i]).append("=\"");
        append_escaped(text, values[i]);
        text += '"';
    }
    return text;
}

}  // namespace core
