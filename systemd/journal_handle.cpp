// SPDX-License-Identifier: Apache-2.0
#include "systemd/journal_handle.hpp"

#include <systemd/sd-id128.h>
#include <systemd/sd-journal.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>

namespace systemd {

void CloseJournal::operator()(sd_journal* journal) const {
    sd_journal_close(journal);
}

core::Result<JournalHandle> open_journal() {
    sd_journal* opened = nullptr;
    const int result = sd_journal_open(&opened, SD_JOURNAL_LOCAL_ONLY | SD_JOURNAL_SYSTEM);
    JournalHandle journal(opened);
    if (result < 0) {
        return journal_error(result, "open");
    }
    return journal;
}

core::Error journal_error(int result, std::string_view action) {
    return core::system_error(-result, action, "the journal");
}

bool has_files(sd_journal* journal) {
    std::uint64_t bytes = 0;
    return sd_journal_get_usage(journal, &bytes) >= 0 && bytes > 0;
}

int add_match(sd_journal* journal, std::string_view field_and_value) {
    return sd_journal_add_match(journal, field_and_value.data(), field_and_value.size());
}

int match_this_boot(sd_journal* journal) {
    sd_id128_t boot{};
    const int result = sd_id128_get_boot(&boot);
    std::array<char, SD_ID128_STRING_MAX> text{};
    return result < 0 ? result
                      : add_match(journal,
                                  std::string("_BOOT_ID=") + sd_id128_to_string(boot, text.data()));
}

std::optional<std::string_view> field(sd_journal* journal, const char* name) {
    const void* data = nullptr;
    std::size_t size = 0;
    if (sd_journal_get_data(journal, name, &data, &size) < 0) {
        return std::nullopt;
    }
    const std::string_view text(static_cast<const char*>(data), size);
    return text.substr(std::min(size, std::string_view(name).size() + 1));
}

std::string cursor_of(sd_journal* journal) {
    char* cursor = nullptr;
    if (sd_journal_get_cursor(journal, &cursor) < 0) {
        return {};
    }
    std::string text = cursor;
    std::free(cursor);
    return text;
}

bool is_same_entry(std::string_view one, std::string_view other) {
    const auto from_boot = [](std::string_view cursor) {
        return cursor.substr(std::min(cursor.find(";b="), cursor.size()));
    };
    return from_boot(one) == from_boot(other);
}

std::uint64_t monotonic_of(std::string_view cursor) {
    constexpr std::string_view key = ";m=";
    constexpr int hexadecimal = 16;
    const auto begin = cursor.find(key);
    std::uint64_t monotonic = 0;
    if (begin != std::string_view::npos) {
        std::from_chars(cursor.data() + begin + key.size(), cursor.data() + cursor.size(),
                        monotonic, hexadecimal);
    }
    return monotonic;
}

}  // namespace systemd
