// SPDX-License-Identifier: Apache-2.0
// The link and the skeleton, of a machine and of an image.
#include "core/doctor/rules.hpp"

#include <array>

namespace core::doctor {
namespace {

using Link = LinkFacts::Kind;
using Place = PathFacts::Kind;

Seen running(const Machine& machine) {
    const auto& check = machine.facts.check;
    if (!check) {
        return unknown(check.error().message);
    }
    if (check->status == Status::pass) {
        return pass("check finds nothing");
    }
    return {check->status == Status::fail ? DoctorStatus::fail : DoctorStatus::warn, check->output,
            check->remedy};
}

Seen queue_link(const Machine& machine) {
    const LinkFacts& link = machine.facts.link;
    const std::string& id = machine.facts.instance_id;
    switch (link.kind) {
        case Link::absent: return fail("nothing stands at {link}");
        case Link::directory: return fail("{link} is a directory of the local disk");
        case Link::other:
            return fail("{link} is neither a link nor a directory", "sudo ls -la {link}");
        case Link::unreadable: return unknown(link.error);
        case Link::symlink: break;
    }
    if (id.empty()) {
        return unknown("{link} leads to " + link.target +
                       "; which instance this is is not known yet");
    }
    return link.target == machine.settings.mount.path + "/" + id
               ? pass("{link} leads to " + link.target)
               : fail("{link} leads to " + link.target + ", and this is " + id);
}

Seen image_link(const Machine& machine) {
    const LinkFacts& link = machine.facts.link;
    switch (link.kind) {
        case Link::absent: return pass("nothing stands at {link}: the agent makes the link");
        case Link::other:
            return fail("{link} is neither a link nor a directory", "sudo ls -la {link}");
        case Link::unreadable: return unknown(link.error);
        case Link::symlink:
            return is_within(link.target, machine.settings.mount.path)
                       ? warn("{link} leads to " + link.target +
                              ", the queue of the machine that the image is made "
                              "of: harmless where postfix_gate passes")
                       : fail("{link} leads to " + link.target + ", which is not on the mount");
        case Link::directory: break;
    }
    return machine.facts.skeleton_place.kind == Place::absent
               ? pass("{link} is a directory: it becomes the skeleton")
               : warn(
                     "{link} is a directory, and there is a skeleton, too: Postfix was started in "
                     "the image, or "
                     "installed anew",
                     "with Postfix stopped: sudo ls -la {link} {skeleton}, and remove the one that "
                     "is not pristine");
}

Seen skeleton(const Machine& machine) {
    const auto& seen = machine.facts.skeleton;
    if (!seen && seen.error().code != Errc::missing) {
        return unknown(seen.error().message);
    }
    if (!seen) {
        return machine.is_image()
                   ? fail(seen.error().message)
                   : warn(seen.error().message + ": a queue can be kept, but no new one made");
    }
    if (!seen->missing.empty()) {
        return fail(seen->path + " is no whole queue: it lacks " + list_of(seen->missing));
    }
    if (seen->mail > 0) {
        const std::string text = seen->path +
                                 " has queued mail in it: " + std::to_string(seen->mail) +
                                 (seen->mail == 1 ? " message" : " messages");
        const std::string remedy =
            "cd " + seen->path +
            " && sudo find maildrop incoming active deferred hold -type f shows it: it was "
            "meant to be delivered (sudo postqueue -f where Postfix still runs on it); what "
            "nobody needs may go, the same with -delete";
        return machine.is_image()
                   ? fail(text + ", which no instance will deliver", remedy)
                   : warn(text + ", which is not copied, and nobody delivers it", remedy);
    }
    return seen->leftovers.empty()
               ? pass(seen->path + " is pristine")
               : warn(seen->path + " has what a running Postfix leaves, which is not copied: " +
                          list_of(seen->leftovers),
                      "with Postfix stopped: cd " + seen->path +
                          " && sudo rm -f pid/* private/* public/*");
}

Seen image_postfix_stopped(const Machine& machine) {
    const auto& masters = machine.facts.masters;
    if (!masters) {
        return unknown(masters.error().message);
    }
    return masters->empty() ? pass("Postfix does not run")
                            : warn("Postfix runs (pid " + std::to_string(masters->front().pid) +
                                   ") while the image is made");
}

Seen image_machine_id(const Machine& machine) {
    const auto& id = machine.facts.machine_id;
    if (!id) {
        return id.error().code == Errc::missing ? pass("none: each instance makes its own")
                                                : unknown(id.error().message);
    }
    const std::string text = id->substr(0, id->find('\n'));
    return text.empty() || text == "uninitialized"
               ? pass("empty: each instance makes its own")
               : warn("every instance of this image would have the machine id " + text);
}

Seen image_host_name(const Machine& machine) {
    const auto& file = machine.facts.host_name_file;
    const std::string name = file ? file->substr(0, file->find('\n')) : "";
    return name.empty() || name.starts_with("localhost") || machine.facts.cloud_init
               ? pass(machine.facts.cloud_init ? "cloud-init sets it" : "none is fixed")
               : warn("every instance of this image would be called " + name);
}

Seen image_instance_id(const Machine& machine) {
    const std::string& id = machine.settings.instance_id;
    return id == "auto" ? pass("each instance finds out its own")
                        : fail("the setting instance_id is " + id +
                               ": every instance of this image would claim it");
}

Seen image_cloud_init(const Machine& machine) {
    if (!machine.facts.cloud_init) {
        return pass("none");
    }
    return machine.facts.cloud_init_ran ? warn("/var/lib/cloud still names this machine")
                                        : pass("clean");
}

constexpr std::array machine_rules{
    Rule{"running", About::machine, Needs::nothing, running, "sudo postfix-elb-agent check"},
    Rule{"queue_link", About::machine, Needs::nothing, queue_link,
         "sudo postfix-elb-agent relink --dry-run says what stands in the way; then sudo systemctl "
         "restart "
         "postfix-elb-agent"},
    Rule{"queue_skeleton", About::both, Needs::nothing, skeleton,
         "with Postfix stopped: put a pristine queue directory at {skeleton} (sudo mv {link} "
         "{skeleton} in a fresh "
         "image; sudo postfix set-permissions makes it whole), or correct the setting "
         "queue.skeleton"},
};

constexpr std::array rules_of_images{
    Rule{"image_postfix_stopped", About::image, Needs::nothing, image_postfix_stopped,
         "sudo systemctl stop postfix"},
    Rule{"image_link", About::image, Needs::nothing, image_link,
         "with Postfix stopped: sudo rm {link}"},
    Rule{"image_instance_id", About::image, Needs::nothing, image_instance_id,
         "take instance_id out of the settings"},
    Rule{"image_machine_id", About::image, Needs::nothing, image_machine_id,
         "sudo truncate -s 0 /etc/machine-id"},
    Rule{"image_host_name", About::image, Needs::nothing, image_host_name,
         "sudo truncate -s 0 /etc/hostname"},
    Rule{"image_cloud_init", About::image, Needs::nothing, image_cloud_init,
         "sudo cloud-init clean --logs"},
};

}  // namespace

std::span<const Rule> queue_rules() {
    return machine_rules;
}

std::span<const Rule> image_rules() {
    return rules_of_images;
}

}  // namespace core::doctor
