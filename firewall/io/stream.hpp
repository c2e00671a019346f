// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

#include "firewall/io/await.hpp"

namespace agentbox::firewall::io {

// Bytes of a non-blocking socket, straight: what is there is taken at once and into no more memory than it needs, and
// only then is waited. All of these end when the socket is closed meanwhile.

/// Whether `error`, an errno, means that a later attempt may go on.
bool would_block(int error) noexcept;

/// Waits until `socket` can be read or written; false when it failed or was closed.
asio::awaitable<bool> wait(asio::ip::tcp::socket& socket, asio::ip::tcp::socket::wait_type type);

enum class Received { bytes, end_of_stream, failed };

/// Appends what comes next to `into`: at most 4 KiB.
asio::awaitable<Received> receive(asio::ip::tcp::socket& socket, std::string& into);

/// Sends all of `bytes`. Returns how many went: fewer when the connection failed.
asio::awaitable<std::size_t> send_all(asio::ip::tcp::socket& socket, std::string_view bytes);

} // namespace agentbox::firewall::io
