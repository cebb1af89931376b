// SPDX-License-Identifier: Apache-2.0
#include "agent/supervisor/child_exit.hpp"

#include <gtest/gtest.h>

#include <unistd.h>

#include <csignal>

namespace agent {
namespace {

template <class Body>
ChildExit exit_of(Body body) {
    ChildExit child;
    child.pid = ::fork();
    if (child.pid == 0) {
        body();
        ::_exit(0);
    }
    EXPECT_EQ(::waitpid(child.pid, &child.status, 0), child.pid);
    return child;
}

TEST(ChildExit, TextNamesTheStatusOrTheSignal) {
    EXPECT_EQ(exit_of([] { ::_exit(3); }).text(), "exited with status 3");
    EXPECT_EQ(exit_of([] { ::raise(SIGKILL); }).text(), "was killed by signal 9");
}

TEST(ChildExit, OnlyStatusZeroIsClean) {
    EXPECT_TRUE(exit_of([] {}).is_clean());
    EXPECT_FALSE(exit_of([] { ::_exit(3); }).is_clean());
    EXPECT_FALSE(exit_of([] { ::raise(SIGKILL); }).is_clean());
}

}  // namespace
}  // namespace agent
