// SPDX-License-Identifier: Apache-2.0
// What the unprivileged server may request of a worker: an operation of a closed set and a few
// numbers. No path and no command. Of variable length are only the instance id, which the worker
// validates again, and a text, which is a journal cursor or is stored as data. A compromised server
// gets nothing from a worker that an honest one would not get.
#pragma once

#include "agent/ipc/replies.hpp"
#include "agent/ipc/worker_kind.hpp"
#include "core/base/result.hpp"
#include "core/model/facts.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace agent {

enum class Operation : std::uint32_t {
    observe_host = 1,      ///< uses pid, and inode: of the pid file
    open_maillog = 2,      ///< with a descriptor, unless (device, inode) is already the file there
    open_old_maillog = 3,  ///< with a descriptor of the latest rotated, uncompressed file
    read_identity = 4,

    probe_mount = 16,
    plan_relink = 17,      ///< writes nothing
    continue_relink = 18,  ///< one slice of work
    ask_lock = 19,
    write_last_words = 20,  ///< uses text
    begin_census = 21,      ///< one slice of work; drops a census that is under way
    continue_census = 22,

    observe_systemd = 32,  ///< never waits for systemd
    ask_systemd = 33,      ///< likewise, and queries systemd again: observe until settled
    read_journal = 34,     ///< one slice; uses text: a JournalPosition
};

enum class NeedsId { no, yes };

/// One row per operation: its worker, whether it needs the instance id, and its reply. A worker's
/// table of handlers (agent/worker/request_handler.hpp) and the client follow from it.
template <Operation of, WorkerKind by, NeedsId id, class ReplyType>
struct OperationRow {
    static constexpr Operation operation = of;
    static constexpr WorkerKind worker = by;
    static constexpr NeedsId needs_id = id;
    using Reply = ReplyType;
};

struct OperationInfo {
    Operation operation;
    WorkerKind worker;
    NeedsId needs_id;
};

template <class... Rows>
struct OperationTable : Rows... {
    static constexpr std::array<OperationInfo, sizeof...(Rows)> rows{
        OperationInfo{Rows::operation, Rows::worker, Rows::needs_id}...};
};

using Operations = OperationTable<
    OperationRow<Operation::observe_host, WorkerKind::host, NeedsId::no, core::HostFacts>,
    OperationRow<Operation::open_maillog, WorkerKind::host, NeedsId::no, MaillogOpened>,
    OperationRow<Operation::open_old_maillog, WorkerKind::host, NeedsId::no, MaillogOpened>,
    OperationRow<Operation::read_identity, WorkerKind::host, NeedsId::no, IdentityFiles>,
    OperationRow<Operation::probe_mount, WorkerKind::mount, NeedsId::no, core::MountFacts>,
    OperationRow<Operation::plan_relink, WorkerKind::mount, NeedsId::yes, RelinkPlanReply>,
    OperationRow<Operation::continue_relink, WorkerKind::mount, NeedsId::yes, core::RelinkProgress>,
    OperationRow<Operation::ask_lock, WorkerKind::mount, NeedsId::yes, core::LockFacts>,
    OperationRow<Operation::write_last_words, WorkerKind::mount, NeedsId::yes, Nothing>,
    OperationRow<Operation::begin_census, WorkerKind::mount, NeedsId::yes, CensusProgress>,
    OperationRow<Operation::continue_census, WorkerKind::mount, NeedsId::yes, CensusProgress>,
    OperationRow<Operation::observe_systemd, WorkerKind::systemd, NeedsId::no, core::SystemdFacts>,
    OperationRow<Operation::ask_systemd, WorkerKind::systemd, NeedsId::no, core::SystemdFacts>,
    OperationRow<Operation::read_journal, WorkerKind::systemd, NeedsId::no, JournalRead>>;

template <Operation operation, WorkerKind worker, NeedsId id, class Reply>
OperationRow<operation, worker, id, Reply> row_of(
    const OperationRow<operation, worker, id, Reply>&);

/// The type of an operation's reply.
template <Operation operation>
using ReplyTo = typename decltype(row_of<operation>(Operations()))::Reply;

/// nullptr: no such operation.
[[nodiscard]] const OperationInfo* find_operation(Operation operation) noexcept;

inline constexpr std::size_t max_id_length = 255;
inline constexpr std::size_t max_text_length = 4096;

struct Request {
    std::uint32_t sequence = 0;  ///< copied to the reply: a late reply is recognised by it
    Operation operation{};
    std::int32_t pid = 0;
    std::uint32_t id_length = 0;
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::uint64_t text_length = 0;
    std::array<char, max_id_length + 1> id{};
    std::array<char, max_text_length> text{};

    [[nodiscard]] std::string_view instance_id() const { return {id.data(), id_length}; }
    [[nodiscard]] std::string_view text_view() const { return {text.data(), text_length}; }
    void set_text(std::string_view value);  ///< cut at max_text_length
};

/// A request whose reply is known by its type.
template <class ReplyType>
struct RequestFor : Request {
    using Reply = ReplyType;
};

/// A request for an operation, about this instance.
[[nodiscard]] Request make_request(Operation operation, std::string_view instance_id = {});

template <Operation operation>
[[nodiscard]] RequestFor<ReplyTo<operation>> make_request(std::string_view instance_id = {}) {
    return {make_request(operation, instance_id)};
}

/// The bytes of the struct in memory: both ends are one program. Valid as long as the request.
[[nodiscard]] std::span<const std::uint8_t> encode_request(const Request& request);

/// The worker's side: checks size, operation, pid, id and text first. The id must be a literal that
/// core::validate_literal_id accepts; it may be empty unless the operation needs it. The text must
/// hold no control characters. Error: malformed.
[[nodiscard]] core::Result<Request> decode_request(std::span<const std::uint8_t> bytes);

}  // namespace agent
