// SPDX-License-Identifier: Apache-2.0
#include "agent/ipc/control.hpp"

namespace agent {
namespace {

bool known(std::uint8_t kind) {
    return (kind >= static_cast<std::uint8_t>(ControlKind::host_channel) &&
            kind <= static_cast<std::uint8_t>(ControlKind::listener)) ||
           (kind >= static_cast<std::uint8_t>(ControlKind::ready) &&
            kind <= static_cast<std::uint8_t>(ControlKind::postfix_may_start));
}

}  // namespace

core::Result<void> send_control(int channel, ControlKind kind, std::string_view text,
                                int descriptor) {
    std::vector<std::uint8_t> bytes{static_cast<std::uint8_t>(kind)};
    bytes.insert(bytes.end(), text.begin(), text.end());
    return send_message(channel, bytes, descriptor);
}

core::Result<ControlMessage> receive_control(int channel) {
    auto message = receive_message(channel);
    if (!message) {
        return message.error();
    }
    if (message->bytes.empty()) {
        return core::Error{core::Errc::unavailable, "the other end of the control channel is gone"};
    }
    if (!known(message->bytes.front())) {
        return core::Error{core::Errc::malformed, "control message of unknown kind " +
                                                      std::to_string(message->bytes.front())};
    }
    return ControlMessage{static_cast<ControlKind>(message->bytes.front()),
                          std::string(message->bytes.begin() + 1, message->bytes.end()),
                          std::move(message->descriptor)};
}

}  // namespace agent
