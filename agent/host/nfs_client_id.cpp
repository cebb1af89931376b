// SPDX-License-Identifier: Apache-2.0
#include "agent/host/nfs_client_id.hpp"

#include "agent/base/file_descriptor.hpp"
#include "agent/base/small_file.hpp"
#include "core/model/mount_problem.hpp"
#include "core/parse/mountinfo.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <optional>

namespace agent {
namespace {

std::optional<std::string> content_of(const std::string& path) {
    const auto text = read_proc_file(path);
    return text ? std::optional(*text) : std::nullopt;
}

bool nfs_is_mounted(const std::string& path, const std::string& mountinfo) {
    const auto mount = core::find_mount(content_of(mountinfo).value_or(""), path);
    return mount && core::is_nfs(mount->fstype);
}

/// In one write, and without a newline: the module's parameter would keep it.
core::Result<void> write_identifier(const std::string& path, const std::string& identifier) {
    const FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (!file || ::write(file.get(), identifier.data(), identifier.size()) !=
                     static_cast<ssize_t>(identifier.size())) {
        return core::system_error(errno, "write", path);
    }
    return {};
}

}  // namespace

core::NfsIdentifierFiles read_nfs_identifier(const NfsIdentityPaths& paths) {
    return {content_of(paths.net), content_of(paths.parameter)};
}

core::Result<std::string> set_nfs_identity(const core::Settings& settings,
                                           const IdentityFiles& names,
                                           const NfsIdentityPaths& paths) {
    using Write = core::NfsIdentityPlan::Write;
    core::NfsIdentityFacts facts;
    facts.setting = settings.instance_id;
    facts.asset_tag = names.dmi_asset_tag;
    facts.remembered = names.remembered;
    facts.cloud_init = names.cloud_init;
    facts.product_uuid = content_of(paths.product_uuid).value_or("");
    facts.now = read_nfs_identifier(paths);
    facts.mounted = nfs_is_mounted(settings.mount.path, paths.mountinfo);
    auto plan = core::plan_nfs_identity(facts);
    if (!plan) {
        return plan.error();
    }
    if (plan->write != Write::nothing) {
        const std::string& path = plan->write == Write::net ? paths.net : paths.parameter;
        if (auto written = write_identifier(path, plan->identifier); !written) {
            return written.error();
        }
    }
    return std::move(plan->words);
}

}  // namespace agent
