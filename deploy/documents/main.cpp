// SPDX-License-Identifier: Apache-2.0
// Writes one document to standard output: generate_documents NAME
#include <cstdio>
#include <string_view>

#include "documents.hpp"

namespace {

struct Document {
    std::string_view name;
    std::string (*text)();
};

constexpr Document all[] = {
    {"catalog", documents::catalog},
    {"reasons", documents::reasons},
    {"settings", documents::settings},
};

}  // namespace

int main(int argc, char** argv) {
    const std::string_view wanted(argc == 2 ? argv[1] : "");
    for (const Document& document : all) {
        if (document.name == wanted) {
            return std::fputs(document.text().c_str(), stdout) < 0 || std::fclose(stdout) != 0;
        }
    }
    std::fputs("usage: generate_documents NAME, where NAME is one of:\n", stderr);
    for (const Document& document : all) {
        std::fprintf(stderr, "  %s\n", document.name.data());
    }
    return 64;
}
