// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <nettle/sha2.h>
#include <string>
#include <string_view>

namespace agentbox::support {

/// SHA-256 of a stream of bytes.
class Sha256 {
public:
  Sha256() { sha256_init(&m_state); }
  void update(std::string_view bytes);
  /// Returns the digest in lower-case hex and resets the object.
  std::string hex();

private:
  sha256_ctx m_state{};
};

/// SHA-512 of a stream of bytes.
class Sha512 {
public:
  Sha512() { sha512_init(&m_state); }
  void update(std::string_view bytes);
  /// Returns the digest in padded base64, as in npm's `integrity` field after "sha512-", and resets the object.
  std::string base64();

private:
  sha512_ctx m_state{};
};

/// Returns the SHA-256 digest of `bytes` in lower-case hex.
std::string sha256_hex(std::string_view bytes);

} // namespace agentbox::support
