// SPDX-License-Identifier: Apache-2.0
// Answers as complete bytes, rendered once for each change; an answer only sends them.
//
// No Date field: caches need it to compute ages, but these must not be cached (Cache-Control:
// no-store), and the bodies contain the times of their facts. No Server field: no client needs it.
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

/// The bytes of one answer, shared. They live until they are sent, also when new answers are
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

    /// `status` is 200, 400, 404, 405, 408, 431 or 503; any other becomes 500. 405 includes Allow.
    /// `fields` are more header fields, each a whole line with its CRLF.
    PreparedResponse(int status, std::string_view content_type, std::string_view body,
                     std::string_view fields = {});

    enum class Part { whole, header };
    enum class Connection { keep_alive, close };

    /// The status line is HTTP/1.1 for 1.0 clients, too (RFC 9110, 2.5). Connection is always
    /// included, because a 1.0 client keeps a connection only if it is.
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
