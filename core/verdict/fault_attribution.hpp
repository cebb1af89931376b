// SPDX-License-Identifier: Apache-2.0
// Attributes a fault of the mount to this instance, or to the file server, which all instances
// share. The server's answer over the network, not through the mount, decides
// (core/nfs/null_call.hpp).
//
// Why: a wrong `instance` in an outage replaces the whole fleet at once; a wrong `shared` keeps one
// broken instance out of rotation for settings.shared_fault.hold at most. So one silence outweighs
// later answers: the fault is shared for `reconnect_time` after it.
//
// Limits: a server that answers NULL while its storage is dead looks like a wedged client. A tunnel
// of this host that forwards nothing looks like a silent server. A restarted agent begins `hold`
// again.
#pragma once

#include "core/base/time.hpp"
#include "core/model/facts.hpp"
#include "core/model/settings.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string_view>

namespace core {

enum class MountFault {
    none,      ///< the mount works
    instance,  ///< this instance is broken
    shared,    ///< the file server is silent, or was a short time ago
    unknown,   ///< no answer yet; counts as shared for a short time
};

/// "none", "instance", "shared", "unknown".
[[nodiscard]] std::string_view to_string(MountFault fault) noexcept;

/// The deadline for the server's answer: mount.deadline, but at least a second, after which TCP
/// repeats a lost packet.
[[nodiscard]] inline Duration file_server_deadline(const Settings& settings) noexcept {
    return std::max(settings.mount.deadline, Duration(std::chrono::seconds(1)));
}

/// `failing`: the mount hangs or answers with I/O errors.
enum class MountCondition { works, failing };

/// The state of one fault, from the first observation that fails to the first that works. Keeps the
/// latest silence of the server beyond that, because an outage may have pauses.
class MountFaultTracker {
   public:
    /// The time that clients need after an outage: Linux waits up to 5 minutes between two attempts
    /// to connect (XS_TCP_MAX_REEST_TO of net/sunrpc/xprtsock.c; some kernels wait less), and a
    /// restarted NFSv4 server allows no open for its grace period of 90 s.
    static constexpr Duration reconnect_time = std::chrono::minutes(6);

    /// To be called in each round, and after each answer of the server. Reads only mount_worked and
    /// file_server of `facts`, and ignores answers from before the fault. The first that applies:
    ///   none:     the mount works
    ///   instance: the mount never worked in this boot
    ///   shared:   a silence (or a refusal by another host) less than reconnect_time ago, also one
    ///             of an earlier fault
    ///   instance: any other answer; not_asked is none
    ///   unknown:  no answer yet, for two file_server_deadline(); then instance
    MountFault observe(MountCondition condition, const Facts& facts, const Settings& settings,
                       TimePoint now);

    [[nodiscard]] MountFault fault() const noexcept { return fault_; }

    /// Whether the fault is no reason to replace this instance: it is shared or unknown, and
    /// younger than settings.shared_fault.hold.
    [[nodiscard]] bool is_excused() const noexcept { return excused_; }

    /// When fault() took its present value; absent before the first observation.
    [[nodiscard]] std::optional<TimePoint> since() const noexcept { return since_; }

    /// When the fault began; absent while there is none.
    [[nodiscard]] std::optional<TimePoint> began() const noexcept { return began_; }

   private:
    [[nodiscard]] MountFault attribute(const Facts& facts, const Settings& settings,
                                       TimePoint now) const;
    void remember(const Observed<FileServerFacts>& server);

    MountFault fault_ = MountFault::none;
    std::optional<TimePoint> since_;
    std::optional<TimePoint> began_;
    bool excused_ = false;
    std::optional<BootTime> silent_at_;  ///< the latest silence of this fault or one before
    bool answered_ = false;              ///< the server answered in this fault, or was silent
};

/// Whether to ask the server now, given its latest answer: at once when a fault begins; then every
/// 15 s (shared, unknown) or 30 s (instance), and 1 s after a failure of this host to ask; never
/// without a fault. Through a tunnel of this host every 60 s: efs-proxy serves one connection at a
/// time, and ours may block the kernel's for 14 s. The caller ensures that no request is pending.
[[nodiscard]] bool ask_is_due(const MountFaultTracker& tracker,
                              const Observed<FileServerFacts>& latest, TimePoint now);

}  // namespace core
