// SPDX-License-Identifier: Apache-2.0
// How a reply crosses a channel: the fields of an aggregate one after another, as boost::pfr lists
// them. Both ends are one program on one machine, so numbers are sent as they are in memory.
//
// Allowed are integers, bool, double, enumerations whose values are 0, 1, 2, ..., strings (of any
// bytes), durations and times of std::chrono, std::optional, std::vector, std::array, and
// aggregates of these.
#pragma once

#include "core/base/result.hpp"

#include <boost/pfr/core.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace agent {
namespace codec {

using Bytes = std::vector<std::uint8_t>;

template <class T, template <class...> class Template>
inline constexpr bool is_a = false;
template <class... Arguments, template <class...> class Template>
inline constexpr bool is_a<Template<Arguments...>, Template> = true;
template <class T>
inline constexpr bool is_array = false;
template <class T, std::size_t size>
inline constexpr bool is_array<std::array<T, size>> = true;
template <class T>
inline constexpr bool is_duration = false;
template <class Number, class Period>
inline constexpr bool is_duration<std::chrono::duration<Number, Period>> = true;

/// GCC and Clang print a value that has a name as "scope::name]" here, another one as "(type)7]".
template <auto value>
constexpr bool has_name() {
    constexpr std::string_view text = __PRETTY_FUNCTION__;
    return text[text.find_last_of(":)")] == ':';
}

/// How many enumerators there are.
template <class Enum, std::uint8_t next = 0>
constexpr std::uint8_t count_of() {
    if constexpr (has_name<static_cast<Enum>(next)>()) {
        return count_of<Enum, next + 1>();
    } else {
        return next;
    }
}

/// Differs from type to type: a reply of one type is not taken for another.
template <class T>
constexpr std::uint32_t signature() {
    std::uint32_t hash = 2166136261U;  // FNV-1a
    for (const char c : std::string_view(__PRETTY_FUNCTION__)) {
        hash = (hash ^ static_cast<std::uint8_t>(c)) * 16777619U;
    }
    return hash;
}

inline void write_raw(Bytes& to, const void* data, std::size_t size) {
    const auto* first = static_cast<const std::uint8_t*>(data);
    to.insert(to.end(), first, first + size);
}

template <class T>
void write(Bytes& to, const T& value) {
    if constexpr (std::is_arithmetic_v<T>) {
        write_raw(to, &value, sizeof value);
    } else if constexpr (std::is_enum_v<T>) {
        write(to, static_cast<std::uint8_t>(value));
    } else if constexpr (is_duration<T>) {
        write(to, value.count());
    } else if constexpr (is_a<T, std::chrono::time_point>) {
        write(to, value.time_since_epoch());
    } else if constexpr (is_a<T, std::optional>) {
        write(to, value.has_value());
        if (value) {
            write(to, *value);
        }
    } else if constexpr (std::is_same_v<T, std::string>) {
        write(to, static_cast<std::uint32_t>(value.size()));
        write_raw(to, value.data(), value.size());
    } else if constexpr (is_a<T, std::vector>) {
        write(to, static_cast<std::uint32_t>(value.size()));
        for (const auto& item : value) {
            write(to, item);
        }
    } else if constexpr (is_array<T>) {
        for (const auto& item : value) {
            write(to, item);
        }
    } else {
        boost::pfr::for_each_field(value, [&to](const auto& field) { write(to, field); });
    }
}

/// Takes values from the front of received bytes. Every function returns false where they end too
/// early or hold what is no value of the type.
class Reader {
   public:
    explicit Reader(std::span<const std::uint8_t> bytes) : left_(bytes) {}

    [[nodiscard]] bool at_end() const { return left_.empty(); }

    template <class T>
    [[nodiscard]] bool read(T& value) {
        if constexpr (std::is_same_v<T, bool>) {
            return read_below(2, value);
        } else if constexpr (std::is_arithmetic_v<T>) {
            return read_raw(&value, sizeof value);
        } else if constexpr (std::is_enum_v<T>) {
            return read_below(count_of<T>(), value);
        } else if constexpr (is_duration<T>) {
            typename T::rep count{};
            const bool read_it = read(count);
            value = T(count);
            return read_it;
        } else if constexpr (is_a<T, std::chrono::time_point>) {
            typename T::duration since{};
            const bool read_it = read(since);
            value = T(since);
            return read_it;
        } else if constexpr (is_a<T, std::optional>) {
            bool present = false;
            return read(present) && (!present || read(value.emplace()));
        } else if constexpr (std::is_same_v<T, std::string>) {
            return read_string(value);
        } else if constexpr (is_a<T, std::vector>) {
            return read_list(value);
        } else if constexpr (is_array<T>) {
            return read_items(value);
        } else {
            bool all = true;
            boost::pfr::for_each_field(value, [&](auto& field) { all = all && read(field); });
            return all;
        }
    }

   private:
    [[nodiscard]] bool read_raw(void* to, std::size_t size) {
        if (size > left_.size()) {
            return false;
        }
        std::memcpy(to, left_.data(), size);
        left_ = left_.subspan(size);
        return true;
    }

    template <class T>
    [[nodiscard]] bool read_below(std::uint8_t bound, T& value) {
        std::uint8_t number = 0;
        if (!read(number) || number >= bound) {
            return false;
        }
        value = static_cast<T>(number);
        return true;
    }

    [[nodiscard]] bool read_string(std::string& value) {
        std::uint32_t size = 0;
        if (!read(size) || size > left_.size()) {
            return false;
        }
        value.assign(reinterpret_cast<const char*>(left_.data()), size);
        left_ = left_.subspan(size);
        return true;
    }

    /// The list grows with what was read, whatever its length is said to be.
    template <class Item>
    [[nodiscard]] bool read_list(std::vector<Item>& value) {
        static_assert(!std::is_empty_v<Item>, "each item takes at least a byte");
        std::uint32_t count = 0;
        if (!read(count)) {
            return false;
        }
        for (; count > 0; --count) {
            if (!read(value.emplace_back())) {
                return false;
            }
        }
        return true;
    }

    template <class Array>
    [[nodiscard]] bool read_items(Array& value) {
        for (auto& item : value) {
            if (!read(item)) {
                return false;
            }
        }
        return true;
    }

    std::span<const std::uint8_t> left_;
};

}  // namespace codec

template <class T>
[[nodiscard]] std::vector<std::uint8_t> encode(const T& reply) {
    codec::Bytes bytes;
    codec::write(bytes, codec::signature<T>());
    codec::write(bytes, reply);
    return bytes;
}

/// An error (malformed) unless the bytes are exactly an encoded T.
template <class T>
[[nodiscard]] core::Result<T> decode(std::span<const std::uint8_t> bytes) {
    codec::Reader reader(bytes);
    std::uint32_t signature = 0;
    T reply;
    if (!reader.read(signature) || signature != codec::signature<T>() || !reader.read(reply) ||
        !reader.at_end()) {
        return core::Error{core::Errc::malformed,
                           "read a worker's reply: its " + std::to_string(bytes.size()) +
                               " bytes do not encode the expected type; restart the agent"};
    }
    return reply;
}

}  // namespace agent
