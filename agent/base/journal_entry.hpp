// SPDX-License-Identifier: Apache-2.0
// An entry with fields for the journal, as its native protocol has it
// (systemd.io/JOURNAL_NATIVE_PROTOCOL).
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace agent {

struct JournalField {
    std::string_view name;  ///< upper case letters, digits and underscores
    std::string value;
};

/// One datagram. Control characters in values are made harmless, so that every field is one line
/// "NAME=value".
[[nodiscard]] std::string journal_entry(std::span<const JournalField> fields);

/// Sends it over a datagram socket that is connected to the journal; never waits. A full socket
/// drops the entry, as log() does. Returns false when the journal takes no
/// entries there; then the caller uses another sink.
[[nodiscard]] bool send_to_journal(int socket, std::string_view entry);

}  // namespace agent
