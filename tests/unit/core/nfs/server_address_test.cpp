// SPDX-License-Identifier: Apache-2.0
#include "core/nfs/server_address.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace {

using core::file_server_of;
using core::FileServer;

std::optional<FileServer> server_of(const std::string& super_options,
                                    const std::string& fstype = "nfs4") {
    core::MountEntry mount;
    mount.fstype = fstype;
    mount.super_options = super_options;
    return file_server_of(mount);
}

std::optional<FileServer> server_at(const std::string& address) {
    return server_of("rw,addr=" + address);
}

TEST(FileServerOfAMount, IsTheAddressAndNotTheClients) {
    const auto server = server_of(
        "rw,vers=4.1,rsize=262144,wsize=262144,namlen=255,hard,noresvport,proto=tcp,timeo=600,"
        "retrans=2,sec=sys,"
        "clientaddr=192.168.77.2,local_lock=none,addr=192.168.77.1");
    EXPECT_EQ(server, (FileServer{.address = "192.168.77.1", .port = 2049, .loopback = false}));
}

TEST(FileServerOfAMount, ThroughATunnelIsAPortOfThisHost) {
    const auto server = server_of(
        "rw,vers=4.1,proto=tcp,port=20049,clientaddr=127.0.0.1,local_lock=none,addr=127.0.0.1");
    EXPECT_EQ(server, (FileServer{.address = "127.0.0.1", .port = 20049, .loopback = true}));
}

TEST(FileServerOfAMount, OfVersion3IsNotThatOfTheMountProtocol) {
    const auto server = server_of(
        "rw,vers=3,mountaddr=10.0.0.9,mountvers=3,mountport=892,mountproto=udp,local_lock=none,"
        "addr=10.0.0.8",
        "nfs");
    EXPECT_EQ(server, (FileServer{.address = "10.0.0.8", .port = 2049, .loopback = false}));
}

TEST(FileServerOfAMount, PortZeroIsTheUsualPort) {
    EXPECT_EQ(server_of("rw,port=0,addr=10.0.0.8")->port, 2049);
    EXPECT_EQ(server_of("rw,port=1,addr=10.0.0.8")->port, 1);
    EXPECT_EQ(server_of("rw,port=65535,addr=10.0.0.8")->port, 65535);
}

TEST(FileServerOfAMount, IsThereForNfsOnly) {
    for (const char* fstype : {"tmpfs", "ext4", "fuse", "cifs", "autofs", "nfsd", "nfs5", ""}) {
        EXPECT_FALSE(server_of("rw,addr=10.0.0.8", fstype)) << fstype;
    }
}

TEST(FileServerOfAMount, IsAbsentWhereTheOptionsNameNone) {
    for (const char* options :
         {"", "rw", "rw,addr", "rw,addr=", "rw,clientaddr=10.0.0.1", "rw,mountaddr=10.0.0.1",
          "rw,xaddr=10.0.0.1", "rw,addr=server.example.com", "rw,addr=localhost",
          "rw,port=x,addr=10.0.0.8", "rw,port=,addr=10.0.0.8", "rw,port=65536,addr=10.0.0.8",
          "rw,port=-1,addr=10.0.0.8", "rw,port=20 49,addr=10.0.0.8"}) {
        EXPECT_FALSE(server_of(options)) << options;
    }
}

TEST(FileServerAddress, OfVersion4IsFourPlainNumbers) {
    for (const char* address : {"0.0.0.0", "10.0.1.23", "255.255.255.255"}) {
        ASSERT_TRUE(server_at(address)) << address;
        EXPECT_EQ(server_at(address)->address, address);
    }
    for (const char* address :
         {"10.0.1", "10.0.1.", "10.0.1.2.3", "10.0.1.256", "10.0.1.-1", "10.0.01.2", "10..1.2",
          ".10.0.1", "10.0.1.2%eth0", "10.0.1.2:2049", " 10.0.1.2", "0x0a.0.0.1", "167772161"}) {
        EXPECT_FALSE(server_at(address)) << address;
    }
}

TEST(FileServerAddress, OfVersion6IsWhatTheKernelPrints) {
    for (const char* address :
         {"::", "::1", "1::", "fd00:ec2::f0", "2001:db8:1:2:3:4:5:6", "2001:db8::5:6",
          "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8", "::ffff:10.0.0.1", "64:ff9b::10.0.0.1",
          "1:2:3:4:5:6:10.0.0.1", "fe80::1%2", "fe80::1%eth0", "FD00::A"}) {
        ASSERT_TRUE(server_at(address)) << address;
        EXPECT_EQ(server_at(address)->address, address);
        EXPECT_FALSE(server_at(address)->loopback && std::string(address) != "::1") << address;
    }
    for (const char* address : {":",
                                ":::",
                                "1:",
                                ":1",
                                "1:2",
                                "1::2::3",
                                "1:2:3:4:5:6:7",
                                "1:2:3:4:5:6:7:8:9",
                                "1:2:3:4:5:6:7:8::",
                                "::1:2:3:4:5:6:7:8",
                                "12345::",
                                "::g",
                                "::1:",
                                "::10.0.0",
                                "1:2:3:4:5:6:7:10.0.0.1",
                                "10.0.0.1::",
                                "[::1]",
                                "fe80::1%",
                                "fe80::1%an interface",
                                "fe80::1%a%b",
                                "fe80::1%abcdefghijklmnop",
                                "::10.0.0.1:1"}) {
        EXPECT_FALSE(server_at(address)) << address;
    }
}

TEST(FileServerAddress, IsLoopbackInAllItsForms) {
    for (const char* address :
         {"127.0.0.1", "127.255.0.9", "::1", "0:0:0:0:0:0:0:1", "::ffff:127.0.0.1",
          "::ffff:7f01:203", "0:0:0:0:0:ffff:127.0.0.1"}) {
        ASSERT_TRUE(server_at(address)) << address;
        EXPECT_TRUE(server_at(address)->loopback) << address;
    }
    for (const char* address : {"128.0.0.1", "126.0.0.1", "::2", "1::1", "::", "::ffff:10.0.0.1",
                                "::127.0.0.1", "::1:ffff:127.0.0.1", "fe80::1%2"}) {
        ASSERT_TRUE(server_at(address)) << address;
        EXPECT_FALSE(server_at(address)->loopback) << address;
    }
}

TEST(FileServerAddress, IsPrintedWithItsPort) {
    EXPECT_EQ(to_string(*server_of("rw,addr=10.0.1.23")), "10.0.1.23:2049");
    EXPECT_EQ(to_string(*server_of("rw,port=20049,addr=fd00::1")), "[fd00::1]:20049");
}

}  // namespace
