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

core::Error malformed(const std::string& what) {
    return {core::Errc::malformed, "read a request to a worker: " + what};
}

}  // namespace

const OperationInfo* find_operation(Operation operation) noexcept {
    const auto row = std::ranges::find(Operations::rows, operation, &OperationInfo::operation);
    return row == Operations::rows.end() ? nullptr : &*row;
}

void Request::set_text(std::string_view value) {
    text_length = std::min(value.size(), text.size());
    std::copy_n(value.begin(), text_length, text.begin());
}

Request make_request(Operation operation, std::string_view instance_id) {
    Request request;
    request.operation = operation;
    request.id_length = static_cast<std::uint32_t>(std::min(instance_id.size(), max_id_length));
    std::copy_n(instance_id.begin(), request.id_length, request.id.begin());
    return request;
}

std::span<const std::uint8_t> encode_request(const Request& request) {
    return {reinterpret_cast<const std::uint8_t*>(&request), sizeof request};
}

core::Result<Request> decode_request(std::span<const std::uint8_t> bytes) {
    if (bytes.size() != sizeof(Request)) {
        return malformed(std::to_string(bytes.size()) + " bytes instead of " +
                         std::to_string(sizeof(Request)));
    }
    Request request;
    std::memcpy(&request, bytes.data(), sizeof request);

    const OperationInfo* const row = find_operation(request.operation);
    if (row == nullptr) {
        return malformed("operation " +
                         std::to_string(static_cast<std::uint32_t>(request.operation)) +
                         " does not exist");
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
    if (std::ranges::any_of(request.text_view(),
                            [](unsigned char c) { return c < 0x20 || c == 0x7f; })) {
        return malformed("a text with control characters");
    }
    if (request.id_length == 0 && row->needs_id == NeedsId::no) {
        return request;
    }
    if (const auto valid = core::validate_literal_id(request.instance_id()); !valid) {
        return malformed(valid.error().message);
    }
    return request;
}

}  // namespace agent
