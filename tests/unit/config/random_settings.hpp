// SPDX-License-Identifier: Apache-2.0
// Random settings that are valid, and keys that are not, for property tests. The same seed gives
// the same values.
#pragma once

#include "config/load.hpp"

#include <random>
#include <string>
#include <vector>

namespace test {

class RandomSettings {
   public:
    explicit RandomSettings(unsigned seed) : random_(seed) {}

    /// Assignments for --set, some keys each time, that load.
    std::vector<std::string> overrides() {
        for (;;) {
            std::vector<std::string> chosen;
            for (const std::string& assignment : all()) {
                if (below(3) != 0) {
                    chosen.push_back(assignment);
                }
            }
            if (config::load_text("{}", "random", chosen)) {  // not an impossible combination
                return chosen;
            }
        }
    }

    /// `name` with one character more, one less or another one.
    std::string mutated(std::string name) {
        const std::size_t at = below(name.size());
        const char letter = "abcdefghijklmnopqrstuvwxyz_"[below(27)];
        switch (below(3)) {
            case 0: return name.insert(at, 1, letter);
            case 1: return name.erase(at, 1);
            default: name[at] = letter; return name;
        }
    }

   private:
    std::size_t below(std::size_t bound) { return random_() % bound; }
    std::string pick(const std::vector<std::string>& choices) {
        return choices[below(choices.size())];
    }
    std::string number(std::size_t least, std::size_t most) {
        return std::to_string(least + below(most - least + 1));
    }

    // With what JSON and a comment could trip over.
    std::string component() {
        std::string text = "x";
        for (std::size_t left = below(12); left > 0; --left) {
            text += pick({"a", "Z", "0", " ", "\"", "\\", "*", "{", "}", ",", "\xc3\xa9",
                          "\xf0\x9f\x93\xac", "."});
        }
        return text;
    }
    std::string path() {
        std::string text;
        for (std::size_t left = 1 + below(4); left > 0; --left) {
            text += "/" + component();
        }
        return text;
    }

    std::vector<std::string> all() {
        return {
            "listen.address=" + pick({"::", "0.0.0.0", "127.0.0.1", "2001:db8::1"}),
            "listen.port=" + number(0, 65535),
            "instance_id=" + pick({"auto", "i-0123456789abcdef0", component()}),
            "imds.endpoint=http://127.0.0.1:" + number(1, 65535),
            "mount.path=" + path(),
            "mount.fstypes=" + pick({"nfs4", "ext4,tmpfs", "fuse.sshfs,9p,nfs4"}),
            "mount.source=" + pick({"null", "fs:/", component()}),
            "mount.wait=" + number(0, 86'400'000) + "ms",
            "mount.deadline=" + number(100, 60'000) + "ms",
            "queue.link=" + path(),
            "queue.skeleton=" + path(),
            "queue.after_user_data=" + pick({"true", "false"}),
            "maillog.source=" + pick({"auto", "file", "journal"}),
            "maillog.path=" + pick({"auto", path()}),
            "shared_fault.hold=" + number(0, 1440) + "m",
            "checks.interval=" + number(100, 3'600'000) + "ms",
            "checks.fail_after=" + number(1, 100),
            "checks.pass_after=" + number(1, 100),
            "census.interval=" + number(0, 86'400'000) + "ms",
            "census.budget=" + number(1, 1'000'000),
            "drain.delay=" + number(0, 3600) + "s",
            "user=" + pick({"auto", "nobody", "_mail"}),
        };
    }

    std::mt19937 random_;
};

}  // namespace test
