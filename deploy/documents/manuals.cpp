// SPDX-License-Identifier: Apache-2.0
// The tables of two manual pages; the prose around them is in deploy/man.
#include "config/schema.hpp"
#include "core/checks/reason.hpp"
#include "core/model/remedies.hpp"

#include "documents.hpp"
#include "mdoc.hpp"

namespace documents {
namespace {

/// "nothing is mounted" becomes "Nothing is mounted."
std::string sentence(std::string_view clause) {
    std::string out(clause);
    if (out.front() >= 'a' && out.front() <= 'z') {
        out.front() = static_cast<char>(out.front() - 'a' + 'A');
    }
    return out.ends_with('.') ? out : out + ".";
}

std::string commands_of(const core::Remedy& remedy) {
    std::string out;
    for (const std::string& command : remedy.commands) {
        out += mdoc::literal(command) + "\n";
    }
    return out.empty() ? out : ".Bd -literal -offset indent\n" + out + ".Ed\n";
}

std::string entry_of(const core::ReasonInfo& row) {
    const bool definitive = row.certainty == core::Certainty::definitive;
    const core::Remedy remedy = core::filled(row.remedy, core::Settings(), "ID");
    return ".It Cm " + std::string(to_string(row.reason)) + " Pq " +
           (definitive ? "definitive" : "doubtful") + "\n" +
           mdoc::paragraph(sentence(row.meaning)) + ".Pp\n" + mdoc::paragraph(remedy.advice) +
           commands_of(remedy);
}

std::string entry_of(const config::Key& key) {
    const bool live = key.reload == config::Reload::live;
    return ".It Va " + std::string(key.path) + "\n" + mdoc::paragraph(sentence(key.words)) +
           mdoc::paragraph("Accepts " + key.accepts + ". Default: `" +
                           config::to_json(key.get(core::Settings())) +
                           "`. A change takes effect on " + (live ? "reload." : "restart."));
}

}  // namespace

std::string reasons() {
    std::string out;
    for (const core::Check check : core::all_checks()) {
        out += ".Ss " + std::string(to_string(check)) + "\n.Bl -tag -width Ds\n";
        for (const core::ReasonInfo& row : core::all_reasons()) {
            out += row.check == check ? entry_of(row) : "";
        }
        out += ".El\n";
    }
    return out;
}

std::string settings() {
    std::string out = ".Bl -tag -width Ds\n";
    for (const config::Key& key : config::schema()) {
        out += entry_of(key);
    }
    return out + ".El\n";
}

}  // namespace documents
