// SPDX-License-Identifier: Apache-2.0
// Numbers in Git's own files.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace agentbox::git {

/// Returns the number encoded in `bytes`, at most four, most significant first.
constexpr std::uint32_t big_endian(std::string_view bytes) noexcept {
  std::uint32_t number = 0;
  for (const char c : bytes) {
    number = (number << 8U) | static_cast<std::uint8_t>(c);
  }
  return number;
}

/// Removes a number of at most five bytes from the front of `rest`, encoded like the offsets of OFS_DELTA
/// (gitformat-pack(5)), and returns it. Returns nothing, and leaves `rest` unchanged, when it is truncated or too long.
constexpr std::optional<std::size_t> take_varint(std::string_view& rest) noexcept {
  std::size_t number = 0;
  for (std::size_t i = 0; i < rest.size() && i < 5; ++i) {
    const auto byte = static_cast<std::uint8_t>(rest[i]);
    number = ((i == 0 ? 0 : number + 1) << (i == 0 ? 0U : 7U)) | (byte & 0x7FU);
    if ((byte & 0x80U) == 0) {
      rest.remove_prefix(i + 1);
      return number;
    }
  }
  return std::nullopt;
}

} // namespace agentbox::git
