// SPDX-License-Identifier: Apache-2.0
#include "agent/base/journal_entry.hpp"

#include <sys/socket.h>

#include <cerrno>

namespace agent {

std::string journal_entry(std::span<const JournalField> fields) {
    std::string entry;
    for (const JournalField& field : fields) {
        entry.append(field.name).append("=");
        for (const char byte : field.value) {
            const auto value = static_cast<unsigned char>(byte);
            entry += value < 0x20 || value == 0x7f ? '?' : byte;
        }
        entry += '\n';
    }
    return entry;
}

bool send_to_journal(int socket, std::string_view entry) {
    return ::send(socket, entry.data(), entry.size(), MSG_DONTWAIT | MSG_NOSIGNAL) >= 0 ||
           errno == EAGAIN;
}

}  // namespace agent
