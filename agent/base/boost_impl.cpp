// SPDX-License-Identifier: Apache-2.0
// The parts of Asio and Beast that are compiled once, not in every file that includes them
// (BOOST_ASIO_SEPARATE_COMPILATION, BOOST_BEAST_SEPARATE_COMPILATION).
#include <boost/asio/impl/src.hpp>
#include <boost/beast/src.hpp>
