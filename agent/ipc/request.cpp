// SPDX-License-Identifier: Apache-2.0
#include "agent/ipc/request.hpp"

#include "core/model/instance_id.hpp"

#include <algorithm>
#include <cstring>
#include <string>
#include <type_traits>

namespace agent {
namespace {

static_assert(std::has_unique_object_representations_v<Request>,
              "padding would cross the wire unset");

enum class Id { may_be_unknown, needed };

struct Known {
    Operation operation;
    Id id;
};

// Looking begins before the id is known; what relinks cannot.
constexpr std::array known{
    Known{Operation::observe_host, Id::may_be_unknown},
    Known{Operation::open_maillog, Id::may_be_unknown},
    Known{Operation::open_old_maillog, Id::may_be_unknown},
    Known{Operation::read_identity, Id::may_be_unknown},
    Known{Operation::probe_mount, Id::may_be_unknown},
    Known{Operation::plan_relink, Id::needed},
    Known{Operation::continue_relink, Id::needed},
    Known{Operation::ask_lock, Id::needed},
    Known{Operation::begin_census, Id::needed},
    Known{Operation::continue_census, Id::needed},
    Known{Operation::write_last_words, Id::needed},
    Known{Operation::observe_systemd, Id::may_be_unknown},
    Known{Operation::ask_systemd, Id::may_be_unknown},
    Known{Operation::read_journal, Id::may_be_unknown},
};

core::Error malformed(const std::string& what) {
    return {core::Errc::malformed, "read a request to a worker: " + what};
}

}  // namespace

std::span<const std::uint8_t> encode_request(const Request& request) {
    return {reinterpret_cast<const std::uint8_t*>(&request), sizeof request};
}

core::Result<Request> decode_request(std::span<const std::uint8_t> bytes) {
    if (bytes.size() != sizeof(Request)) {
        return malformed(std::to_string(bytes.size()) + " bytes where " +
                         std::to_string(sizeof(Request)) + " are due");
    }
    Request request;
    std::memcpy(&request, bytes.data(), sizeof request);

    const auto entry = std::ranges::find(known, request.operation, &Known::operation);
    if (entry == known.end()) {
        return malformed("operation " +
                         std::to_string(static_cast<std::uint32_t>(request.operation)) +
                         " is not known");
    }
    if (request.pid < 0) {
        return malformed("pid " + std::to_string(request.pid) + " is negative");
    }
    if (request.id_length > max_id_length) {
        return malformed("an instance id of " + std::to_string(request.id_length) +
                         " bytes, over " + std::to_string(max_id_length));
    }
    if (request.text_length > max_text_length) {
        return malformed("a text of " + std::to_string(request.text_length) + " bytes, over " +
                         std::to_string(max_text_length));
    }
    if (std::ranges::any_of(request.words(),
                            [](unsigned char c) { return c < 0x20 || c == 0x7f; })) {
        return malformed("a text with control characters");
    }
    if (request.id_length == 0 && entry->id == Id::may_be_unknown) {
        return request;
    }
    if (const auto valid = core::validate_literal_id(request.instance_id()); !valid) {
        return malformed(valid.error().message);
    }
    return request;
}

}  // namespace agent
