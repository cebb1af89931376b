// SPDX-License-Identifier: Apache-2.0
#include "agent/http/response.hpp"

#include <array>

namespace agent {
namespace {

struct StatusLine {
    int status;
    std::string_view text;
    std::string_view fields;
};

constexpr std::array status_lines{
    StatusLine{200, "HTTP/1.1 200 OK\r\n", ""},
    StatusLine{503, "HTTP/1.1 503 Service Unavailable\r\n", ""},
    StatusLine{404, "HTTP/1.1 404 Not Found\r\n", ""},
    StatusLine{405, "HTTP/1.1 405 Method Not Allowed\r\n", "Allow: GET, HEAD\r\n"},
    StatusLine{400, "HTTP/1.1 400 Bad Request\r\n", ""},
    StatusLine{408, "HTTP/1.1 408 Request Timeout\r\n", ""},
    StatusLine{431, "HTTP/1.1 431 Request Header Fields Too Large\r\n", ""},
    StatusLine{500, "HTTP/1.1 500 Internal Server Error\r\n",
               ""},  // for a status that is not in this table
};

const StatusLine& line_of(int status) {
    for (const StatusLine& line : status_lines) {
        if (line.status == status) {
            return line;
        }
    }
    return status_lines.back();
}

std::string header_of(const StatusLine& line, std::string_view content_type, std::size_t length,
                      std::string_view fields, std::string_view connection) {
    std::string header;
    header.append(line.text).append("Content-Type: ").append(content_type);
    header.append("\r\nContent-Length: ").append(std::to_string(length));
    header.append("\r\nCache-Control: no-store\r\nConnection: ").append(connection).append("\r\n");
    header.append(line.fields).append(fields).append("\r\n");
    return header;
}

}  // namespace

PreparedResponse::PreparedResponse(int status, std::string_view content_type, std::string_view body,
                                   std::string_view fields) {
    const StatusLine& line = line_of(status);
    status_ = line.status;
    const auto prepare = [&line, content_type, body, fields](std::string_view connection) {
        std::string bytes = header_of(line, content_type, body.size(), fields, connection);
        const std::size_t header_size = bytes.size();
        bytes.append(body);
        return Variant{std::make_shared<const std::string>(std::move(bytes)), header_size};
    };
    keep_alive_ = prepare("keep-alive");
    close_ = prepare("close");
}

WireBytes PreparedResponse::wire(Part part, Connection connection) const {
    const Variant& variant = connection == Connection::keep_alive ? keep_alive_ : close_;
    if (!variant.bytes) {
        return {};
    }
    return {variant.bytes, part == Part::header ? variant.header_size : variant.bytes->size()};
}

}  // namespace agent
