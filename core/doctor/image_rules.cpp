// SPDX-License-Identifier: Apache-2.0
// What every instance of an image would inherit.
#include "core/doctor/remedies.hpp"

namespace core::doctor {
namespace {

using Link = LinkFacts::Kind;

/// The first line of a file; "" if it is unreadable.
std::string line_of(const Result<std::string>& text) {
    return text ? text->substr(0, text->find('\n')) : "";
}

Remedy remove_link() {
    return {"Remove the link; the agent makes it at the first boot.", {"sudo rm {link}"}};
}

Seen directory_at_link(const Machine& machine) {
    if (machine.facts.skeleton_place.kind == PathFacts::Kind::absent) {
        return pass("{link} is a directory: it becomes the skeleton");
    }
    return warn(
        "{link} is a directory, and there is a skeleton, too: Postfix was started in the "
        "image, or installed again",
        {"Keep the skeleton, and move the directory aside; mail in it must be delivered.",
         {"sudo systemctl stop postfix.service", "sudo ls -la {link} {skeleton}",
          move_aside(machine.settings.queue.link)}});
}

}  // namespace

Seen image_postfix_stopped(const Machine& machine) {
    const auto& masters = machine.facts.masters;
    if (!masters) {
        return unknown(masters.error().message);
    }
    return masters->empty() ? pass("Postfix does not run")
                            : warn("Postfix runs (pid " + std::to_string(masters->front().pid) +
                                       ") while the image is made",
                                   {"Stop Postfix.",
                                    {"sudo systemctl stop postfix.service",
                                     "sudo postfix status && sudo postfix stop"}});
}

Seen image_link(const Machine& machine) {
    const LinkFacts& link = machine.facts.link;
    switch (link.kind) {
        case Link::absent: return pass("{link} does not exist: the agent makes the link");
        case Link::other:
            return fail("{link} is neither a link nor a directory",
                        {"Move it aside.", {move_aside(machine.settings.queue.link)}});
        case Link::unreadable: return unknown(link.error);
        case Link::directory: return directory_at_link(machine);
        case Link::symlink: break;
    }
    const std::string leads = "{link} leads to " + link.target;
    return is_within(link.target, machine.settings.mount.path)
               ? warn(leads +
                          ", the queue of the machine that the image is made from: harmless "
                          "where postfix_gate passes",
                      remove_link())
               : fail(leads + ", which is not on the mount", remove_link());
}

Seen image_instance_id(const Machine& machine) {
    const std::string& id = machine.settings.instance_id;
    const std::string file = shell_quoted(machine.facts.settings_file.path);
    return id == "auto" ? pass("each instance finds its own")
                        : fail("the setting instance_id is " + id +
                                   ": every instance of this image would claim it",
                               {"Remove instance_id from the settings.", {"sudoedit " + file}});
}

Seen image_machine_id(const Machine& machine) {
    const auto& id = machine.facts.machine_id;
    if (!id && id.error().code != Errc::missing) {
        return unknown(id.error().message);
    }
    const std::string text = line_of(id);
    return text.empty() || text == "uninitialized"
               ? pass("empty: each instance makes its own")
               : warn("every instance of this image would have the machine id " + text,
                      {"Empty the file.", {"sudo truncate -s 0 /etc/machine-id"}});
}

Seen image_host_name(const Machine& machine) {
    if (machine.facts.cloud_init) {
        return pass("cloud-init sets it");
    }
    const std::string name = line_of(machine.facts.host_name_file);
    return name.empty() || name.starts_with("localhost")
               ? pass("none is fixed")
               : warn("every instance of this image would have the host name " + name,
                      {"Empty the file.", {"sudo truncate -s 0 /etc/hostname"}});
}

Seen image_cloud_init(const Machine& machine) {
    if (!machine.facts.cloud_init) {
        return pass("none");
    }
    return machine.facts.cloud_init_ran
               ? warn("/var/lib/cloud still has data of this machine",
                      {"Remove the data.", {"sudo cloud-init clean --logs"}})
               : pass("clean");
}

}  // namespace core::doctor
