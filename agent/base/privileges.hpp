// SPDX-License-Identifier: Apache-2.0
// The account and the capabilities of each process. Called once, right after fork, before the
// process does anything else.
#pragma once

#include "core/base/result.hpp"

#include <sys/types.h>

#include <initializer_list>
#include <string>
#include <vector>

namespace agent {

struct Account {
    std::string name;
    uid_t uid = 0;
    gid_t gid = 0;
};

/// Resolves settings.user to an account: "auto" is postfix-elb-agent if that user exists, else
/// `nobody`. Root is refused.
[[nodiscard]] core::Result<Account> find_account(const std::string& user);

/// Makes the directory below which nothing can be opened but nothing is there either: owned by
/// root, mode 0755, empty.
inline constexpr const char* runtime_directory = "/run/postfix-elb-agent";
inline constexpr const char* empty_directory = "/run/postfix-elb-agent/empty";
[[nodiscard]] core::Result<void> make_runtime_directory();

/// The server: another user without supplementary groups, no capability in any set, no new
/// privileges, no new processes, and the empty directory as its root: it can open no file at all.
[[nodiscard]] core::Result<void> become_server(const Account& account);

/// A worker: root with only these capabilities (numbers of capabilities(7)), bounding set included.
[[nodiscard]] core::Result<void> become_worker(std::initializer_list<int> capabilities);

/// A worker that needs nothing of root but these capabilities: another user without supplementary
/// groups, which keeps them alone. Other processes (the system bus) see that user alone.
[[nodiscard]] core::Result<void> become_worker_as(const Account& account,
                                                  std::initializer_list<int> capabilities);

/// Closes every descriptor but standard error and these; standard input and output become
/// /dev/null, so that no file that is opened later takes their numbers. `kept` are above 2, or -1:
/// one that is not open.
void close_descriptors_except(std::vector<int> kept);

/// A child ignores the signals that the supervisor turns into messages: one sent to the whole group
/// must not take a worker away while the server drains.
void leave_signals_to_the_supervisor();

/// The process is killed when its parent goes. To be called after the change of user, which clears
/// it.
void die_with_parent(pid_t parent);

}  // namespace agent
