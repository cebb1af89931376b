// SPDX-License-Identifier: Apache-2.0
#include "agent/ipc/channel.hpp"

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>

namespace agent {
namespace {

constexpr const char* object = "the channel";

// Room for one descriptor. Alignment leaves room for a second on 64-bit systems, so every one that
// came is looked at.
struct alignas(cmsghdr) Control {
    std::array<char, CMSG_SPACE(sizeof(int))> bytes{};
};

msghdr header_of(iovec& part) {
    msghdr header{};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    return header;
}

void attach(msghdr& header, Control& control, int descriptor) {
    header.msg_control = control.bytes.data();
    header.msg_controllen = control.bytes.size();
    cmsghdr* entry = CMSG_FIRSTHDR(&header);
    entry->cmsg_level = SOL_SOCKET;
    entry->cmsg_type = SCM_RIGHTS;
    entry->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(entry), &descriptor, sizeof(int));
}

// Owns what came, however much it was, so that nothing leaks when the message is refused.
std::vector<FileDescriptor> take_descriptors(msghdr& header) {
    std::vector<FileDescriptor> taken;
    for (cmsghdr* entry = CMSG_FIRSTHDR(&header); entry != nullptr;
         entry = CMSG_NXTHDR(&header, entry)) {
        if (entry->cmsg_level != SOL_SOCKET || entry->cmsg_type != SCM_RIGHTS) {
            continue;
        }
        const std::size_t count = (entry->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
            int descriptor = -1;
            std::memcpy(&descriptor, CMSG_DATA(entry) + i * sizeof(int), sizeof(int));
            taken.emplace_back(descriptor);
        }
    }
    return taken;
}

core::Error malformed(const std::string& what) {
    return {core::Errc::malformed, std::string("receive from ") + object + ": " + what};
}

}  // namespace

core::Result<std::pair<FileDescriptor, FileDescriptor>> make_channel() {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
        return core::system_error(errno, "make", object);
    }
    return std::pair{FileDescriptor{ends[0]}, FileDescriptor{ends[1]}};
}

core::Result<void> send_message(int channel, std::span<const std::uint8_t> bytes, int descriptor) {
    if (bytes.empty() || bytes.size() > max_message_size) {
        return core::Error{core::Errc::malformed, std::string("send over ") + object + ": " +
                                                      std::to_string(bytes.size()) +
                                                      " bytes are not in 1.." +
                                                      std::to_string(max_message_size)};
    }
    // sendmsg does not write to what it sends; iovec just has no const form.
    iovec part{const_cast<std::uint8_t*>(bytes.data()), bytes.size()};
    msghdr header = header_of(part);
    Control control;
    if (descriptor >= 0) {
        attach(header, control, descriptor);
    }
    while (::sendmsg(channel, &header, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
        if (errno != EINTR) {
            return core::system_error(errno, "send over", object);
        }
    }
    return {};
}

core::Result<Message> receive_message(int channel) {
    Message message;
    message.bytes.resize(max_message_size);
    iovec part{message.bytes.data(), message.bytes.size()};
    Control control;
    msghdr header = header_of(part);
    header.msg_control = control.bytes.data();
    header.msg_controllen = control.bytes.size();

    ssize_t received = 0;
    while ((received = ::recvmsg(channel, &header, MSG_CMSG_CLOEXEC)) < 0) {
        if (errno == ECONNRESET) {
            return Message{};  // the other end went with something of ours unread
        }
        if (errno != EINTR) {
            return core::system_error(errno, "receive from", object);
        }
    }
    std::vector<FileDescriptor> descriptors = take_descriptors(header);
    if ((header.msg_flags & MSG_TRUNC) != 0) {
        return malformed("a datagram over " + std::to_string(max_message_size) + " bytes");
    }
    if ((header.msg_flags & MSG_CTRUNC) != 0 || descriptors.size() > 1) {
        return malformed("more than one descriptor beside a datagram");
    }
    message.bytes.resize(static_cast<std::size_t>(received));
    if (received > 0 && !descriptors.empty()) {
        message.descriptor = std::move(descriptors.front());
    }
    return message;
}

}  // namespace agent
