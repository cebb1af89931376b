// SPDX-License-Identifier: Apache-2.0
#include "core/model/queue_layout.hpp"

#include <algorithm>
#include <array>

namespace core {
namespace {

using enum QueueEntry;

constexpr bool required = true;
constexpr bool optional = false;
constexpr bool mail = true;
constexpr bool no_mail = false;

constexpr std::array table{
    QueueDirectory{"active", mail_queue, required, mail, "postfix", "root", 0700},
    QueueDirectory{"bounce", mail_queue, required, no_mail, "postfix", "root", 0700},
    QueueDirectory{"corrupt", mail_queue, required, mail, "postfix", "root", 0700},
    QueueDirectory{"defer", mail_queue, required, no_mail, "postfix", "root", 0700},
    QueueDirectory{"deferred", mail_queue, required, mail, "postfix", "root", 0700},
    QueueDirectory{"flush", mail_queue, required, no_mail, "postfix", "root", 0700},
    QueueDirectory{"hold", mail_queue, optional, mail, "postfix", "root", 0700},
    QueueDirectory{"incoming", mail_queue, required, mail, "postfix", "root", 0700},
    QueueDirectory{"maildrop", mail_queue, required, mail, "postfix", "postdrop", 0730},
    QueueDirectory{"pid", pid, required, no_mail, "root", "root", 0755},
    QueueDirectory{"private", endpoints, required, no_mail, "postfix", "root", 0700},
    QueueDirectory{"public", endpoints, required, no_mail, "postfix", "postdrop", 0710},
    QueueDirectory{"saved", mail_queue, required, no_mail, "postfix", "root", 0700},
    QueueDirectory{"trace", mail_queue, optional, no_mail, "postfix", "root", 0700},
};

constexpr bool is_letter_or_digit(char c) noexcept {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

}  // namespace

std::span<const QueueDirectory> queue_directories() noexcept {
    return table;
}

const QueueDirectory* find_queue_directory(std::string_view name) noexcept {
    const auto row = std::ranges::find(table, name, &QueueDirectory::name);
    return row == table.end() ? nullptr : &*row;
}

QueueEntry classify_queue_entry(std::string_view top_level_name) noexcept {
    const QueueDirectory* row = find_queue_directory(top_level_name);
    return row == nullptr ? other : row->entry;
}

std::size_t required_queue_directories() noexcept {
    return static_cast<std::size_t>(std::ranges::count(table, true, &QueueDirectory::required));
}

bool content_is_copied(QueueEntry entry) noexcept {
    return entry == endpoints || entry == other;
}

bool is_message_name(std::string_view name) noexcept {
    return !name.empty() &&
           std::ranges::all_of(name, [](char c) { return is_letter_or_digit(c) || c == '_'; });
}

}  // namespace core
