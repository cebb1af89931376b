// SPDX-License-Identifier: Apache-2.0
// What the entries at the top of a Postfix queue directory are: one table for the copy, the mending
// and the counting.
//
// Source: Postfix's conf/postfix-files (the directories, their owners and modes) and
// src/global/mail_queue.c (mail_queue_id_ok: what a message may be called).
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace core {

enum class QueueEntry {
    mail_queue,  ///< holds mail or its logs: the directory is copied, what is in it never
    endpoints,   ///< private, public: the directory is copied; sockets and FIFOs in it never
    pid,    ///< the lock files of running processes: the directory is copied, what is in it never
    other,  ///< files, and what a distribution keeps for its chroot (dev, etc, lib, usr): copied
            ///< with its content
};

struct QueueDirectory {
    std::string_view name;
    QueueEntry entry;
    bool required;  ///< a queue without it is not whole; the others are made by the first start of
                    ///< Postfix
    bool counted;   ///< what is queued in it is mail that has not been delivered
    std::string_view user;  ///< owner, when there is no skeleton to take it from
    std::string_view group;
    unsigned mode;
};

/// Every directory that Postfix itself keeps in its queue directory, in alphabetical order.
[[nodiscard]] std::span<const QueueDirectory> queue_directories() noexcept;

/// The row of that name; nullptr if Postfix keeps no such directory.
[[nodiscard]] const QueueDirectory* find_queue_directory(std::string_view name) noexcept;

[[nodiscard]] QueueEntry classify_queue_entry(std::string_view top_level_name) noexcept;

/// How many of them are required.
[[nodiscard]] std::size_t required_queue_directories() noexcept;

/// Whether what is in such a directory is copied to another queue.
[[nodiscard]] bool content_is_copied(QueueEntry entry) noexcept;

/// Whether a file of this name in a queue can be a message: letters, digits and "_". Postfix
/// ignores all others, among them what NFS clients leave behind (".nfs…").
[[nodiscard]] bool is_message_name(std::string_view name) noexcept;

/// Mail can lie in directories below its queue (hash_queue_names, hash_queue_depth). Looking for it
/// stops at this depth, which is beyond what Postfix uses.
inline constexpr std::size_t max_hash_depth = 32;

}  // namespace core
