// SPDX-License-Identifier: Apache-2.0
// Whose fault it is that the mount does not work: this instance's, or the file server's, which all
// instances share.
//
// One question decides, put to the server over the network and without the mount
// (core/nfs/null_call.hpp). A wrong `instance` in an outage ends the whole fleet at once; a wrong
// `shared` keeps one broken instance for a while, out of rotation by /readyz, and no longer than
// settings.shared_fault.hold. So one sign of silence weighs more than many answers: for
// `reconnect_time` after it the fault is shared, whatever is answered in between, and a single lost
// packet costs a wedged instance that time and no more.
//
// Known limits. A server that answers NULL while its storage is dead looks like a wedged client. A
// tunnel of this host that lives and passes nothing on looks like a silent server. An agent that is
// started again counts `hold` anew.
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
    shared,    ///< the file server is, or was until a moment ago
    unknown,   ///< not told yet; to be treated as shared, and bounded by the tracker
};

/// "none", "instance", "shared", "unknown".
[[nodiscard]] std::string_view to_string(MountFault fault) noexcept;

/// How long the server may take to answer: mount.deadline, and not less than a second, after which
/// TCP sends a lost packet again.
[[nodiscard]] inline Duration file_server_deadline(const Settings& settings) noexcept {
    return std::max(settings.mount.deadline, Duration(std::chrono::seconds(1)));
}

/// Whether the mount hangs or answers with I/O errors, as the caller sees it.
enum class MountCondition { works, failing };

/// The memory of one fault, which begins with the first observation that fails and ends with the
/// first that works; a silence of the server is remembered beyond that, for an outage may come in
/// fits.
class MountFaultTracker {
   public:
    /// Clients need time after an outage: Linux waits up to 5 minutes between two attempts to
    /// connect (XS_TCP_MAX_REEST_TO of net/sunrpc/xprtsock.c; kernels without it wait less), and an
    /// NFSv4 server that restarted lets nothing be opened for its grace period, 90 s.
    static constexpr Duration reconnect_time = std::chrono::minutes(6);

    /// Feeds what is known now; to be called in each round and whenever the server's answer has
    /// come. Of `facts` only mount_worked and file_server count; what was answered before the fault
    /// began does not. In this order:
    ///   the mount works: none
    ///   the mount never worked in this boot: instance
    ///   silent, or refused by another host, less than reconnect_time ago, in this fault or one
    ///   before: shared any other answer (not_asked is none): instance no answer yet: unknown for
    ///   two file_server_deadline(), then instance
    MountFault observe(MountCondition condition, const Facts& facts, const Settings& settings,
                       TimePoint now);

    [[nodiscard]] MountFault fault() const noexcept { return fault_; }

    /// Whether the fault is no reason to replace this instance: it is not known to be its own, and
    /// it has lasted for less than settings.shared_fault.hold.
    [[nodiscard]] bool is_excused() const noexcept { return excused_; }

    /// Since when fault() is what it is; absent before the first observation.
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
    bool answered_ = false;              ///< anything was answered in this fault
};

/// Whether the server is to be asked, given its latest answer: at once when a fault begins; again
/// 15 s after the answer while the fault is shared or unknown, 30 s while it is the instance's, 1 s
/// where this host could not ask; never while there is none. Through a tunnel of this host every 60
/// s: efs-proxy serves one connection at a time, and one of ours that it takes for the kernel's may
/// occupy it for 14 s. That no other question is under way is for the caller to see to.
[[nodiscard]] bool ask_is_due(const MountFaultTracker& tracker,
                              const Observed<FileServerFacts>& latest, TimePoint now);

}  // namespace core
