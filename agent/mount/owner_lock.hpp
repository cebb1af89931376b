// SPDX-License-Identifier: Apache-2.0
// This host's lock on its own id: a write lock on <mount>/.postfix-elb-agent/owners/<id>, held for
// as long as this object lives, and the name of the owner in the file.
//
// An open file description lock (F_OFD_SETLK, fcntl(2)): over NFSv4 the server's lock manager
// arbitrates, on a local file system the kernel. It does not fence: a client that was cut off and
// lost its lease learns of it here, because its descriptor then answers EIO for ever.
#pragma once

#include "agent/base/file_descriptor.hpp"
#include "agent/mount/mount_directory.hpp"
#include "core/base/result.hpp"
#include "core/model/facts.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace agent {

class OwnerLock {
   public:
    /// `self` is what is to stand in the file, but for `since`: this_host(id), another's in tests.
    explicit OwnerLock(core::OwnerRecord self) : self_(std::move(self)) {}

    /// While nothing is held yet: what is to stand in the file now.
    void set_self(core::OwnerRecord self) { self_ = std::move(self); }

    /// Takes the lock if it is free, and writes the record if it is not of this boot: a restart of
    /// the agent writes nothing. What came of it is in the state. The corner's folders must stand.
    /// An error leaves the id unclaimed.
    [[nodiscard]] core::Result<core::OwnershipFacts> claim(const MountDirectory& mount,
                                                           core::TimePoint now);

    /// The state of the lock; acquires and writes nothing. One uncached read when it is held.
    [[nodiscard]] core::OwnershipFacts observe(const MountDirectory& mount);

    [[nodiscard]] bool holds() const noexcept { return static_cast<bool>(file_); }

    /// Whether the latest claim() wrote the record.
    [[nodiscard]] bool wrote() const noexcept { return wrote_; }

    /// How many other owners observe() looks at for one that calls itself by the same NFS client
    /// name. It goes through all of them once after each claim, these few at a time.
    static constexpr std::size_t others_per_look = 8;

   private:
    [[nodiscard]] core::OwnershipFacts observe_held();
    [[nodiscard]] core::OwnershipFacts observe_file(const MountDirectory& mount) const;
    [[nodiscard]] core::OwnershipFacts held(const core::OwnerRecord& record) const;
    [[nodiscard]] core::OwnershipFacts held_by(const core::OwnerRecord& record) const;
    [[nodiscard]] core::Result<core::OwnerRecord> write_record(int file, core::TimePoint now);
    void begin_looking_at_others(int owners);
    void look_at_others(const MountDirectory& mount);
    void look_at(int owners, const std::string& name);
    void forget_other_mount(const MountDirectory& mount);
    void note_loss(core::TimePoint now);

    core::OwnerRecord self_;
    FileDescriptor file_;         ///< open exactly while the lock is held
    std::uint64_t mount_id_ = 0;  ///< of the mount that file_ is on
    std::string path_;            ///< of the file, for messages
    bool wrote_ = false;
    std::vector<std::int64_t> losses_;  ///< as in core::OwnershipFacts
    std::vector<std::string> others_;   ///< still to be looked at
    std::optional<core::OwnerRecord> shared_with_;
    std::string shared_name_;  ///< of its file
};

}  // namespace agent
