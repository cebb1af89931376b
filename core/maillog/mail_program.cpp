// SPDX-License-Identifier: Apache-2.0
#include "core/maillog/mail_program.hpp"

#include <algorithm>
#include <array>

namespace core {
namespace {

// The most frequent first: the search begins at the front.
constexpr std::array programs{
    NamedProgram{"smtpd", MailProgram::smtpd},
    NamedProgram{"smtp", MailProgram::smtp},
    NamedProgram{"qmgr", MailProgram::qmgr},
    NamedProgram{"cleanup", MailProgram::cleanup},
    NamedProgram{"lmtp", MailProgram::lmtp},
    NamedProgram{"pipe", MailProgram::pipe},
    NamedProgram{"local", MailProgram::local},
    NamedProgram{"virtual", MailProgram::virtual_},
    NamedProgram{"error", MailProgram::error},
    NamedProgram{"discard", MailProgram::discard},
    NamedProgram{"bounce", MailProgram::bounce},
    NamedProgram{"postscreen", MailProgram::other},
    NamedProgram{"anvil", MailProgram::other},
    NamedProgram{"pickup", MailProgram::other},
    NamedProgram{"scache", MailProgram::other},
    NamedProgram{"dnsblog", MailProgram::other},
    NamedProgram{"tlsproxy", MailProgram::other},
    NamedProgram{"tlsmgr", MailProgram::other},
    NamedProgram{"trivial-rewrite", MailProgram::other},
    NamedProgram{"verify", MailProgram::other},
    NamedProgram{"proxymap", MailProgram::other},
    NamedProgram{"master", MailProgram::other},
    NamedProgram{"postfix-script", MailProgram::other},
    NamedProgram{"postfix", MailProgram::other},
    NamedProgram{"sendmail", MailProgram::other},
    NamedProgram{"postdrop", MailProgram::other},
    NamedProgram{"postsuper", MailProgram::other},
    NamedProgram{"postqueue", MailProgram::other},
    NamedProgram{"showq", MailProgram::other},
    NamedProgram{"flush", MailProgram::other},
    NamedProgram{"spawn", MailProgram::other},
    NamedProgram{"postlogd", MailProgram::other},
    NamedProgram{"postlog", MailProgram::other},
    NamedProgram{"postmap", MailProgram::other},
    NamedProgram{"postalias", MailProgram::other},
    NamedProgram{"postcat", MailProgram::other},
    NamedProgram{"postconf", MailProgram::other},
    NamedProgram{"postmulti", MailProgram::other},
    NamedProgram{"oqmgr", MailProgram::qmgr},
    NamedProgram{"qmqpd", MailProgram::other},
};

const NamedProgram* find_program(std::string_view name) {
    const auto found = std::find_if(programs.begin(), programs.end(),
                                    [name](const NamedProgram& p) { return p.name == name; });
    return found == programs.end() ? nullptr : &*found;
}

constexpr NamedProgram unknown_program{"other", MailProgram::other};

}  // namespace

const NamedProgram* program_of_tag(std::string_view tag) {
    const auto slash = tag.rfind('/');
    if (slash == std::string_view::npos) {
        return tag == "postfix" || tag == "postfix-script" ? find_program(tag) : nullptr;
    }
    const NamedProgram* known = find_program(tag.substr(slash + 1));
    return known == nullptr && tag.starts_with("postfix") ? &unknown_program : known;
}

}  // namespace core
