// SPDX-License-Identifier: Apache-2.0
// Any bytes as an answer to the NFS NULL call, and as the options of a mount. However the bytes are
// cut the answer is the same, and an address that passes is one that the network library takes.
#include "core/nfs/null_call.hpp"
#include "core/nfs/server_address.hpp"

#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using core::NfsNullReply;

constexpr std::uint32_t xid = 0x78696421;  // "xid!"

void require(bool condition) {
    if (!condition) {
        std::abort();
    }
}

NfsNullReply read(std::string_view bytes, std::size_t step) {
    NfsNullReply reply(xid);
    while (!bytes.empty()) {
        reply.feed(bytes.substr(0, step));
        bytes.remove_prefix(std::min(step, bytes.size()));
    }
    return reply;
}

void read_options(std::string_view options) {
    core::MountEntry mount;
    mount.fstype = "nfs4";
    mount.super_options = options;
    const auto server = core::file_server_of(mount);
    mount.super_options = "rw,addr=" + std::string(options.substr(0, options.find(',')));
    for (const auto& found : {server, core::file_server_of(mount)}) {
        if (found) {
            boost::system::error_code error;
            const auto address = boost::asio::ip::make_address(found->address, error);
            require(!error);
            require(found->port != 0);
            if (address.is_v4() || !address.to_v6().is_v4_mapped()) {
                require(address.is_loopback() == found->loopback);
            }
            require(core::to_string(*found).find('\n') == std::string::npos);
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    const NfsNullReply whole = read(bytes, size);
    const NfsNullReply pieces = read(bytes, std::size_t{data[0]} + 1);
    require(whole.state() == pieces.state() && whole.what() == pieces.what());
    require(whole.what().empty() == (whole.state() == NfsNullReply::State::incomplete));
    read_options(bytes);
    return 0;
}
