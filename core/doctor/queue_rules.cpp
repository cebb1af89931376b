// SPDX-License-Identifier: Apache-2.0
// The link to the queue, and the skeleton.
#include "core/doctor/remedies.hpp"
#include "core/model/queue_layout.hpp"

#include <algorithm>
#include <map>

namespace core::doctor {
namespace {

using Link = LinkFacts::Kind;

Remedy relink() {
    return {"Restart the agent, which makes the link; the dry run names what prevents it.",
            {"sudo postfix-elb-agent relink --dry-run",
             "sudo systemctl restart postfix-elb-agent.service"}};
}

/// Creates the directories of a queue; of an existing one only those that are missing.
Remedy make_whole(const std::string& path, const std::vector<std::string>& missing) {
    std::map<std::string, std::string> names;  // by owner and mode
    for (const QueueDirectory& row : queue_directories()) {
        if (missing.empty() || contains(missing, row.name)) {
            std::string mode;
            for (unsigned bits = row.mode; bits != 0; bits /= 8) {
                mode.insert(0, 1, static_cast<char>('0' + bits % 8));
            }
            names["-o " + std::string(row.user) + " -g " + std::string(row.group) + " -m " +
                  mode] += " " + shell_quoted(path + "/" + std::string(row.name));
        }
    }
    Remedy remedy{"Create the directories.", {}};
    if (missing.empty()) {
        remedy.commands.push_back("sudo install -d -m 755 " + shell_quoted(path));
    }
    for (const auto& [how, directories] : names) {
        remedy.commands.push_back("sudo install -d " + how + directories);
    }
    return remedy;
}

std::string below(const std::string& path, std::initializer_list<const char*> names) {
    std::string text;
    for (const char* name : names) {
        text += " " + shell_quoted(path + "/" + name);
    }
    return text;
}

Seen with_mail(const Machine& machine, const SkeletonFacts& seen) {
    const std::string noun = seen.mail == 1 ? " message" : " messages";
    const std::string text =
        seen.path + " has queued mail: " + std::to_string(seen.mail) + noun + ", which ";
    Remedy remedy{
        "Deliver this mail, or delete the files if it is not wanted.",
        {"sudo find" + below(seen.path, {"maildrop", "incoming", "active", "deferred", "hold"}) +
         " -type f -ls"}};
    return machine.is_image() ? fail(text + "no instance would deliver", std::move(remedy))
                              : warn(text + "is neither copied nor delivered", std::move(remedy));
}

Seen with_leftovers(const Machine& machine, const SkeletonFacts& seen) {
    Remedy remedy{"Remove them.", {}};
    const auto& masters = machine.facts.masters;
    const bool at_link = seen.path == machine.settings.queue.link;
    if (at_link || (masters && std::ranges::any_of(*masters, [&](const ProcessFacts& master) {
                        return is_within(master.cwd, seen.path);
                    }))) {
        remedy.advice = "Stop Postfix, and remove them.";
        remedy.commands.emplace_back("sudo systemctl stop postfix.service");
    }
    remedy.commands.push_back("sudo find" + below(seen.path, {"pid", "private", "public"}) +
                              " -mindepth 1 -delete");
    return warn(seen.path + " has files of a running Postfix, which are not copied: " +
                    list_of(seen.leftovers),
                std::move(remedy));
}

}  // namespace

Seen running(const Machine& machine) {
    const auto& check = machine.facts.check;
    if (!check) {
        return unknown(check.error().message);
    }
    if (check->status == Status::pass) {
        return pass("every check passes");
    }
    Remedy remedy = check->remedy;
    if (remedy.advice.empty() && remedy.commands.empty()) {
        remedy = {"The check reports the cause.", {"sudo postfix-elb-agent check"}};
    }
    return check->status == Status::fail ? fail(check->output, std::move(remedy))
                                         : warn(check->output, std::move(remedy));
}

Seen queue_link(const Machine& machine) {
    const LinkFacts& link = machine.facts.link;
    const std::string& id = machine.facts.instance_id;
    switch (link.kind) {
        case Link::absent: return fail("{link} does not exist", relink());
        case Link::directory: return fail("{link} is a directory of the local disk", relink());
        case Link::other: {
            Remedy remedy = relink();
            remedy.commands.front() = move_aside(machine.settings.queue.link);
            remedy.advice = "Move it aside, and restart the agent, which makes the link.";
            return fail("{link} is neither a link nor a directory", std::move(remedy));
        }
        case Link::unreadable: return unknown(link.error);
        case Link::symlink: break;
    }
    const std::string leads = "{link} leads to " + link.target;
    if (id.empty()) {
        return unknown(leads + "; the id of this instance is not known yet");
    }
    return link.target == machine.settings.mount.path + "/" + id
               ? pass(leads)
               : fail(leads + ", and this is " + id, relink());
}

Seen queue_skeleton(const Machine& machine) {
    const auto& seen = machine.facts.skeleton;
    if (!seen && seen.error().code != Errc::missing) {
        return unknown(seen.error().message);
    }
    if (!seen) {
        const std::string& text = seen.error().message;
        Remedy remedy = make_whole(machine.settings.queue.skeleton, {});
        return machine.is_image()
                   ? fail(text, std::move(remedy))
                   : warn(text + ": an existing queue is kept, but no new one can be made",
                          std::move(remedy));
    }
    if (!seen->missing.empty()) {
        return fail(seen->path + " is not a complete queue: it lacks " + list_of(seen->missing),
                    make_whole(seen->path, seen->missing));
    }
    if (seen->mail > 0) {
        return with_mail(machine, *seen);
    }
    return seen->leftovers.empty() ? pass(seen->path + " is pristine")
                                   : with_leftovers(machine, *seen);
}

}  // namespace core::doctor
