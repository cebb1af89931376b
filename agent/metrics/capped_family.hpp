// SPDX-License-Identifier: Apache-2.0
// Series whose label values come from outside: made when they are first seen, and no more than so
// many of them.
#pragma once

#include "core/base/printable.hpp"
#include "core/exposition/exposition.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace agent {

template <class Metric, std::size_t Labels>
class CappedFamily {
   public:
    using Names = std::array<std::string_view, Labels>;
    using Values = std::array<std::string_view, Labels>;

    /// `names` are literals. `dropped` counts what has no place here.
    CappedFamily(core::MetricFamily<Metric>& family, Names names, std::size_t max_series,
                 std::size_t max_value, core::Counter& dropped)
        : family_(family),
          names_(names),
          max_series_(max_series),
          max_value_(max_value),
          dropped_(dropped) {}

    /// The series of these values, which are made printable and cut; nullptr, and counted as
    /// dropped, when it would be one too many.
    [[nodiscard]] Metric* of(const Values& raw) {
        Values values = raw;
        std::array<std::string, Labels> made;
        key_.clear();
        for (std::size_t i = 0; i < Labels; ++i) {
            if (!is_fit(raw[i])) {
                made[i] = core::printable(raw[i].substr(0, max_value_), max_value_);
                values[i] = made[i];
            }
            key_.append(values[i]).push_back('\n');
        }
        if (const auto known = series_.find(std::string_view(key_)); known != series_.end()) {
            return known->second;
        }
        if (series_.size() >= max_series_) {
            dropped_.increment();
            return nullptr;
        }
        Metric& metric = add(values, std::make_index_sequence<Labels>());
        series_.emplace(key_, &metric);
        return &metric;
    }

   private:
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const {
            return std::hash<std::string_view>()(text);
        }
    };

    [[nodiscard]] bool is_fit(std::string_view value) const {
        return value.size() <= max_value_ &&
               std::all_of(value.begin(), value.end(), [](char c) { return c >= ' ' && c <= '~'; });
    }

    template <std::size_t... Index>
    Metric& add(const Values& values, std::index_sequence<Index...> /*labels*/) {
        return family_.add({{names_[Index], values[Index]}...});
    }

    core::MetricFamily<Metric>& family_;
    Names names_;
    std::size_t max_series_;
    std::size_t max_value_;
    core::Counter& dropped_;
    std::unordered_map<std::string, Metric*, Hash, std::equal_to<>> series_;
    std::string key_;  ///< kept for its memory
};

}  // namespace agent
