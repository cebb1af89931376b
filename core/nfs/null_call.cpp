// SPDX-License-Identifier: Apache-2.0
#include "core/nfs/null_call.hpp"

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <span>

namespace core {
namespace {

constexpr std::size_t word_size = 4;
constexpr std::uint32_t last_fragment_bit = 0x8000'0000U;

enum MessageType : std::uint32_t { call = 0, reply = 1 };
enum ReplyStatus : std::uint32_t { accepted = 0, denied = 1 };
enum RejectStatus : std::uint32_t { rpc_mismatch = 0, auth_error = 1 };

constexpr std::uint32_t rpc_version = 2;
constexpr std::uint32_t nfs_program = 100003;
constexpr std::uint32_t nfs_version = 4;
constexpr std::uint32_t null_procedure = 0;
constexpr std::uint32_t auth_none = 0;
constexpr std::uint32_t verifier_max = 400;

// What an accepted call may come to, by accept_stat; each with the words that follow it where
// nothing is returned.
struct Accepted {
    std::string_view what;
    std::size_t words;
};
constexpr std::array accept_statuses{
    Accepted{"success", 0},
    Accepted{"program not there", 0},
    Accepted{"program version not supported", 2},
    Accepted{"procedure not there", 0},
    Accepted{"arguments not understood", 0},
    Accepted{"system error", 0},
};

std::uint32_t word_of(std::string_view bytes) {
    std::uint32_t word = 0;
    for (const char byte : bytes.substr(0, word_size)) {
        word = word << 8 | static_cast<unsigned char>(byte);
    }
    return word;
}

// Takes XDR items off the front; absent where the bytes end.
class Words {
   public:
    explicit Words(std::string_view bytes) : rest_(bytes) {}

    std::optional<std::uint32_t> next() {
        if (rest_.size() < word_size) {
            return std::nullopt;
        }
        const std::uint32_t word = word_of(rest_);
        rest_.remove_prefix(word_size);
        return word;
    }

    bool skip(std::size_t bytes) {
        const std::size_t padded = (bytes + word_size - 1) / word_size * word_size;
        if (rest_.size() < padded) {
            return false;
        }
        rest_.remove_prefix(padded);
        return true;
    }

    [[nodiscard]] std::size_t left() const { return rest_.size(); }

   private:
    std::string_view rest_;
};

struct Judgement {
    NfsNullReply::State state;
    std::string_view what;
};

constexpr Judgement malformed(std::string_view what) {
    return {NfsNullReply::State::malformed, what};
}

Judgement judge_accepted(Words& words) {
    const auto flavor = words.next();
    const auto verifier = words.next();
    if (!flavor || !verifier || *verifier > verifier_max || !words.skip(*verifier)) {
        return malformed("a verifier that is too long");
    }
    const auto status = words.next();
    if (!status || *status >= accept_statuses.size()) {
        return malformed("an unknown status of an accepted call");
    }
    const Accepted& meaning = accept_statuses[*status];
    if (words.left() != meaning.words * word_size) {
        return malformed("a reply of the wrong length");
    }
    return {NfsNullReply::State::answered, meaning.what};
}

Judgement judge_denied(Words& words) {
    const auto status = words.next();
    const bool is_mismatch = status == rpc_mismatch;
    if (!is_mismatch && status != auth_error) {
        return malformed("an unknown status of a denied call");
    }
    if (words.left() != (is_mismatch ? 2 : 1) * word_size) {
        return malformed("a reply of the wrong length");
    }
    return {NfsNullReply::State::answered,
            is_mismatch ? "RPC version not supported" : "authentication refused"};
}

Judgement judge_reply(std::string_view bytes, std::uint32_t xid) {
    Words words(bytes);
    if (words.next() != xid) {
        return malformed("wrong xid");
    }
    const auto type = words.next();
    if (type != reply) {
        return malformed(type == call ? "a call instead of a reply" : "neither a call nor a reply");
    }
    const auto status = words.next();
    if (status == accepted) {
        return judge_accepted(words);
    }
    return status == denied ? judge_denied(words) : malformed("neither accepted nor denied");
}

}  // namespace

NfsNullCall nfs_null_call(std::uint32_t xid) noexcept {
    NfsNullCall bytes{};
    constexpr std::uint32_t length = bytes.size() - word_size;
    const std::array words{last_fragment_bit | length,
                           xid,
                           std::uint32_t{call},
                           rpc_version,
                           nfs_program,
                           nfs_version,
                           null_procedure,
                           auth_none,
                           0U,
                           auth_none,
                           0U};
    static_assert(words.size() * word_size == bytes.size());
    auto out = bytes.begin();
    for (const std::uint32_t word : words) {
        for (const int shift : {24, 16, 8, 0}) {
            *out++ = static_cast<char>(word >> shift & 0xffU);
        }
    }
    return bytes;
}

NfsNullReply::State NfsNullReply::feed(std::string_view bytes) {
    while (state_ == State::incomplete && !bytes.empty()) {
        const bool in_mark = fragment_left_ == 0;
        std::string& part = in_mark ? mark_ : reply_;
        const std::size_t wanted = in_mark ? word_size - mark_.size() : fragment_left_;
        const std::string_view piece = bytes.substr(0, wanted);
        part += piece;
        bytes.remove_prefix(piece.size());
        if (!in_mark) {
            fragment_left_ -= piece.size();
        } else if (mark_.size() == word_size) {
            take_mark();
        }
        if (state_ == State::incomplete && last_fragment_ && fragment_left_ == 0) {
            judge();
        }
    }
    return state_;
}

void NfsNullReply::take_mark() {
    const std::uint32_t mark = word_of(mark_);
    mark_.clear();
    last_fragment_ = (mark & last_fragment_bit) != 0;
    fragment_left_ = mark & ~last_fragment_bit;
    if (fragment_left_ > reply_max - reply_.size()) {
        end(State::malformed, "a record that is too long");
    } else if (++fragments_ > fragments_max) {
        end(State::malformed, "a record of too many fragments");
    }
}

void NfsNullReply::judge() {
    const Judgement judgement = judge_reply(reply_, xid_);
    end(judgement.state, judgement.what);
}

void NfsNullReply::end(State state, std::string_view what) noexcept {
    state_ = state;
    what_ = what;
}

}  // namespace core
