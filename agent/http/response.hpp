// SPDX-License-Identifier: Apache-2.0
// Answers as complete bytes, made once when what they say changes; to answer is to send them.
//
// No Date field: it lets caches reckon ages, and nothing may cache these (Cache-Control: no-store);
// the bodies say themselves how old their facts are. No Server field: nobody needs it.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace agent {

namespace content_type {
inline constexpr std::string_view health = "application/health+json";
inline constexpr std::string_view html = "text/html; charset=utf-8";
inline constexpr std::string_view text = "text/plain; charset=utf-8";
inline constexpr std::string_view metrics = "text/plain; version=0.0.4; charset=utf-8";
inline constexpr std::string_view openmetrics =
    "application/openmetrics-text; version=1.0.0; charset=utf-8";
}  // namespace content_type

/// The bytes of one answer. Shares them: they live for as long as they are being sent, whatever is
/// published meanwhile.
class WireBytes {
   public:
    WireBytes() = default;
    WireBytes(std::shared_ptr<const std::string> bytes, std::size_t size)
        : bytes_(std::move(bytes)), size_(size) {}
    [[nodiscard]] std::string_view view() const {
        return bytes_ ? std::string_view(bytes_->data(), size_) : "";
    }

   private:
    std::shared_ptr<const std::string> bytes_;
    std::size_t size_ = 0;
};

class PreparedResponse {
   public:
    PreparedResponse() = default;

    /// `status` is one of 200, 400, 404, 405, 408, 431, 503; 405 carries Allow. `fields` are more
    /// header fields, whole lines, each with its CRLF.
    PreparedResponse(int status, std::string_view content_type, std::string_view body,
                     std::string_view fields = {});

    enum class Part { whole, header };
    enum class Connection { keep_alive, close };

    /// The status line says HTTP/1.1 to clients of 1.0 too (RFC 9110, 2.5); Connection is always
    /// said, since a 1.0 client keeps a connection only if told.
    [[nodiscard]] WireBytes wire(Part part, Connection connection) const;

    [[nodiscard]] int status() const { return status_; }
    [[nodiscard]] bool empty() const { return status_ == 0; }

   private:
    struct Variant {
        std::shared_ptr<const std::string> bytes;
        std::size_t header_size = 0;
    };
    int status_ = 0;
    Variant keep_alive_;
    Variant close_;
};

}  // namespace agent
