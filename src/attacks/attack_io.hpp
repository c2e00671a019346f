// SPDX-License-Identifier: Apache-2.0
// Functions that the families share.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <sys/socket.h>

namespace agentbox::attacks {

/// The beginning of a file; empty if it cannot be read.
class FileText {
public:
  explicit FileText(const char* path);
  bool readable() const { return m_length >= 0; }
  std::string_view text() const { return {m_bytes.data(), static_cast<std::size_t>(m_length < 0 ? 0 : m_length)}; }

private:
  std::array<char, 65536> m_bytes{};
  long m_length = -1;
};

/// Returns whether a process with this uid and this /proc/self/uid_map is root of the host, whose attempts
/// would change the machine. Pure.
bool is_hosts_root(std::string_view uid_map, unsigned uid);

/// Removes the next line from `rest` and returns it.
std::string_view next_line(std::string_view& rest);

/// Removes the next word from `rest` and returns it; spaces and tabs separate.
std::string_view next_word(std::string_view& rest);

/// Returns the value of line "NAME:\tVALUE" of a status file; empty if there is none.
std::string_view status_field(std::string_view status, std::string_view name);

/// Returns the number at the start of `text`; 0 if there is none.
std::uint64_t number_of(std::string_view text);

/// An IPv4 or IPv6 address.
struct Address {
  sockaddr_storage storage{};
  socklen_t length = 0;
  const sockaddr* generic() const;
};

/// Parses a numeric address (inet_pton(3)).
Address address_of(const char* text, std::uint16_t port);

/// Returns the result of connect(2) after at most `timeout_ms`: 0 or an errno, ETIMEDOUT if there is none. `fd`
/// becomes non-blocking.
int connect_result(int fd, const Address& to, int timeout_ms);

/// Sends a datagram and waits for an ICMP error. Returns 0 if none comes, else an errno.
int datagram_result(int fd, const Address& to, std::string_view bytes, int timeout_ms);

/// Reads like read(2); returns -1 if nothing arrives in time.
long read_within(int fd, void* buffer, std::size_t size, int timeout_ms);

} // namespace agentbox::attacks
