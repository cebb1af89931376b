// SPDX-License-Identifier: Apache-2.0
#include "core/nfs/client_id_plan.hpp"

#include "core/base/excerpt.hpp"
#include "core/model/instance_id.hpp"

#include <algorithm>

namespace core {
namespace {

std::string_view first_line(std::string_view text) {
    return text.substr(0, text.find('\n'));
}

/// The kernel prints a null pointer like this.
constexpr std::string_view never_set = "(null)";

std::string set_in(const std::optional<std::string>& file) {
    const std::string_view line = file ? first_line(*file) : std::string_view();
    return line == never_set ? std::string() : std::string(line.substr(0, max_nfs_identifier));
}

/// Firmware without a UUID reports zeros or Fs.
bool is_uuid(std::string_view text) {
    constexpr std::size_t length = 36;
    constexpr std::string_view digits = "0123456789abcdef";
    std::string seen;
    for (const char c : text) {
        if (c != '-') {
            seen.push_back(c);
        }
    }
    return text.size() == length && seen.size() == length - 4 &&
           seen.find_first_not_of(digits) == std::string::npos &&
           seen.find_first_not_of(seen.front()) != std::string::npos;
}

struct Name {
    std::string text;
    std::string_view source;
};

std::optional<Name> instance_name(const NfsIdentityFacts& facts) {
    if (facts.setting != "auto") {
        return Name{facts.setting, "instance_id of the settings"};
    }
    const std::pair<const std::string&, std::string_view> files[] = {
        {facts.asset_tag, "the DMI asset tag"},
        {facts.remembered, "the id remembered in this boot"},
        {facts.cloud_init, "cloud-init"},
    };
    for (const auto& [text, source] : files) {
        if (auto id = id_from_answer(text, source)) {
            return Name{std::move(*id), source};
        }
    }
    return std::nullopt;
}

std::optional<Name> name_of(const NfsIdentityFacts& facts) {
    auto name = instance_name(facts);
    if (name && name->text.size() <= max_nfs_identifier) {
        return name;
    }
    std::string uuid(first_line(facts.product_uuid));
    std::transform(uuid.begin(), uuid.end(), uuid.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return is_uuid(uuid) ? std::optional(Name{std::move(uuid), "the DMI product UUID"})
                         : std::nullopt;
}

Error not_loaded() {
    return {Errc::unavailable,
            "neither /sys/fs/nfs/net/nfs_client/identifier nor "
            "/sys/module/nfs/parameters/nfs4_unique_id exists, because NFS is not loaded; "
            "load it (sudo modprobe nfs), and run this command again"};
}

Error no_name() {
    return {Errc::missing, "no local source names this instance in at most " +
                               std::to_string(max_nfs_identifier) +
                               " bytes (instance_id, DMI asset tag, the id remembered in this "
                               "boot, cloud-init, DMI product UUID); "
                               "set instance_id in /etc/postfix-elb-agent/agent.json"};
}

}  // namespace

std::string nfs_identifier(const NfsIdentifierFiles& files) {
    std::string net = set_in(files.net);
    return net.empty() ? set_in(files.parameter) : net;
}

Result<NfsIdentityPlan> plan_nfs_identity(const NfsIdentityFacts& facts) {
    if (!facts.now.net && !facts.now.parameter) {
        return not_loaded();
    }
    NfsIdentityPlan plan;
    plan.identifier = nfs_identifier(facts.now);
    auto name = name_of(facts);
    if (!plan.identifier.empty()) {
        const bool ours = name && name->text == plan.identifier;
        plan.words = "the name of the NFS client is already " + excerpt(plan.identifier) +
                     (ours ? "; nothing to do" : ", which the agent did not set; it is kept");
        return plan;
    }
    if (!name) {
        return no_name();
    }
    plan.write = facts.now.net ? NfsIdentityPlan::Write::net : NfsIdentityPlan::Write::parameter;
    plan.identifier = std::move(name->text);
    plan.words = "the name of the NFS client is now " + excerpt(plan.identifier) + " (" +
                 std::string(name->source) + ")";
    if (facts.mounted) {
        plan.words += ", from the next mount on; the existing mount keeps its old name";
    }
    return plan;
}

}  // namespace core
