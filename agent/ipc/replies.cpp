// SPDX-License-Identifier: Apache-2.0
// One table of fields per struct feeds both directions. Decoding is strict: exactly the fields of
// the table, each of its own type and in its range. Texts are bytes (paths need not be UTF-8), and
// CBOR as nlohmann writes it keeps them.
#include "agent/ipc/replies.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <chrono>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

namespace agent {
namespace {

using nlohmann::json;

template <class Struct, class Member>
struct Field {
    const char* name;
    Member Struct::*member;
};
template <class Struct, class Member>
Field(const char*, Member Struct::*) -> Field<Struct, Member>;

template <class Struct>
inline constexpr int fields_of = 0;  // a struct without a table does not compile

template <>
inline constexpr std::tuple fields_of<core::MountEntry>{
    Field{"mount_point", &core::MountEntry::mount_point},
    Field{"device", &core::MountEntry::device},
    Field{"fstype", &core::MountEntry::fstype},
    Field{"source", &core::MountEntry::source},
    Field{"options", &core::MountEntry::options},
    Field{"super_options", &core::MountEntry::super_options},
    Field{"read_only", &core::MountEntry::read_only},
};

template <>
inline constexpr std::tuple fields_of<core::LinkFacts>{
    Field{"kind", &core::LinkFacts::kind},
    Field{"target", &core::LinkFacts::target},
    Field{"error", &core::LinkFacts::error},
};

template <>
inline constexpr std::tuple fields_of<core::ProcessFacts>{
    Field{"pid", &core::ProcessFacts::pid},
    Field{"exe", &core::ProcessFacts::exe},
    Field{"cwd", &core::ProcessFacts::cwd},
    Field{"start_ticks", &core::ProcessFacts::start_ticks},
    Field{"is_master", &core::ProcessFacts::is_master},
    Field{"holds_lock", &core::ProcessFacts::holds_lock},
    Field{"lock_inode", &core::ProcessFacts::lock_inode},
    Field{"lock_path", &core::ProcessFacts::lock_path},
    Field{"unit", &core::ProcessFacts::unit},
};

template <>
inline constexpr std::tuple fields_of<core::LockHolder>{
    Field{"pid", &core::LockHolder::pid},
    Field{"exe", &core::LockHolder::exe},
};

template <>
inline constexpr std::tuple fields_of<core::NfsTransport>{
    Field{"connects", &core::NfsTransport::connects},
    Field{"sends", &core::NfsTransport::sends},
    Field{"receives", &core::NfsTransport::receives},
    Field{"bad_xids", &core::NfsTransport::bad_xids},
    Field{"in_flight_sum", &core::NfsTransport::in_flight_sum},
    Field{"backlog_sum", &core::NfsTransport::backlog_sum},
};

template <>
inline constexpr std::tuple fields_of<core::NfsFacts>{
    Field{"figures", &core::NfsFacts::figures},
    Field{"errors_known", &core::NfsFacts::errors_known},
    Field{"age", &core::NfsFacts::age},
    Field{"bytes_read", &core::NfsFacts::bytes_read},
    Field{"bytes_written", &core::NfsFacts::bytes_written},
    Field{"transport", &core::NfsFacts::transport},
};

template <>
inline constexpr std::tuple fields_of<core::HostFacts>{
    Field{"mount", &core::HostFacts::mount},
    Field{"lease_expired", &core::HostFacts::lease_expired},
    Field{"nfs", &core::HostFacts::nfs},
    Field{"link", &core::HostFacts::link},
    Field{"user_data", &core::HostFacts::user_data},
    Field{"named", &core::HostFacts::named},
    Field{"masters", &core::HostFacts::masters},
    Field{"lock_holders", &core::HostFacts::lock_holders},
};

template <>
inline constexpr std::tuple fields_of<core::LockFacts>{
    Field{"state", &core::LockFacts::state},
    Field{"pid", &core::LockFacts::pid},
    Field{"error_number", &core::LockFacts::error_number},
    Field{"error", &core::LockFacts::error},
};

template <>
inline constexpr std::tuple fields_of<core::UnitFacts>{
    Field{"name", &core::UnitFacts::name},
    Field{"load_state", &core::UnitFacts::load_state},
    Field{"active_state", &core::UnitFacts::active_state},
    Field{"sub_state", &core::UnitFacts::sub_state},
    Field{"job", &core::UnitFacts::job},
    Field{"has_processes", &core::UnitFacts::has_processes},
};

template <>
inline constexpr std::tuple fields_of<core::SystemdFacts>{
    Field{"reachable", &core::SystemdFacts::reachable},
    Field{"error", &core::SystemdFacts::error},
    Field{"units", &core::SystemdFacts::units},
    Field{"settled", &core::SystemdFacts::settled},
};

template <>
inline constexpr std::tuple fields_of<core::QueueDirFacts>{
    Field{"kind", &core::QueueDirFacts::kind},
    Field{"error", &core::QueueDirFacts::error},
};

template <>
inline constexpr std::tuple fields_of<core::PidFileFacts>{
    Field{"kind", &core::PidFileFacts::kind},   Field{"pid", &core::PidFileFacts::pid},
    Field{"inode", &core::PidFileFacts::inode}, Field{"links", &core::PidFileFacts::links},
    Field{"text", &core::PidFileFacts::text},   Field{"error", &core::PidFileFacts::error},
};

template <>
inline constexpr std::tuple fields_of<core::OwnerRecord>{
    Field{"instance_id", &core::OwnerRecord::instance_id},
    Field{"boot_id", &core::OwnerRecord::boot_id},
    Field{"hostname", &core::OwnerRecord::hostname},
    Field{"nfs_client", &core::OwnerRecord::nfs_client},
    Field{"since", &core::OwnerRecord::since},
};

template <>
inline constexpr std::tuple fields_of<core::OwnershipFacts>{
    Field{"state", &core::OwnershipFacts::state},
    Field{"holder", &core::OwnershipFacts::holder},
    Field{"shared_with", &core::OwnershipFacts::shared_with},
    Field{"losses", &core::OwnershipFacts::losses},
    Field{"error", &core::OwnershipFacts::error},
};

template <>
inline constexpr std::tuple fields_of<core::MountFacts>{
    Field{"answer", &core::MountFacts::answer},
    Field{"error", &core::MountFacts::error},
    Field{"took_us", &core::MountFacts::took_us},
    Field{"queue_dir", &core::MountFacts::queue_dir},
    Field{"pid_file", &core::MountFacts::pid_file},
    Field{"ownership", &core::MountFacts::ownership},
};

template <>
inline constexpr std::tuple fields_of<core::Remedy>{
    Field{"advice", &core::Remedy::advice},
    Field{"commands", &core::Remedy::commands},
};

template <>
inline constexpr std::tuple fields_of<core::RelinkProgress>{
    Field{"state", &core::RelinkProgress::state},     Field{"text", &core::RelinkProgress::text},
    Field{"remedy", &core::RelinkProgress::remedy},   Field{"log", &core::RelinkProgress::log},
    Field{"changed", &core::RelinkProgress::changed}, Field{"more", &core::RelinkProgress::more},
};

template <>
inline constexpr std::tuple fields_of<MaillogOpened>{
    Field{"state", &MaillogOpened::state}, Field{"path", &MaillogOpened::path},
    Field{"error", &MaillogOpened::error}, Field{"device", &MaillogOpened::device},
    Field{"inode", &MaillogOpened::inode},
};

template <>
inline constexpr std::tuple fields_of<RelinkPlanReply>{
    Field{"steps", &RelinkPlanReply::steps},     Field{"notes", &RelinkPlanReply::notes},
    Field{"refusal", &RelinkPlanReply::refusal}, Field{"remedy", &RelinkPlanReply::remedy},
    Field{"waiting", &RelinkPlanReply::waiting}, Field{"only_claim", &RelinkPlanReply::only_claim},
};

template <>
inline constexpr std::tuple fields_of<IdentityFiles>{
    Field{"dmi_asset_tag", &IdentityFiles::dmi_asset_tag},
    Field{"remembered", &IdentityFiles::remembered},
    Field{"cloud_init", &IdentityFiles::cloud_init},
};

template <>
inline constexpr std::tuple fields_of<JournalRead>{
    Field{"state", &JournalRead::state},   Field{"error", &JournalRead::error},
    Field{"starts", &JournalRead::starts}, Field{"lines", &JournalRead::lines},
    Field{"more", &JournalRead::more},     Field{"position", &JournalRead::position},
};

template <>
inline constexpr std::tuple fields_of<core::TimePoint>{
    Field{"wall", &core::TimePoint::wall},
    Field{"boot", &core::TimePoint::boot},
};

template <>
inline constexpr std::tuple fields_of<core::QueueFigures>{
    Field{"messages", &core::QueueFigures::messages},
    Field{"bytes", &core::QueueFigures::bytes},
    Field{"bytes_sampled", &core::QueueFigures::bytes_sampled},
    Field{"ages_sampled", &core::QueueFigures::ages_sampled},
    Field{"age_sum", &core::QueueFigures::age_sum},
    Field{"ages", &core::QueueFigures::ages},
    Field{"oldest_arrival", &core::QueueFigures::oldest_arrival},
};

template <>
inline constexpr std::tuple fields_of<core::QueueCensus>{
    Field{"queues", &core::QueueCensus::queues},
    Field{"at", &core::QueueCensus::at},
    Field{"took", &core::QueueCensus::took},
    Field{"operations", &core::QueueCensus::operations},
    Field{"complete", &core::QueueCensus::complete},
    Field{"error", &core::QueueCensus::error},
};

template <>
inline constexpr std::tuple fields_of<CensusProgress>{
    Field{"operations", &CensusProgress::operations},
    Field{"pause", &CensusProgress::pause},
    Field{"census", &CensusProgress::census},
};

template <>
inline constexpr std::tuple fields_of<Nothing>{};

template <class Enum>
inline constexpr int last_of = 0;  // an enum without an entry does not compile
template <>
inline constexpr auto last_of<core::LinkFacts::Kind> = core::LinkFacts::Kind::unreadable;
template <>
inline constexpr auto last_of<core::UserData> = core::UserData::done;
template <>
inline constexpr auto last_of<core::QueueDirFacts::Kind> = core::QueueDirFacts::Kind::error;
template <>
inline constexpr auto last_of<core::PidFileFacts::Kind> = core::PidFileFacts::Kind::garbage;
template <>
inline constexpr auto last_of<core::LockFacts::State> = core::LockFacts::State::error;
template <>
inline constexpr auto last_of<JournalRead::State> = JournalRead::State::lost;
template <>
inline constexpr auto last_of<core::OwnershipFacts::State> = core::OwnershipFacts::State::error;
template <>
inline constexpr auto last_of<core::MountFacts::Answer> = core::MountFacts::Answer::not_mounted;
template <>
inline constexpr auto last_of<core::RelinkProgress::State> = core::RelinkProgress::State::failed;
template <>
inline constexpr auto last_of<MaillogOpened::State> = MaillogOpened::State::unreadable;

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;
template <class T>
inline constexpr bool is_vector = false;
template <class T>
inline constexpr bool is_vector<std::vector<T>> = true;
template <class T>
inline constexpr bool is_array = false;
template <class T, std::size_t size>
inline constexpr bool is_array<std::array<T, size>> = true;
template <class T>
inline constexpr bool is_milliseconds = std::is_same_v<T, std::chrono::milliseconds>;
template <class T>
inline constexpr bool is_time = std::is_same_v<T, core::WallTime>;

template <class T>
json write(const T& value) {
    if constexpr (std::is_arithmetic_v<T> || std::is_same_v<T, std::string>) {
        return value;
    } else if constexpr (is_milliseconds<T>) {
        return value.count();
    } else if constexpr (is_time<T>) {
        return value.time_since_epoch().count();
    } else if constexpr (std::is_enum_v<T>) {
        return static_cast<std::underlying_type_t<T>>(value);
    } else if constexpr (is_optional<T>) {
        return value ? write(*value) : json(nullptr);
    } else if constexpr (is_vector<T> || is_array<T>) {
        json list = json::array();
        for (const auto& item : value) {
            list.push_back(write(item));
        }
        return list;
    } else {
        json object = json::object();
        std::apply(
            [&](const auto&... field) {
                ((object[field.name] = write(value.*(field.member))), ...);
            },
            fields_of<T>);
        return object;
    }
}

template <class T>
bool read(const json& tree, T& value);

template <class T>
bool read_integer(const json& tree, T& value) {
    if (const auto* large = tree.get_ptr<const json::number_unsigned_t*>()) {
        value = static_cast<T>(*large);
        return std::in_range<T>(*large);
    }
    if (const auto* number = tree.get_ptr<const json::number_integer_t*>()) {
        value = static_cast<T>(*number);
        return std::in_range<T>(*number);
    }
    return false;
}

template <class T>
bool read_enum(const json& tree, T& value) {
    using Number = std::underlying_type_t<T>;
    Number number{};
    if (!read_integer(tree, number) || number < 0 || number > static_cast<Number>(last_of<T>)) {
        return false;
    }
    value = static_cast<T>(number);
    return true;
}

template <class List>
bool read_items(const json& tree, List& value) {
    for (std::size_t i = 0; i < value.size(); ++i) {
        if (!read(tree[i], value[i])) {
            return false;
        }
    }
    return true;
}

template <class T>
bool read_list(const json& tree, std::vector<T>& value) {
    if (!tree.is_array()) {
        return false;
    }
    value.resize(tree.size());
    return read_items(tree, value);
}

template <class T, std::size_t size>
bool read_list(const json& tree, std::array<T, size>& value) {
    return tree.is_array() && tree.size() == size && read_items(tree, value);
}

bool read_double(const json& tree, double& value) {
    const auto* number = tree.get_ptr<const json::number_float_t*>();
    if (number != nullptr) {
        value = *number;
    }
    return number != nullptr;
}

template <class T>
bool read_milliseconds(const json& tree, T& value) {
    std::int64_t count = 0;
    const bool found = read_integer(tree, count);
    value = T(std::chrono::milliseconds(count));
    return found;
}

template <class T>
bool read_object(const json& tree, T& value) {
    constexpr std::size_t count = std::tuple_size_v<std::remove_cvref_t<decltype(fields_of<T>)>>;
    if (!tree.is_object() || tree.size() != count) {
        return false;
    }
    const auto read_field = [&](const auto& field) {
        const auto found = tree.find(field.name);
        return found != tree.end() && read(*found, value.*(field.member));
    };
    return std::apply([&](const auto&... field) { return (read_field(field) && ...); },
                      fields_of<T>);
}

template <class T>
bool read(const json& tree, T& value) {
    if constexpr (std::is_same_v<T, bool> || std::is_same_v<T, std::string>) {
        const auto* found = tree.get_ptr<const T*>();
        if (found != nullptr) {
            value = *found;
        }
        return found != nullptr;
    } else if constexpr (std::is_integral_v<T>) {
        return read_integer(tree, value);
    } else if constexpr (std::is_enum_v<T>) {
        return read_enum(tree, value);
    } else if constexpr (is_optional<T>) {
        return tree.is_null() || read(tree, value.emplace());
    } else if constexpr (is_vector<T> || is_array<T>) {
        return read_list(tree, value);
    } else if constexpr (std::is_same_v<T, double>) {
        return read_double(tree, value);
    } else if constexpr (is_milliseconds<T> || is_time<T>) {
        return read_milliseconds(tree, value);
    } else {
        return read_object(tree, value);
    }
}

// nlohmann's CBOR reader recurses into every nested container, and making a tree throws at an
// absurd length even where exceptions are declined. So the bytes are walked once, to a bounded
// depth, before a tree is made of them: a length that the bytes do not bear out ends that walk.
class Bounds final : public json::json_sax_t {
   public:
    bool null() override { return true; }
    bool boolean(bool) override { return true; }
    bool number_integer(number_integer_t) override { return true; }
    bool number_unsigned(number_unsigned_t) override { return true; }
    bool number_float(number_float_t, const string_t&) override { return true; }
    bool string(string_t&) override { return true; }
    bool binary(binary_t&) override { return true; }
    bool key(string_t&) override { return true; }
    bool start_object(std::size_t) override { return enter(); }
    bool start_array(std::size_t) override { return enter(); }
    bool end_object() override { return leave(); }
    bool end_array() override { return leave(); }
    bool parse_error(std::size_t, const std::string&, const json::exception&) override {
        return false;
    }

   private:
    static constexpr int max_depth = 8;  // twice what the structs need

    bool enter() { return ++depth_ <= max_depth; }
    bool leave() {
        --depth_;
        return true;
    }

    int depth_ = 0;
};

}  // namespace

template <class T>
std::vector<std::uint8_t> encode(const T& reply) {
    return json::to_cbor(write(reply));
}

template <class T>
core::Result<T> decode(std::span<const std::uint8_t> bytes) {
    const core::Error malformed{
        core::Errc::malformed,
        "read a worker's reply: " + std::to_string(bytes.size()) +
            " bytes that are not what this version of the program writes; restart the agent"};
    Bounds bounds;
    if (!json::sax_parse(bytes.begin(), bytes.end(), &bounds, json::input_format_t::cbor)) {
        return malformed;
    }
    T reply;
    if (!read(json::from_cbor(bytes.begin(), bytes.end(), true, false), reply)) {
        return malformed;
    }
    return reply;
}

template std::vector<std::uint8_t> encode(const core::HostFacts&);
template std::vector<std::uint8_t> encode(const core::MountFacts&);
template std::vector<std::uint8_t> encode(const core::RelinkProgress&);
template std::vector<std::uint8_t> encode(const MaillogOpened&);
template std::vector<std::uint8_t> encode(const RelinkPlanReply&);
template std::vector<std::uint8_t> encode(const IdentityFiles&);
template std::vector<std::uint8_t> encode(const core::LockFacts&);
template std::vector<std::uint8_t> encode(const core::SystemdFacts&);
template std::vector<std::uint8_t> encode(const JournalRead&);
template std::vector<std::uint8_t> encode(const CensusProgress&);
template std::vector<std::uint8_t> encode(const Nothing&);
template core::Result<core::HostFacts> decode(std::span<const std::uint8_t>);
template core::Result<core::MountFacts> decode(std::span<const std::uint8_t>);
template core::Result<core::RelinkProgress> decode(std::span<const std::uint8_t>);
template core::Result<MaillogOpened> decode(std::span<const std::uint8_t>);
template core::Result<RelinkPlanReply> decode(std::span<const std::uint8_t>);
template core::Result<IdentityFiles> decode(std::span<const std::uint8_t>);
template core::Result<core::LockFacts> decode(std::span<const std::uint8_t>);
template core::Result<core::SystemdFacts> decode(std::span<const std::uint8_t>);
template core::Result<JournalRead> decode(std::span<const std::uint8_t>);
template core::Result<CensusProgress> decode(std::span<const std::uint8_t>);
template core::Result<Nothing> decode(std::span<const std::uint8_t>);

}  // namespace agent
