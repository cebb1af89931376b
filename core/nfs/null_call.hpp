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
/// Any well-formed reply with the call's xid proves that the server answers: success, a denied
/// call, an unknown program, or an unsupported version (an NFSv3 server). Other bytes prove
/// nothing, because another program may listen there. Ignores bytes after the record.
class NfsNullReply {
   public:
    enum class State {
        incomplete,  ///< more bytes are needed
        answered,    ///< what() has the status
        malformed,   ///< what() has the reason
    };

    /// The largest possible reply: an accepted one with a full verifier (400 bytes) and a range of
    /// versions. A record that announces more is malformed.
    static constexpr std::size_t reply_max = 432;

    /// A server may split a record at will; empty fragments must not occupy the reader for ever.
    static constexpr std::size_t fragments_max = 512;

    explicit NfsNullReply(std::uint32_t xid) noexcept : xid_(xid) {}

    /// Ignores bytes once the state is no longer incomplete.
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
    std::string mark_;       ///< the received part of the record mark
    std::string reply_;      ///< the received part of the record, fragments joined
    std::size_t fragments_ = 0;
    std::size_t fragment_left_ = 0;
    bool last_fragment_ = false;
};

}  // namespace core
