// SPDX-License-Identifier: Apache-2.0
#include "agent/http/gzip.hpp"

#include <zlib.h>

namespace agent {
namespace {

/// Of 1 to 9. A page of metrics repeats the same words, so that more effort gains little.
constexpr int level = 1;
/// Of 2^15 bytes and of 9: zlib allocates (1 << (window + 2)) + (1 << (memory + 9)) bytes (zlib.h,
/// "Memory").
constexpr int window_bits = 14;
constexpr int memory_level = 5;
constexpr int as_gzip = 16;

class Deflater {
   public:
    Deflater()
        : ready_(::deflateInit2(&stream_, level, Z_DEFLATED, window_bits + as_gzip, memory_level,
                                Z_DEFAULT_STRATEGY) == Z_OK) {}
    ~Deflater() {
        if (ready_) {
            ::deflateEnd(&stream_);
        }
    }
    Deflater(const Deflater&) = delete;
    Deflater& operator=(const Deflater&) = delete;

    [[nodiscard]] std::optional<std::string> all_of(std::string_view bytes) {
        if (!ready_) {
            return std::nullopt;
        }
        std::string packed(::deflateBound(&stream_, bytes.size()), '\0');
        // zlib declares its input writable but does not write to it.
        stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
        stream_.avail_in = static_cast<uInt>(bytes.size());
        stream_.next_out = reinterpret_cast<Bytef*>(packed.data());
        stream_.avail_out = static_cast<uInt>(packed.size());
        if (::deflate(&stream_, Z_FINISH) != Z_STREAM_END) {
            return std::nullopt;
        }
        packed.resize(stream_.total_out);
        packed.shrink_to_fit();
        return packed;
    }

   private:
    z_stream stream_{};
    bool ready_ = false;
};

}  // namespace

std::optional<std::string> gzip(std::string_view bytes) {
    return Deflater().all_of(bytes);
}

}  // namespace agent
