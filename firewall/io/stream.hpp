// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "firewall/io/await.hpp"

namespace agentbox::firewall::io {

// Reading and writing of non-blocking sockets: first the system call, then a wait if needed. All of these return when
// the socket is closed while they wait.

/// Returns whether errno `error` means to try again later.
bool would_block(int error) noexcept;

/// Waits until `socket` can be read or written. Returns false if it failed or was closed.
asio::awaitable<bool> wait(asio::ip::tcp::socket& socket, asio::ip::tcp::socket::wait_type type);

enum class Received { bytes, end_of_stream, failed };

/// Appends what has arrived to `into`, at most 4 KiB; nullopt if nothing has.
std::optional<Received> receive_now(asio::ip::tcp::socket& socket, std::string& into);

/// Appends the next bytes to `into`, at most 4 KiB.
asio::awaitable<Received> receive(asio::ip::tcp::socket& socket, std::string& into);

/// Sends `bytes`. Returns the number of bytes sent, fewer if the connection failed.
asio::awaitable<std::size_t> send_all(asio::ip::tcp::socket& socket, std::string_view bytes);

} // namespace agentbox::firewall::io
