// SPDX-License-Identifier: Apache-2.0
#include "systemd/units.hpp"

#include "core/base/result.hpp"
#include "systemd/bus_handles.hpp"
#include "systemd/monotonic.hpp"
#include "systemd/unit_list.hpp"

#include <systemd/sd-bus.h>

#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace systemd {
namespace {

using std::chrono::milliseconds;

constexpr const char* systemd_name = "org.freedesktop.systemd1";
constexpr const char* manager_path = "/org/freedesktop/systemd1";
constexpr const char* manager = "org.freedesktop.systemd1.Manager";
constexpr int max_messages = 64;  // taken in one call

// How a signal of the manager begins before the name of the unit that it is of.
struct ManagerSignal {
    const char* member;
    const char* before_name;
};
constexpr std::array unit_signals{
    ManagerSignal{"JobNew", "uo"},
    ManagerSignal{"JobRemoved", "uo"},
    ManagerSignal{"UnitNew", ""},
    ManagerSignal{"UnitRemoved", ""},
};

constexpr const char* owner_of_systemd_changed =
    "type='signal',sender='org.freedesktop.DBus',path='/org/freedesktop/"
    "DBus',interface='org.freedesktop.DBus',"
    "member='NameOwnerChanged',arg0='org.freedesktop.systemd1'";

std::uint64_t after(milliseconds span) {
    return monotonic_now() + static_cast<std::uint64_t>(std::chrono::microseconds(span).count());
}

}  // namespace

class Units::Client {
   public:
    explicit Client(UnitsLimits limits) : limits_(limits), retry_(limits.first_retry) {}

    [[nodiscard]] const core::SystemdFacts& facts() const { return facts_; }
    [[nodiscard]] bool is_settled() const { return !question_ && !outdated_; }
    void ask();
    void ask_again();
    void process();
    [[nodiscard]] pollfd descriptor() const;
    [[nodiscard]] int timeout_ms() const;

   private:
    using Taker = void (Client::*)(sd_bus_message*);
    // libsystemd passes the client back as user data.
    template <Taker taker>
    static int call(sd_bus_message* message, void* client, sd_bus_error* /*error*/) {
        (static_cast<Client*>(client)->*taker)(message);
        return 0;
    }

    void connect();
    void watch_signals();
    void watch_units();
    void subscribe();
    void changed();
    void ask_list();
    void ask_missing_type();
    void send_question(Message question, sd_bus_message_handler_t taker);
    [[nodiscard]] Message new_call(const char* path, const char* interface, const char* member);

    void take_list(sd_bus_message* answer);
    void take_type(sd_bus_message* answer);
    void take_unit_signal(sd_bus_message* signal);
    void take_reloading(sd_bus_message* signal);
    void take_properties(sd_bus_message* /*signal*/) { changed(); }
    void take_owner(sd_bus_message* signal);

    void publish();
    void not_reachable(std::string error);
    void refused(sd_bus_message* answer);
    void drop_bus(int result);
    [[nodiscard]] std::uint64_t next_retry();
    void keep(int result) { failure_ = failure_ < 0 ? failure_ : result; }

    UnitsLimits limits_;
    core::SystemdFacts facts_;
    Bus bus_;
    Slot question_;                        ///< in flight: the list, or the type of a unit of it
    std::map<std::string, Slot> watched_;  ///< PropertiesChanged of each unit, by its path
    std::vector<ListedUnit> listed_;  ///< the latest list; published when all its types are known
    std::map<std::string, std::string>
        types_;              ///< Type= by name, since systemd last read its files
    bool outdated_ = false;  ///< something changed since the question was asked
    int failure_ = 0;        ///< of a call of libsystemd; the bus is given up after the callbacks
    std::uint64_t answered_at_ = 0;
    std::uint64_t overdue_at_ = UINT64_MAX;
    std::uint64_t connect_at_ = 0;
    std::uint64_t ask_at_ = UINT64_MAX;
    milliseconds retry_;
};

void Units::Client::process() {
    if (!bus_ && monotonic_now() >= connect_at_) {
        connect();
    }
    for (int i = 0; bus_ && i < max_messages && failure_ >= 0; ++i) {
        const int result = sd_bus_process(bus_.get(), nullptr);
        keep(std::min(result, 0));
        if (result == 0) {
            break;
        }
    }
    if (failure_ < 0) {
        return drop_bus(std::exchange(failure_, 0));
    }
    if (bus_ && !question_ && monotonic_now() >= ask_at_) {
        ask_list();
    }
    if (monotonic_now() >= overdue_at_) {
        overdue_at_ = UINT64_MAX;
        not_reachable("systemd does not answer on the system bus");
    }
}

// Does not wait: libsystemd queues messages until the bus has accepted the connection.
void Units::Client::connect() {
    sd_bus* opened = nullptr;
    const int result = sd_bus_open_system(&opened);
    bus_.reset(opened);
    keep(std::min(result, 0));
    if (result >= 0) {
        watch_signals();
        subscribe();
        ask_list();
    }
}

void Units::Client::watch_signals() {
    const auto watch = [this](const char* member, sd_bus_message_handler_t taker) {
        keep(std::min(0, sd_bus_match_signal_async(bus_.get(), nullptr, systemd_name, manager_path,
                                                   manager, member, taker, nullptr, this)));
    };
    for (const ManagerSignal& signal : unit_signals) {
        watch(signal.member, &call<&Client::take_unit_signal>);
    }
    watch("Reloading", &call<&Client::take_reloading>);
    keep(std::min(0, sd_bus_add_match_async(bus_.get(), nullptr, owner_of_systemd_changed,
                                            &call<&Client::take_owner>, nullptr, this)));
}

// Without it systemd sends no signals. A refusal (subscribed already) changes nothing.
void Units::Client::subscribe() {
    const Message message = new_call(manager_path, manager, "Subscribe");
    if (message) {
        keep(std::min(0,
                      sd_bus_call_async(bus_.get(), nullptr, message.get(), nullptr, nullptr, 0)));
    }
}

Message Units::Client::new_call(const char* path, const char* interface, const char* member) {
    sd_bus_message* message = nullptr;
    keep(std::min(0, sd_bus_message_new_method_call(bus_.get(), &message, systemd_name, path,
                                                    interface, member)));
    if (message != nullptr) {
        sd_bus_message_set_auto_start(message, 0);
    }
    return Message(message);
}

void Units::Client::changed() {
    if (question_) {
        outdated_ = true;
    } else {
        ask_list();
    }
}

void Units::Client::ask() {
    const auto silence =
        static_cast<std::uint64_t>(std::chrono::microseconds(limits_.silence).count());
    if (bus_ && !question_ && ask_at_ == UINT64_MAX && monotonic_now() - answered_at_ >= silence) {
        ask_list();
    }
}

void Units::Client::ask_again() {
    if (bus_ && ask_at_ == UINT64_MAX) {
        changed();
    }
}

void Units::Client::ask_list() {
    outdated_ = false;
    ask_at_ = UINT64_MAX;
    Message question = new_call(manager_path, manager, "ListUnitsByPatterns");
    if (question) {
        keep(std::min(0, sd_bus_message_append(question.get(), "asas", 0, 2, "postfix.service",
                                               "postfix@*.service")));
        send_question(std::move(question), &call<&Client::take_list>);
    }
}

void Units::Client::ask_missing_type() {
    const auto missing =
        std::find_if(listed_.begin(), listed_.end(),
                     [this](const ListedUnit& unit) { return !types_.contains(unit.facts.name); });
    if (missing == listed_.end()) {
        return publish();
    }
    Message question = new_call(missing->path.c_str(), "org.freedesktop.DBus.Properties", "Get");
    if (question) {
        keep(std::min(0, sd_bus_message_append(question.get(), "ss",
                                               "org.freedesktop.systemd1.Service", "Type")));
        send_question(std::move(question), &call<&Client::take_type>);
    }
}

// Without a timeout: a hung systemd has one outstanding request, and its late reply shows that it
// is back.
void Units::Client::send_question(Message question, sd_bus_message_handler_t taker) {
    sd_bus_slot* slot = nullptr;
    keep(
        std::min(0, sd_bus_call_async(bus_.get(), &slot, question.get(), taker, this, UINT64_MAX)));
    question_.reset(slot);
    overdue_at_ = after(limits_.answer);
}

void Units::Client::take_list(sd_bus_message* answer) {
    question_.reset();
    if (sd_bus_message_is_method_error(answer, nullptr) > 0) {
        return refused(answer);
    }
    auto list = read_unit_list(answer);
    if (!list) {
        return keep(-EBADMSG);
    }
    listed_ = std::move(*list);
    watch_units();
    ask_missing_type();
}

// A change between the list and the watch is found by one more request.
void Units::Client::watch_units() {
    std::map<std::string, Slot> watched;
    for (const ListedUnit& unit : listed_) {
        if (auto known = watched_.extract(unit.path)) {
            watched.insert(std::move(known));
            continue;
        }
        sd_bus_slot* slot = nullptr;
        keep(std::min(
            0, sd_bus_match_signal_async(bus_.get(), &slot, systemd_name, unit.path.c_str(),
                                         "org.freedesktop.DBus.Properties", "PropertiesChanged",
                                         &call<&Client::take_properties>, nullptr, this)));
        watched.emplace(unit.path, slot);
        outdated_ = true;
    }
    watched_ = std::move(watched);
}

// A unit that was unloaded meanwhile has no type; the next list is without it.
void Units::Client::take_type(sd_bus_message* answer) {
    question_.reset();
    const auto missing =
        std::find_if(listed_.begin(), listed_.end(),
                     [this](const ListedUnit& unit) { return !types_.contains(unit.facts.name); });
    if (missing != listed_.end()) {
        const char* type = "";
        static_cast<void>(sd_bus_message_read(answer, "v", "s", &type));
        types_[missing->facts.name] = type;
    }
    ask_missing_type();
}

void Units::Client::publish() {
    facts_.reachable = true;
    facts_.error.clear();
    facts_.units.clear();
    for (const ListedUnit& unit : listed_) {
        facts_.units.push_back(unit.facts);
        facts_.units.back().has_processes =
            types_[unit.facts.name] != "oneshot" && unit.facts.sub_state != "exited";
    }
    answered_at_ = monotonic_now();
    overdue_at_ = UINT64_MAX;
    retry_ = limits_.first_retry;
    if (outdated_) {
        ask_list();
    }
}

void Units::Client::take_unit_signal(sd_bus_message* signal) {
    const auto* const known =
        std::find_if(unit_signals.begin(), unit_signals.end(), [signal](const ManagerSignal& s) {
            return sd_bus_message_is_signal(signal, manager, s.member) > 0;
        });
    const char* name = nullptr;
    if (known != unit_signals.end() && sd_bus_message_skip(signal, known->before_name) >= 0 &&
        sd_bus_message_read(signal, "s", &name) > 0 && runs_postfix(name)) {
        changed();
    }
}

// A request during a reload is answered after it.
void Units::Client::take_reloading(sd_bus_message* signal) {
    int begins = 0;
    if (sd_bus_message_read(signal, "b", &begins) > 0 && begins == 0) {
        types_.clear();
        changed();
    }
}

// systemd re-executes itself on an upgrade and on `systemctl daemon-reexec`, and then does not
// reply to earlier requests.
void Units::Client::take_owner(sd_bus_message* signal) {
    const char* name = nullptr;
    const char* before = nullptr;
    const char* now = nullptr;
    if (sd_bus_message_read(signal, "sss", &name, &before, &now) <= 0) {
        return;
    }
    question_.reset();
    overdue_at_ = UINT64_MAX;
    if (std::string_view(now).empty()) {
        return not_reachable("systemd has left the system bus");
    }
    types_.clear();
    subscribe();
    ask_list();
}

void Units::Client::not_reachable(std::string error) {
    facts_.reachable = false;
    facts_.error = std::move(error);
}

void Units::Client::refused(sd_bus_message* answer) {
    const sd_bus_error* const error = sd_bus_message_get_error(answer);
    not_reachable("ask systemd on the system bus: " +
                  printable_text(error->message != nullptr ? error->message : error->name));
    overdue_at_ = UINT64_MAX;
    ask_at_ = next_retry();
}

void Units::Client::drop_bus(int result) {
    question_.reset();
    watched_.clear();
    bus_.reset();
    outdated_ = false;
    overdue_at_ = ask_at_ = UINT64_MAX;
    connect_at_ = next_retry();
    not_reachable(core::system_error(-result, "speak with", "the system bus").message);
}

std::uint64_t Units::Client::next_retry() {
    const std::uint64_t at = after(retry_);
    retry_ = std::min(2 * retry_, limits_.last_retry);
    return at;
}

pollfd Units::Client::descriptor() const {
    if (!bus_) {
        return {-1, 0, 0};
    }
    const int events = sd_bus_get_events(bus_.get());
    return {sd_bus_get_fd(bus_.get()), static_cast<short>(std::max(events, 0)), 0};
}

int Units::Client::timeout_ms() const {
    std::uint64_t until = std::min(overdue_at_, ask_at_);
    if (!bus_) {
        return timeout_until(std::min(until, connect_at_));
    }
    std::uint64_t of_bus = UINT64_MAX;
    if (sd_bus_get_timeout(bus_.get(), &of_bus) > 0) {
        until = std::min(until, of_bus);
    }
    return timeout_until(until);
}

Units::Units(UnitsLimits limits) : client_(std::make_unique<Client>(limits)) {
}
Units::~Units() = default;

const core::SystemdFacts& Units::facts() const {
    return client_->facts();
}
bool Units::is_settled() const {
    return client_->is_settled();
}
void Units::ask() {
    client_->ask();
}
void Units::ask_again() {
    client_->ask_again();
}
pollfd Units::descriptor() const {
    return client_->descriptor();
}
int Units::timeout_ms() const {
    return client_->timeout_ms();
}
void Units::process() {
    client_->process();
}

}  // namespace systemd
