// SPDX-License-Identifier: Apache-2.0
// Series whose label values come from outside: made when a value is first seen, with a limit on
// their number.
#pragma once

#include "core/base/printable.hpp"
#include "core/exposition/exposition.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <unordered_map>

namespace agent {

template <class Metric>
class CappedFamily {
   public:
    static constexpr std::size_t max_series = 100;
    static constexpr std::size_t max_label_value = 64;

    /// `dropped` counts the values for which there is no room.
    CappedFamily(core::MetricFamily<Metric>& family, core::Counter& dropped)
        : family_(family), dropped_(dropped) {}

    /// The series of these values, which are made printable and cut. Returns nullptr, and counts
    /// the values as dropped, when they would need one series too many.
    [[nodiscard]] Metric* of(std::initializer_list<std::string_view> raw) {
        std::array<std::string_view, label_count> values;
        std::array<std::string, label_count> made;
        key_.clear();
        std::size_t count = 0;
        for (const std::string_view value : raw) {
            values[count] = value;
            if (!is_fit(value)) {
                made[count] = core::printable(value.substr(0, max_label_value), max_label_value);
                values[count] = made[count];
            }
            key_.append(values[count++]).push_back('\n');
        }
        if (const auto known = series_.find(std::string_view(key_)); known != series_.end()) {
            return known->second;
        }
        if (series_.size() >= max_series) {
            dropped_.increment();
            return nullptr;
        }
        Metric& metric = family_.add(std::span(values).first(count));
        series_.emplace(key_, &metric);
        return &metric;
    }

   private:
    static constexpr std::size_t label_count = core::FamilyInfo<Metric>().labels.size();

    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const {
            return std::hash<std::string_view>()(text);
        }
    };

    static bool is_fit(std::string_view value) {
        return value.size() <= max_label_value &&
               std::all_of(value.begin(), value.end(), [](char c) { return c >= ' ' && c <= '~'; });
    }

    core::MetricFamily<Metric>& family_;
    core::Counter& dropped_;
    std::unordered_map<std::string, Metric*, Hash, std::equal_to<>> series_;
    std::string key_;  ///< a member, so that its memory is reused
};

}  // namespace agent
