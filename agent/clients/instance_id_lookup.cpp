// SPDX-License-Identifier: Apache-2.0
#include "agent/clients/instance_id_lookup.hpp"

#include "core/model/instance_id.hpp"

#include <array>
#include <utility>

namespace agent {
namespace {

constexpr const char* id_path = "/latest/meta-data/instance-id";

struct Name {
    IdentitySource source;
    std::string_view text;
};

constexpr std::array names{
    Name{IdentitySource::settings, "the setting instance_id"},
    Name{IdentitySource::dmi_asset_tag, "the DMI asset tag"},
    Name{IdentitySource::remembered, "the id remembered in this boot"},
    Name{IdentitySource::imds, "the metadata service"},
    Name{IdentitySource::cloud_init, "cloud-init"},
};

// Collects why each source in turn did not answer.
class Enquiry {
   public:
    [[nodiscard]] bool file_names(IdentitySource source, std::string_view content) {
        if (content.empty()) {
            note(std::string(to_string(source)) + " is absent, empty or unreadable");
            return false;
        }
        return answer_names(source, content);
    }

    [[nodiscard]] bool answer_names(IdentitySource source, std::string_view body) {
        auto id = core::id_from_answer(body, to_string(source));
        if (!id) {
            note(id.error().message);
            return false;
        }
        found_ = {std::move(*id), source};
        return true;
    }

    void note(const std::string& why) { whys_ += (whys_.empty() ? "" : "; ") + why; }

    [[nodiscard]] Identity found() const { return found_; }

    [[nodiscard]] core::Error none() const {
        return {core::Errc::unavailable, "find this instance's id: " + whys_ +
                                             "; set instance_id if this is not an EC2 instance"};
    }

   private:
    Identity found_;
    std::string whys_;
};

core::Result<Identity> from_setting(std::string setting) {
    if (auto valid = core::validate_literal_id(setting); !valid) {
        return valid.error();
    }
    return Identity{std::move(setting), IdentitySource::settings};
}

}  // namespace

std::string_view to_string(IdentitySource source) noexcept {
    for (const Name& name : names) {
        if (name.source == source) {
            return name.text;
        }
    }
    return "unknown";
}

boost::asio::awaitable<core::Result<Identity>> resolve_identity(std::string setting,
                                                                IdentityFiles files,
                                                                ImdsClient& imds) {
    if (setting != "auto") {
        co_return from_setting(std::move(setting));
    }
    Enquiry enquiry;
    if (enquiry.file_names(IdentitySource::dmi_asset_tag, files.dmi_asset_tag) ||
        enquiry.file_names(IdentitySource::remembered, files.remembered)) {
        co_return enquiry.found();
    }
    core::Result<std::string> answer = co_await imds.fetch(id_path);
    if (!answer) {
        enquiry.note(answer.error().message);
    } else if (enquiry.answer_names(IdentitySource::imds, *answer)) {
        co_return enquiry.found();
    }
    if (enquiry.file_names(IdentitySource::cloud_init, files.cloud_init)) {
        co_return enquiry.found();
    }
    co_return enquiry.none();
}

}  // namespace agent
