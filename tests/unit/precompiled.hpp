// SPDX-License-Identifier: Apache-2.0
// GoogleTest and what nearly every test includes, compiled once for all unit tests. Each test still
// includes what it uses.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>
