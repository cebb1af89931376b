// SPDX-License-Identifier: Apache-2.0
#include "systemd/unit_calls.hpp"

#include "systemd/bus_handles.hpp"
#include "systemd/monotonic.hpp"
#include "systemd/unit_list.hpp"

#include <systemd/sd-bus.h>
#include <systemd/sd-daemon.h>

#include <poll.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>

namespace systemd {
namespace {

constexpr const char* systemd_name = "org.freedesktop.systemd1";
constexpr const char* unit_interface = "org.freedesktop.systemd1.Unit";
constexpr const char* service_interface = "org.freedesktop.systemd1.Service";

core::Error failed(int result) {
    return core::system_error(-result, "ask systemd on", "the system bus");
}

int keep_answer(sd_bus_message* answer, void* kept, sd_bus_error* /*error*/) {
    static_cast<Message*>(kept)->reset(sd_bus_message_ref(answer));
    return 0;
}

/// Why a loop: a blocking call of libsystemd waits 25 s for a bus that accepts and does not reply.
class Conversation {
   public:
    explicit Conversation(std::chrono::milliseconds within)
        : until_(monotonic_now() +
                 static_cast<std::uint64_t>(std::chrono::microseconds(within).count())) {
        sd_bus* opened = nullptr;
        opened_ = sd_bus_open_system(&opened);
        bus_.reset(opened);
    }

    template <class... Arguments>
    core::Result<Message> ask(const std::string& path, const char* interface, const char* member,
                              const char* types, const Arguments&... arguments);

    /// `read` takes the property's value out of the variant that the answer holds.
    template <class Read>
    core::Result<void> property(const std::string& unit, const char* interface, const char* name,
                                Read read);

   private:
    core::Result<void> wait() const;

    std::uint64_t until_;
    int opened_ = 0;
    Bus bus_;
};

core::Result<void> Conversation::wait() const {
    if (monotonic_now() >= until_) {
        return core::Error{core::Errc::timed_out, "systemd does not answer on the system bus"};
    }
    std::uint64_t of_bus = UINT64_MAX;
    static_cast<void>(sd_bus_get_timeout(bus_.get(), &of_bus));
    const int events = sd_bus_get_events(bus_.get());
    pollfd ready{sd_bus_get_fd(bus_.get()), static_cast<short>(std::max(events, 0)), 0};
    ::poll(&ready, 1, timeout_until(std::min(until_, of_bus)));
    return {};
}

template <class... Arguments>
core::Result<Message> Conversation::ask(const std::string& path, const char* interface,
                                        const char* member, const char* types,
                                        const Arguments&... arguments) {
    if (opened_ < 0) {
        return failed(opened_);
    }
    sd_bus_message* made = nullptr;
    int result = sd_bus_message_new_method_call(bus_.get(), &made, systemd_name, path.c_str(),
                                                interface, member);
    const Message question(made);
    if (result >= 0) {
        sd_bus_message_set_auto_start(made, 0);
        result = sd_bus_message_append(made, types, arguments...);
    }
    Message answer;
    sd_bus_slot* slot = nullptr;
    if (result >= 0) {
        result = sd_bus_call_async(bus_.get(), &slot, made, keep_answer, &answer, UINT64_MAX);
    }
    const Slot keep(slot);
    while (result >= 0 && !answer) {
        result = sd_bus_process(bus_.get(), nullptr);
        if (result != 0) {
            continue;
        }
        if (auto waited = wait(); !waited) {
            return waited.error();
        }
    }
    if (result < 0) {
        return failed(result);
    }
    if (const sd_bus_error* error = sd_bus_message_get_error(answer.get()); error != nullptr) {
        return core::Error{
            core::Errc::refused,
            "systemd refuses: " + printable_text(error->message ? error->message : error->name)};
    }
    return answer;
}

/// systemd loads a unit that is not loaded when its object is asked.
core::Result<std::string> object_of(const std::string& unit) {
    char* encoded = nullptr;
    if (const int result =
            sd_bus_path_encode("/org/freedesktop/systemd1/unit", unit.c_str(), &encoded);
        result < 0) {
        return failed(result);
    }
    std::string path(encoded);
    std::free(encoded);
    return path;
}

template <class Read>
core::Result<void> Conversation::property(const std::string& unit, const char* interface,
                                          const char* name, Read read) {
    const auto path = object_of(unit);
    if (!path) {
        return path.error();
    }
    const auto answer = ask(*path, "org.freedesktop.DBus.Properties", "Get", "ss", interface, name);
    if (!answer) {
        return answer.error();
    }
    const int result = read(answer->get());
    return result < 0 ? core::Result<void>(failed(result)) : core::Result<void>();
}

auto text_to(std::string& to) {
    return [&to](sd_bus_message* answer) {
        const char* text = nullptr;
        const int result = sd_bus_message_read(answer, "v", "s", &text);
        to = printable_text(text);
        return result;
    };
}

}  // namespace

bool manages_this_host() {
    return sd_booted() > 0;
}

core::Result<core::StartingUnit> ask_unit(const std::string& unit,
                                          std::chrono::milliseconds within) {
    Conversation bus(within);
    core::StartingUnit seen;
    std::uint32_t job = 0;
    std::uint64_t began = 0;
    auto asked = bus.property(unit, unit_interface, "ActiveState", text_to(seen.active_state));
    if (asked) {
        asked = bus.property(unit, unit_interface, "Job", [&job](sd_bus_message* answer) {
            return sd_bus_message_read(answer, "v", "(uo)", &job, nullptr);
        });
    }
    if (asked) {
        asked = bus.property(unit, unit_interface, "InactiveExitTimestampMonotonic",
                             [&began](sd_bus_message* answer) {
                                 return sd_bus_message_read(answer, "v", "t", &began);
                             });
    }
    if (asked) {
        asked = bus.property(unit, service_interface, "StatusText", text_to(seen.status));
    }
    if (!asked) {
        return asked.error();
    }
    seen.has_job = job != 0;
    seen.left_inactive = std::chrono::microseconds(began);
    return seen;
}

core::Result<void> start_unit(const std::string& unit, std::chrono::milliseconds within) {
    Conversation bus(within);
    const auto answer = bus.ask("/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager",
                                "StartUnit", "ss", unit.c_str(), "replace");
    return answer ? core::Result<void>() : answer.error();
}

}  // namespace systemd
