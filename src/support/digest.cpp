// SPDX-License-Identifier: Apache-2.0
#include "support/digest.hpp"

#include <nettle/base16.h>
#include <nettle/base64.h>

namespace agentbox::support {
namespace {

const std::uint8_t* bytes_of(std::string_view text) {
  return reinterpret_cast<const std::uint8_t*>(text.data()); // NOLINT(*-reinterpret-cast): nettle's byte type
}

} // namespace

void Sha256::update(std::string_view bytes) {
  sha256_update(&m_state, bytes.size(), bytes_of(bytes));
}

std::string Sha256::hex() {
  std::array<std::uint8_t, SHA256_DIGEST_SIZE> digest{};
  sha256_digest(&m_state, digest.size(), digest.data());
  std::string text(BASE16_ENCODE_LENGTH(digest.size()), '\0');
  base16_encode_update(text.data(), digest.size(), digest.data());
  return text;
}

void Sha512::update(std::string_view bytes) {
  sha512_update(&m_state, bytes.size(), bytes_of(bytes));
}

std::string Sha512::base64() {
  std::array<std::uint8_t, SHA512_DIGEST_SIZE> digest{};
  sha512_digest(&m_state, digest.size(), digest.data());
  std::string text(BASE64_ENCODE_RAW_LENGTH(digest.size()), '\0');
  base64_encode_raw(text.data(), digest.size(), digest.data());
  return text;
}

std::string sha256_hex(std::string_view bytes) {
  Sha256 digest;
  digest.update(bytes);
  return digest.hex();
}

} // namespace agentbox::support
