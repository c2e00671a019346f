// SPDX-License-Identifier: Apache-2.0
#include "git/index.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "git/big_endian.hpp"

namespace agentbox::git {
namespace {

constexpr std::size_t k_header = 12;      // DIRC, version, number of entries
constexpr std::size_t k_stat_length = 40; // before the hash of an entry
constexpr std::uint32_t k_assume_unchanged = 0x8000;
constexpr std::uint32_t k_is_extended = 0x4000;
constexpr std::uint32_t k_skip_worktree = 0x4000; // of the extended flags
constexpr std::uint32_t k_max_version = 4;

class IndexReader {
public:
  IndexReader(std::string_view index, std::size_t hash_length)
      : m_rest(index.substr(k_header)), m_version(big_endian(index.substr(4, 4))),
        m_entries(big_endian(index.substr(8, 4))), m_hash_length(hash_length) {}

  std::optional<HiddenFiles> read() {
    for (std::uint32_t i = 0; i < m_entries; ++i) {
      if (!entry()) {
        return std::nullopt;
      }
    }
    while (m_rest.size() > m_hash_length) {
      if (!extension()) {
        return std::nullopt;
      }
    }
    return m_rest.size() == m_hash_length ? std::optional(std::move(m_found)) : std::nullopt;
  }

private:
  bool entry() {
    std::size_t fixed = k_stat_length + m_hash_length + 2;
    if (m_rest.size() < fixed) {
      return false;
    }
    const std::uint32_t flags = big_endian(m_rest.substr(fixed - 2, 2));
    std::uint32_t extended = 0;
    if ((flags & k_is_extended) != 0) {
      if (m_version == 2 || m_rest.size() < fixed + 2) {
        return false;
      }
      extended = big_endian(m_rest.substr(fixed, 2));
      fixed += 2;
    }
    std::string_view rest = m_rest.substr(fixed);
    if (m_version == k_max_version && !strip(rest)) {
      return false;
    }
    const auto length = rest.find('\0');
    if (length == std::string_view::npos) {
      return false;
    }
    m_path.append(rest.substr(0, length)); // m_path is empty, except in version 4
    note(m_path, flags, extended);
    if (m_version == k_max_version) {
      m_rest = rest.substr(length + 1);
      return true;
    }
    m_path.clear();
    const std::size_t whole = (fixed + length + 8) / 8 * 8; // one to eight NUL bytes
    if (m_rest.size() < whole) {
      return false;
    }
    m_rest.remove_prefix(whole);
    return true;
  }

  /// Skips an extension: four letters, a length, and as many bytes.
  bool extension() {
    constexpr std::size_t k_head = 8;
    const bool named = m_rest.size() >= k_head + m_hash_length &&
                       std::all_of(m_rest.begin(), m_rest.begin() + 4,
                                   [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); });
    if (!named) {
      return false;
    }
    const std::size_t length = big_endian(m_rest.substr(4, 4));
    if (length > m_rest.size() - k_head - m_hash_length) {
      return false;
    }
    if (m_rest.starts_with("link") && length >= m_hash_length) {
      note_shared(m_rest.substr(k_head, m_hash_length));
    }
    m_rest.remove_prefix(k_head + length);
    return true;
  }

  /// Strips the prefix length of version 4, encoded like OFS_DELTA offsets, from the previous path.
  bool strip(std::string_view& rest) {
    const auto number = take_varint(rest);
    if (!number || *number > m_path.size()) {
      return false;
    }
    m_path.resize(m_path.size() - *number);
    return m_path.size() < (1U << 16U); // paths must not grow without limit
  }

  void note_shared(std::string_view hash) {
    constexpr std::string_view k_digits = "0123456789abcdef";
    if (hash.find_first_not_of('\0') == std::string_view::npos) {
      return; // there is no other part
    }
    m_found.shared = "sharedindex.";
    for (const char c : hash) {
      const auto byte = static_cast<std::uint8_t>(c);
      m_found.shared += {k_digits[byte >> 4U], k_digits[byte & 0xfU]};
    }
  }

  void note(std::string_view path, std::uint32_t flags, std::uint32_t extended) {
    const bool skip = (extended & k_skip_worktree) != 0;
    if (!skip && (flags & k_assume_unchanged) == 0) {
      return;
    }
    if (++m_found.count <= k_max_hidden) {
      m_found.files.push_back({std::string(path.substr(0, 4096)), skip});
    }
  }

  std::string_view m_rest;
  std::uint32_t m_version;
  std::uint32_t m_entries;
  std::size_t m_hash_length;
  std::string m_path; ///< previous entry's path (version 4)
  HiddenFiles m_found;
};

} // namespace

std::optional<HiddenFiles> hidden_files(std::string_view index) {
  const bool known = index.size() > k_header && index.starts_with("DIRC") && big_endian(index.substr(4, 4)) >= 2 &&
                     big_endian(index.substr(4, 4)) <= k_max_version;
  if (!known) {
    return std::nullopt;
  }
  auto sha1 = IndexReader(index, 20).read();
  auto sha256 = IndexReader(index, 32).read();
  if (sha1 && sha256) {
    return std::nullopt; // crafted
  }
  return sha1 ? std::move(sha1) : std::move(sha256);
}

} // namespace agentbox::git
