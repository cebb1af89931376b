// SPDX-License-Identifier: Apache-2.0
// The effective settings, with their defaults. The table of keys, types, ranges and words is
// config/schema.hpp; loading and validation are in config/. A Settings that left config::load()
// keeps every bound the table names.
#pragma once

#include "core/base/time.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace core {

enum class MaillogSource { automatic, file, journal };

struct Settings {
    struct Listen {
        std::string address = "::";  ///< an IP literal; "::" listens on both families
        std::uint16_t port = 8025;
        std::uint16_t connections_per_source = 64;  ///< at least 1
    } listen;

    std::string instance_id = "auto";  ///< "auto", or one safe path component

    struct Imds {
        std::string endpoint = "http://169.254.169.254";  ///< http://<IP literal>[:port]
    } imds;

    struct Mount {
        std::string path = "/Mail";  ///< absolute, normal form, no trailing slash
        std::vector<std::string> fstypes{"nfs4"};
        std::optional<std::string> source;  ///< as in the tenth field of mountinfo; absent: any
        Duration wait = std::chrono::minutes(5);
        Duration deadline = std::chrono::seconds(2);
    } mount;

    struct Queue {
        std::string link = "/var/spool/postfix";
        std::string skeleton = "/var/spool/postfix_org";
        bool after_user_data = false;  ///< the relink waits until cloud-init has run user data
    } queue;

    struct Maillog {
        MaillogSource source = MaillogSource::automatic;
        std::string path = "auto";  ///< "auto", or an absolute path
    } maillog;

    struct SharedFault {
        Duration hold = std::chrono::minutes(30);
    } shared_fault;

    struct Checks {
        Duration interval = std::chrono::seconds(5);
        int fail_after = 2;  ///< rounds, at least 1
        int pass_after = 1;  ///< rounds, at least 1
    } checks;

    struct Census {
        Duration interval = std::chrono::minutes(1);  ///< 0: never
        int budget = 200;  ///< operations of the file system per second, at least 1
    } census;

    struct Drain {
        Duration delay{0};
    } drain;

    std::string user = "auto";
};

}  // namespace core
