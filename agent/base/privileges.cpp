// SPDX-License-Identifier: Apache-2.0
#include "agent/base/privileges.hpp"

#include <fcntl.h>
#include <grp.h>
#include <linux/close_range.h>
#include <pwd.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <memory>

namespace agent {
namespace {

using CapabilitySet = std::unique_ptr<_cap_struct, int (*)(void*)>;

core::Error failed(const char* what, const std::string& object = "") {
    return core::system_error(errno, what, object.empty() ? "for this process" : object);
}

core::Result<void> drop_bounding_set_except(std::initializer_list<int> kept) {
    for (int capability = 0; capability < cap_max_bits(); ++capability) {
        if (std::find(kept.begin(), kept.end(), capability) == kept.end() &&
            cap_drop_bound(capability) != 0 && errno != EINVAL) {
            return failed("drop a capability from the bounding set");
        }
    }
    return {};
}

core::Result<void> keep_only(std::initializer_list<int> kept) {
    const CapabilitySet set(cap_init(), cap_free);
    std::vector<cap_value_t> values(kept);
    const auto count = static_cast<int>(values.size());
    if (!values.empty() &&
        (cap_set_flag(set.get(), CAP_PERMITTED, count, values.data(), CAP_SET) != 0 ||
         cap_set_flag(set.get(), CAP_EFFECTIVE, count, values.data(), CAP_SET) != 0)) {
        return failed("name capabilities");
    }
    if (cap_reset_ambient() != 0 || cap_set_proc(set.get()) != 0) {
        return failed("limit capabilities");
    }
    return {};
}

core::Result<void> forbid_new_privileges() {
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        return failed("forbid new privileges");
    }
    return {};
}

core::Result<void> change_user(const Account& account) {
    if (::setgroups(0, nullptr) != 0) {
        return failed("give up supplementary groups");
    }
    if (::setresgid(account.gid, account.gid, account.gid) != 0 ||
        ::setresuid(account.uid, account.uid, account.uid) != 0) {
        return failed("become user", account.name);
    }
    return {};
}

}  // namespace

core::Result<Account> find_account(const std::string& user) {
    const std::vector<std::string> names =
        user == "auto" ? std::vector<std::string>{"postfix-elb-agent", "nobody"}
                       : std::vector<std::string>{user};
    for (const std::string& name : names) {
        const passwd* entry = ::getpwnam(name.c_str());
        if (entry == nullptr) {
            continue;
        }
        if (entry->pw_uid == 0) {
            return core::Error{core::Errc::refused,
                               "\"" + name + "\" is root (uid 0); the server must not be"};
        }
        return Account{name, entry->pw_uid, entry->pw_gid};
    }
    return core::Error{core::Errc::missing,
                       "no account named \"" + names.back() +
                           "\" on this host; create it (useradd --system) or set \"user\""};
}

core::Result<void> make_runtime_directory() {
    for (const char* path : {runtime_directory, empty_directory}) {
        if (::mkdir(path, 0755) != 0 && errno != EEXIST) {
            return core::system_error(errno, "make directory", path);
        }
    }
    return {};
}

core::Result<void> become_server(const Account& account) {
    const rlimit no_processes{0, 0};
    if (::chroot(empty_directory) != 0 || ::chdir("/") != 0) {
        return failed("make this the root directory:", empty_directory);
    }
    if (auto result = drop_bounding_set_except({}); !result) {
        return result;
    }
    if (auto result = change_user(account); !result) {
        return result;
    }
    if (auto result = keep_only({}); !result) {
        return result;
    }
    if (::setrlimit(RLIMIT_NPROC, &no_processes) != 0) {
        return failed("forbid new processes");
    }
    return forbid_new_privileges();
}

core::Result<void> become_worker(std::initializer_list<int> capabilities) {
    ::umask(077);
    if (auto result = drop_bounding_set_except(capabilities); !result) {
        return result;
    }
    if (auto result = keep_only(capabilities); !result) {
        return result;
    }
    return forbid_new_privileges();
}

core::Result<void> become_worker_as(const Account& account,
                                    std::initializer_list<int> capabilities) {
    ::umask(077);
    if (auto result = drop_bounding_set_except(capabilities); !result) {
        return result;
    }
    if (::prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0) {
        return failed("keep capabilities");
    }
    if (auto result = change_user(account); !result) {
        return result;
    }
    if (auto result = keep_only(capabilities); !result) {
        return result;
    }
    return forbid_new_privileges();
}

void close_descriptors_except(std::vector<int> kept) {
    const int nothing = ::open("/dev/null", O_RDWR);
    ::dup2(nothing, STDIN_FILENO);
    ::dup2(nothing, STDOUT_FILENO);
    kept.erase(std::remove(kept.begin(), kept.end(), -1), kept.end());
    std::sort(kept.begin(), kept.end());
    unsigned next = STDERR_FILENO + 1;
    for (const int descriptor : kept) {
        const auto keep = static_cast<unsigned>(descriptor);
        if (keep > next) {
            ::syscall(SYS_close_range, next, keep - 1, 0);
        }
        next = std::max(next, keep + 1);
    }
    ::syscall(SYS_close_range, next, ~0U, 0);
}

void leave_signals_to_the_supervisor() {
    for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) {
        std::signal(number, SIG_IGN);
    }
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
}

void die_with_parent(pid_t parent) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) {
        ::_exit(1);
    }
}

}  // namespace agent
