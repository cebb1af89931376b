// SPDX-License-Identifier: Apache-2.0
// Owners of the objects of sd-bus(3).
#pragma once

#include <systemd/sd-bus.h>

#include <memory>

namespace systemd {

struct CloseBus {
    void operator()(sd_bus* bus) const {
        sd_bus_close(bus);
        sd_bus_unref(bus);
    }
};
struct DropSlot {
    void operator()(sd_bus_slot* slot) const { sd_bus_slot_unref(slot); }
};
struct DropMessage {
    void operator()(sd_bus_message* message) const { sd_bus_message_unref(message); }
};

using Bus = std::unique_ptr<sd_bus, CloseBus>;  ///< closed with its unsent messages
using Slot = std::unique_ptr<sd_bus_slot, DropSlot>;
using Message = std::unique_ptr<sd_bus_message, DropMessage>;

}  // namespace systemd
