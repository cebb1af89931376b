// SPDX-License-Identifier: Apache-2.0
// The bytes of one NFS NULL call and of its answer: ONC RPC version 2 over TCP, RFC 5531 (sections
// 9 and 11), program 100003 version 4 procedure 0, RFC 8881 section 17.1. NULL takes nothing,
// returns nothing and needs no authentication.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace core {

/// A record mark and a call of ten words.
using NfsNullCall = std::array<char, 44>;

/// The call, with AUTH_NONE as credentials and verifier, in one last fragment.
[[nodiscard]] NfsNullCall nfs_null_call(std::uint32_t xid) noexcept;

/// Reads the answer as it comes, in pieces of any size.
///
/// Any well-formed reply that bears the call's xid proves that the server answers: a denied call,
/// an unknown program, a version that it does not speak (an NFSv3 server) just as well as success.
/// Anything else proves nothing: another program may listen there. What follows the record is not
/// looked at.
class NfsNullReply {
   public:
    enum class State {
        incomplete,  ///< more bytes are needed
        answered,    ///< what() says with which status
        malformed,   ///< what() says why it is no reply to the call
    };

    /// The largest reply there is to this call: an accepted one with a full verifier (400 bytes)
    /// and a range of versions. A record that announces more is malformed at once, and nothing
    /// beyond it is kept.
    static constexpr std::size_t reply_max = 432;

    /// A server may cut a record as it likes; fragments without a byte must not keep the reader
    /// busy for ever.
    static constexpr std::size_t fragments_max = 512;

    explicit NfsNullReply(std::uint32_t xid) noexcept : xid_(xid) {}

    /// Once it is no longer incomplete it stays as it is, whatever is fed.
    State feed(std::string_view bytes);

    [[nodiscard]] State state() const noexcept { return state_; }

    /// A few words, never empty unless incomplete: "success", "program version not supported",
    /// "wrong xid", ...
    [[nodiscard]] std::string_view what() const noexcept { return what_; }

   private:
    void take_mark();
    void judge();
    void end(State state, std::string_view what) noexcept;

    std::uint32_t xid_;
    State state_ = State::incomplete;
    std::string_view what_;  ///< of a literal
    std::string mark_;       ///< what there is of the record mark
    std::string reply_;      ///< what there is of the record, fragments joined
    std::size_t fragments_ = 0;
    std::size_t fragment_left_ = 0;
    bool last_fragment_ = false;
};

}  // namespace core
