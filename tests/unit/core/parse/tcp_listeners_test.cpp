// SPDX-License-Identifier: Apache-2.0
#include "core/parse/tcp_listeners.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr const char* table =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout "
    "inode\n"
    "   0: 0100007F:1F59 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 "
    "4711 1 0 100 0 0 10 0\n"
    "   1: 00000000:0019 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 "
    "4712 1 0 100 0 0 10 0\n"
    "   2: 0100007F:1F59 0100007F:9C40 01 00000000:00000000 00:00000000 00000000     0        0 "
    "4713 1 0 100 0 0 10 0\n"
    "   3: 00000000000000000000000000000000:1F59 00000000000000000000000000000000:0000 0A "
    "00000000:00000000 "
    "00:00000000 00000000 0 0 4714 1\n";

TEST(TcpListeners, ListenersOfBothFamiliesAreFound) {
    EXPECT_THAT(core::listeners_on(table, 8025), ElementsAre(4711, 4714));
    EXPECT_THAT(core::listeners_on(table, 25), ElementsAre(4712));
}

TEST(TcpListeners, OtherPortsConnectionsAndRubbishAreNot) {
    EXPECT_THAT(core::listeners_on(table, 40000), IsEmpty());
    EXPECT_THAT(core::listeners_on("rubbish\n0: 0:zz 0 0A\n", 0), IsEmpty());
}

}  // namespace
