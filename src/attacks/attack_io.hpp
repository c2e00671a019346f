// SPDX-License-Identifier: Apache-2.0
// Small tools that the families share.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <netinet/in.h>
#include <string_view>
#include <sys/socket.h>

namespace agentbox::attacks {

/// A file's beginning, or nothing when it cannot be read.
class FileText {
public:
  explicit FileText(const char* path);
  bool readable() const { return m_length >= 0; }
  std::string_view text() const { return {m_bytes.data(), static_cast<std::size_t>(m_length < 0 ? 0 : m_length)}; }

private:
  std::array<char, 65536> m_bytes{};
  long m_length = -1;
};

/// The next line of `rest`, which is shortened by it.
std::string_view next_line(std::string_view& rest);

/// The next word of `rest`, which is shortened by it; blanks and tabs separate.
std::string_view next_word(std::string_view& rest);

/// The value of line "NAME:\tVALUE" of a status file; empty when there is none.
std::string_view status_field(std::string_view status, std::string_view name);

/// The number at the start of `text`; 0 when there is none.
std::uint64_t number_of(std::string_view text);

/// Either family's address.
struct Address {
  sockaddr_storage storage{};
  socklen_t length = 0;
  const sockaddr* generic() const;
};

/// A numeric address as inet_pton takes it.
Address address_of(const char* text, std::uint16_t port);

/// What connect(2) came to within `timeout_ms`: 0 or an errno, ETIMEDOUT for none. `fd` is made non-blocking.
int connect_result(int fd, const Address& to, int timeout_ms);

/// Sends a datagram and waits for the network's word on it: 0 when it was taken without complaint, else an errno.
int datagram_result(int fd, const Address& to, std::string_view bytes, int timeout_ms);

/// Like read(2) with a deadline: -1 when nothing came.
long read_within(int fd, void* buffer, std::size_t size, int timeout_ms);

} // namespace agentbox::attacks
