// SPDX-License-Identifier: Apache-2.0
#include "agent/doctor/gather.hpp"

#include "agent/base/privileges.hpp"
#include "agent/base/small_file.hpp"
#include "agent/doctor/local_files.hpp"
#include "agent/doctor/port_holders.hpp"
#include "agent/host/maillog_opener.hpp"
#include "agent/host/master_processes.hpp"
#include "agent/host/runtime_state.hpp"
#include "core/base/printable.hpp"
#include "core/model/instance_id.hpp"
#include "core/parse/main_cf.hpp"
#include "core/parse/mountinfo.hpp"
#include "systemd/ordering_cycles.hpp"
#include "systemd/unit_properties.hpp"

#include <sys/timex.h>
#include <unistd.h>

#include <array>
#include <climits>

namespace agent {
namespace {

using core::DoctorFacts;
using core::Settings;

constexpr std::size_t longest_name = 200;

core::Error needs_root(const std::string& action) {
    return {core::Errc::denied, "only root can " + action};
}

std::string host_name() {
    std::array<char, HOST_NAME_MAX + 1> name{};
    ::gethostname(name.data(), name.size() - 1);
    return core::printable(name.data(), longest_name);
}

std::optional<bool> clock_synchronised() {
    timex times{};  // modes 0: nothing is set
    const int state = ::adjtimex(&times);
    return state < 0 ? std::nullopt : std::optional((times.status & STA_UNSYNC) == 0);
}

void look_at_systemd(DoctorFacts& facts, const LocalFiles& files, const Settings& settings) {
    facts.units = systemd::read_units(core::unit_names_for(settings));
    facts.cycles = systemd::ordering_cycles(core::units_that_must_start());
    facts.drop_ins = files.drop_ins();
    facts.linked_at_us = files.written_at(std::string(runtime_directory) + "/mount-worked");
}

void look_at_settings(DoctorFacts& facts, const LocalFiles& files, const DoctorInputs& inputs) {
    facts.settings_problems = inputs.settings_problems;
    if (const auto account = find_account(inputs.settings.user); !account) {
        facts.user_error = account.error().message;
    }
    facts.settings_file = files.look_at(inputs.settings_file);
    facts.runtime_directory = files.look_at(runtime_directory);
}

/// Uses no network, because an image may be built without one.
std::string instance_id(const LocalFiles& files, const Settings& settings) {
    if (settings.instance_id != "auto") {
        return settings.instance_id;
    }
    for (const char* path : {remembered_id_path, "/sys/devices/virtual/dmi/id/board_asset_tag"}) {
        const auto text = files.text(path);
        if (const auto id =
                text ? core::id_from_answer(*text, path) : core::Result<std::string>(text.error());
            id) {
            return *id;
        }
    }
    return "";
}

void look_at_mount(DoctorFacts& facts, const LocalFiles& files, const Settings& settings) {
    const std::string& path = settings.mount.path;
    facts.fstab = files.text("/etc/fstab");
    if (facts.mountinfo && core::find_mount(*facts.mountinfo, path)) {
        facts.mount_point = {core::PathFacts::Kind::not_local, path, 0, 0,
                             path + " is covered by a mount"};
    } else {
        facts.mount_point = files.look_at(path);
        facts.below_mount_point = files.names_in(path);
    }
    facts.nfs_identifier = files.text("/sys/fs/nfs/net/nfs_client/identifier");
    facts.nfs4_unique_id = files.text("/sys/module/nfs/parameters/nfs4_unique_id");
    facts.modprobe_unique_id = files.modprobe_unique_id();
    facts.host_name = host_name();
    if (const auto enforce = files.text("/sys/fs/selinux/enforce"); enforce) {
        facts.selinux_enforcing = enforce->starts_with('1');
        facts.selinux_module =
            !files.names_in("/var/lib/selinux/targeted/active/modules/400/postfix_elb_agent")
                 .empty();
    }
}

core::Result<core::SkeletonFacts> skeleton(const DoctorFacts& facts, const LocalFiles& files,
                                           const Settings::Queue& queue) {
    const bool at_link = facts.skeleton_place.kind == core::PathFacts::Kind::absent &&
                         facts.link.kind == core::LinkFacts::Kind::directory;
    if (facts.skeleton_place.kind == core::PathFacts::Kind::absent && !at_link) {
        return core::Error{core::Errc::missing, "there is no skeleton at " + queue.skeleton};
    }
    return files.skeleton(at_link ? queue.link : queue.skeleton);
}

void look_at_queue(DoctorFacts& facts, const LocalFiles& files, const DoctorInputs& inputs) {
    const Settings& settings = inputs.settings;
    facts.link = files.link(settings.queue.link);
    facts.skeleton_place = files.look_at(settings.queue.skeleton);
    facts.skeleton = skeleton(facts, files, settings.queue);
    facts.main_cf = files.text("/etc/postfix/main.cf");
    facts.instance_id = instance_id(files, settings);
    if (!facts.root) {
        facts.masters = needs_root("read which processes are Postfix's");
        facts.check = needs_root("run the checks");
        return;
    }
    facts.masters = find_masters();
    if (inputs.subject == core::DoctorSubject::image) {
        facts.check = core::Error{core::Errc::unavailable, "the checks do not run on an image"};
        return;
    }
    const auto verdict = inputs.check(settings);
    if (!verdict) {
        facts.check = verdict.error();
        return;
    }
    facts.check =
        core::CheckAnswer{verdict->health, verdict->output, core::worst_of(verdict->checks).remedy};
    facts.instance_id = verdict->instance_id.empty() ? facts.instance_id : verdict->instance_id;
}

void look_at_logs(DoctorFacts& facts, const LocalFiles& files, const Settings& settings) {
    auto own = facts.main_cf ? core::main_cf_value(*facts.main_cf, "maillog_file") : std::nullopt;
    if (own && !own->starts_with('/')) {
        own.reset();
    }
    for (const std::string& path : maillog_candidates(settings.maillog, own)) {
        facts.logs.push_back(files.look_at(path));
    }
    facts.journal_on_disk = !files.names_in("/var/log/journal").empty();
    facts.journal = facts.journal_on_disk || !files.names_in("/run/log/journal").empty();
}

void look_at_image(DoctorFacts& facts, const LocalFiles& files) {
    facts.machine_id = files.text("/etc/machine-id");
    facts.host_name_file = files.text("/etc/hostname");
    facts.cloud_init = files.look_at("/usr/bin/cloud-init").kind == core::PathFacts::Kind::file;
    facts.cloud_init_ran = !files.names_in("/var/lib/cloud/instances").empty();
}

}  // namespace

DoctorFacts gather_doctor_facts(const DoctorInputs& inputs, const std::string& root) {
    DoctorFacts facts;
    facts.root = ::geteuid() == 0;
    facts.mountinfo = read_proc_file("/proc/self/mountinfo");
    // Without a mount table no path is known to be local.
    const LocalPaths local(facts.mountinfo ? std::string_view(*facts.mountinfo)
                                           : "1 1 0:0 / / rw - nfs4 unknown rw");
    const LocalFiles files(local, root);
    look_at_settings(facts, files, inputs);
    look_at_systemd(facts, files, inputs.settings);
    look_at_mount(facts, files, inputs.settings);
    look_at_queue(facts, files, inputs);
    look_at_logs(facts, files, inputs.settings);
    look_at_image(facts, files);
    facts.port = port_holders(inputs.settings.listen.port);
    facts.clock_synchronised = clock_synchronised();
    return facts;
}

}  // namespace agent
