// SPDX-License-Identifier: Apache-2.0
#include "agent/report/message_id.hpp"

#include <boost/uuid/name_generator_sha1.hpp>
#include <boost/uuid/string_generator.hpp>
#include <boost/uuid/uuid_io.hpp>

namespace agent {
namespace {

constexpr const char* all_pass = "3bec9d3c78a749948dabc8b7c2d38b90";  // and the namespace

}  // namespace

std::string message_id(core::Check check, core::Reason reason) {
    if (reason == core::Reason::none) {
        return all_pass;
    }
    const boost::uuids::name_generator_sha1 named(boost::uuids::string_generator()(all_pass));
    const std::string name = std::string(to_string(check)).append("/").append(to_string(reason));
    std::string id = boost::uuids::to_string(named(name));
    std::erase(id, '-');
    return id;
}

}  // namespace agent
