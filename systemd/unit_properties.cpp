// SPDX-License-Identifier: Apache-2.0
// Sends the requests for all units at once, so that one deadline holds for all. A blocking call
// would wait as long as libsystemd's own timeout.
#include "systemd/unit_properties.hpp"

#include "core/base/printable.hpp"
#include "systemd/bus_handles.hpp"
#include "systemd/monotonic.hpp"

#include <systemd/sd-bus.h>

#include <cerrno>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <string_view>

namespace systemd {
namespace {

using core::UnitProperties;

constexpr std::size_t longest_text = 300;

std::string printable(const char* text) {
    return core::printable(text == nullptr ? "" : text, longest_text);
}

// Each reader takes one value, inside the variant, off the message.
int read(sd_bus_message* message, std::string& text) {
    const char* value = nullptr;
    const int result = sd_bus_message_read_basic(message, 's', &value);
    text = printable(value);
    return result;
}

int read(sd_bus_message* message, bool& flag) {
    int value = 0;
    const int result = sd_bus_message_read_basic(message, 'b', &value);
    flag = value != 0;
    return result;
}

int read(sd_bus_message* message, std::uint64_t& number) {
    return sd_bus_message_read_basic(message, 't', &number);
}

int read(sd_bus_message* message, std::vector<std::string>& list) {
    int result = sd_bus_message_enter_container(message, 'a', "s");
    const char* value = nullptr;
    while (result >= 0 && (result = sd_bus_message_read_basic(message, 's', &value)) > 0) {
        list.push_back(printable(value));
    }
    return result < 0 ? result : sd_bus_message_exit_container(message);
}

// a(sasbttttuii): path, argv, whether a failure is ignored, and what became of the latest run.
int read(sd_bus_message* message, std::vector<core::UnitCommand>& commands) {
    int result = sd_bus_message_enter_container(message, 'a', "(sasbttttuii)");
    while (result >= 0 &&
           (result = sd_bus_message_enter_container(message, 'r', "sasbttttuii")) > 0) {
        core::UnitCommand command;
        const char* path = nullptr;
        result = sd_bus_message_read_basic(message, 's', &path);
        result = result < 0 ? result : read(message, command.words);
        result = result < 0 ? result : read(message, command.failure_ignored);
        result = result < 0 ? result : sd_bus_message_skip(message, "ttttuii");
        result = result < 0 ? result : sd_bus_message_exit_container(message);
        if (command.words.empty()) {
            command.words.emplace_back();
        }
        command.words.front() = printable(path);  // argv[0] may be anything
        commands.push_back(std::move(command));
    }
    return result < 0 ? result : sd_bus_message_exit_container(message);
}

// Listen= of a socket: a(ss), kind and address.
int read_addresses(sd_bus_message* message, UnitProperties& unit) {
    int result = sd_bus_message_enter_container(message, 'a', "(ss)");
    const char* kind = nullptr;
    const char* address = nullptr;
    while (result >= 0 && (result = sd_bus_message_read(message, "(ss)", &kind, &address)) > 0) {
        unit.listens.push_back(printable(address));
    }
    return result < 0 ? result : sd_bus_message_exit_container(message);
}

struct Property {
    const char* signature;
    std::function<int(sd_bus_message*, UnitProperties&)> read;
};

template <class Member>
Property into(const char* signature, Member UnitProperties::*member) {
    return {signature, [member](sd_bus_message* message, UnitProperties& unit) {
                return read(message, unit.*member);
            }};
}

const std::map<std::string_view, Property>& properties() {
    static const std::map<std::string_view, Property> table{
        {"LoadState", into("s", &UnitProperties::load_state)},
        {"ActiveState", into("s", &UnitProperties::active_state)},
        {"SubState", into("s", &UnitProperties::sub_state)},
        {"UnitFileState", into("s", &UnitProperties::unit_file_state)},
        {"Type", into("s", &UnitProperties::type)},
        {"StatusText", into("s", &UnitProperties::status_text)},
        {"PIDFile", into("s", &UnitProperties::pid_file)},
        {"After", into("as", &UnitProperties::after)},
        {"Requires", into("as", &UnitProperties::required)},
        {"Requisite", into("as", &UnitProperties::required)},
        {"BindsTo", into("as", &UnitProperties::required)},
        {"RequiresMountsFor", into("as", &UnitProperties::mounts_required)},
        {"ExecCondition", into("a(sasbttttuii)", &UnitProperties::before_start)},
        {"ExecStartPre", into("a(sasbttttuii)", &UnitProperties::before_start)},
        {"Listen", {"a(ss)", read_addresses}},
        {"DefaultDependencies", into("b", &UnitProperties::default_dependencies)},
        {"NeedDaemonReload", into("b", &UnitProperties::needs_daemon_reload)},
        {"TimeoutStartUSec", into("t", &UnitProperties::start_timeout_us)},
        {"ActiveEnterTimestamp", into("t", &UnitProperties::active_since_us)},
        {"ActiveEnterTimestampMonotonic", into("t", &UnitProperties::active_since_monotonic_us)},
    };
    return table;
}

// One of a{sv}: a property of another name, or of a type that is not known here, is passed over.
int read_property(sd_bus_message* message, UnitProperties& unit) {
    const char* name = nullptr;
    const char* signature = nullptr;
    int result = sd_bus_message_read_basic(message, 's', &name);
    result = result < 0 ? result : sd_bus_message_peek_type(message, nullptr, &signature);
    if (result < 0) {
        return result;
    }
    const auto property = properties().find(name);
    if (property == properties().end() ||
        std::string_view(property->second.signature) != signature) {
        return sd_bus_message_skip(message, "v");
    }
    result = sd_bus_message_enter_container(message, 'v', property->second.signature);
    result = result < 0 ? result : property->second.read(message, unit);
    return result < 0 ? result : sd_bus_message_exit_container(message);
}

int read_all(sd_bus_message* message, UnitProperties& unit) {
    int result = sd_bus_message_enter_container(message, 'a', "{sv}");
    while (result >= 0 && (result = sd_bus_message_enter_container(message, 'e', "sv")) > 0) {
        result = read_property(message, unit);
        result = result < 0 ? result : sd_bus_message_exit_container(message);
    }
    return result < 0 ? result : sd_bus_message_exit_container(message);
}

struct Asked {
    UnitProperties unit;
    std::size_t* left = nullptr;
    std::string* error = nullptr;
};

int take_answer(sd_bus_message* message, void* data, sd_bus_error* /*error*/) {
    auto& asked = *static_cast<Asked*>(data);
    --*asked.left;
    if (const sd_bus_error* error = sd_bus_message_get_error(message); error != nullptr) {
        *asked.error = printable(error->message != nullptr ? error->message : error->name);
    } else if (read_all(message, asked.unit) < 0) {
        *asked.error = "the reply about " + asked.unit.name + " has an unknown form";
    }
    return 0;
}

core::Error unavailable(const std::string& why) {
    return {core::Errc::unavailable, "systemd cannot be asked over the system bus: " + why};
}

core::Error failed(int result) {
    return unavailable(core::system_error(-result, "speak to", "the bus").message);
}

int ask(sd_bus* bus, Asked& asked) {
    char* path = nullptr;
    int result =
        sd_bus_path_encode("/org/freedesktop/systemd1/unit", asked.unit.name.c_str(), &path);
    const std::unique_ptr<char, void (*)(void*)> owned(path, std::free);
    if (result >= 0) {
        result = sd_bus_call_method_async(bus, nullptr, "org.freedesktop.systemd1", path,
                                          "org.freedesktop.DBus.Properties", "GetAll", take_answer,
                                          &asked, "s", "");
    }
    return result;
}

}  // namespace

core::Result<std::vector<UnitProperties>> read_units(const std::vector<std::string>& names,
                                                     std::chrono::milliseconds patience) {
    const std::uint64_t deadline =
        monotonic_now() + static_cast<std::uint64_t>(std::chrono::microseconds(patience).count());
    std::size_t left = names.size();
    std::string error;
    std::vector<Asked> asked(names.size());  // outlives the bus, whose callbacks point to it
    sd_bus* opened = nullptr;
    int result = sd_bus_open_system(&opened);
    const Bus bus(opened);
    for (std::size_t i = 0; result >= 0 && i < names.size(); ++i) {
        asked[i].unit.name = names[i];
        asked[i].left = &left;
        asked[i].error = &error;
        result = ask(bus.get(), asked[i]);
    }
    while (result >= 0 && left > 0 && error.empty()) {
        result = sd_bus_process(bus.get(), nullptr);
        if (result == 0) {
            const std::uint64_t now = monotonic_now();
            if (now >= deadline) {
                return core::Error{core::Errc::timed_out,
                                   "systemd does not answer on the system bus"};
            }
            result = sd_bus_wait(bus.get(), deadline - now);
        }
    }
    if (result < 0) {
        return failed(result);
    }
    if (!error.empty()) {
        return unavailable(error);
    }
    std::vector<UnitProperties> units;
    for (Asked& one : asked) {
        units.push_back(std::move(one.unit));
    }
    return units;
}

}  // namespace systemd
