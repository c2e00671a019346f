// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <nettle/base64.h>
#include <nettle/ecc-curve.h>
#include <nettle/ecdsa.h>
#include <nettle/sha2.h>
#include <string>
#include <vector>

namespace agentbox::image_test {

/// A key of a registry, with the private half; a different one for each ID.
class Signer {
public:
  explicit Signer(std::string id, std::string expires = "null") : m_id(std::move(id)), m_expires(std::move(expires)) {
    for (const char c : m_id) {
      m_state = m_state * 31 + static_cast<std::uint8_t>(c);
    }
    ecc_point_init(&m_point, nettle_get_secp_256r1());
    ecc_scalar_init(&m_secret, nettle_get_secp_256r1());
    ecdsa_generate_keypair(&m_point, &m_secret, this, random);
  }
  Signer(const Signer&) = delete;
  Signer& operator=(const Signer&) = delete;
  ~Signer() {
    ecc_point_clear(&m_point);
    ecc_scalar_clear(&m_secret);
  }

  const std::string& id() const { return m_id; }

  /// Returns the key as in the reply of /-/npm/v1/keys.
  std::string key() const {
    std::vector<std::uint8_t> der = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06,
                                     0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04};
    mpz_t x;
    mpz_t y;
    mpz_init(x);
    mpz_init(y);
    ecc_point_get(&m_point, x, y);
    der.resize(91);
    nettle_mpz_get_str_256(32, &der[27], x);
    nettle_mpz_get_str_256(32, &der[59], y);
    mpz_clear(x);
    mpz_clear(y);
    return R"({"keyid":")" + m_id + R"(","keytype":"ecdsa-sha2-nistp256","scheme":"ecdsa-sha2-nistp256","expires":)" +
           m_expires + R"(,"key":")" + base64(der) + "\"}";
  }

  /// Returns the base64 of a signature of `text`.
  std::string sign(const std::string& text) {
    std::array<std::uint8_t, SHA256_DIGEST_SIZE> digest{};
    sha256_ctx context{};
    sha256_init(&context);
    sha256_update(&context, text.size(), reinterpret_cast<const std::uint8_t*>(text.data())); // NOLINT
    sha256_digest(&context, digest.size(), digest.data());
    dsa_signature signature{};
    dsa_signature_init(&signature);
    ecdsa_sign(&m_secret, this, random, digest.size(), digest.data(), &signature);
    std::vector<std::uint8_t> der = {0x30, 0};
    add_integer(der, signature.r);
    add_integer(der, signature.s);
    der[1] = static_cast<std::uint8_t>(der.size() - 2);
    dsa_signature_clear(&signature);
    return base64(der);
  }

private:
  static void random(void* self, std::size_t length, std::uint8_t* bytes) { // no secret: a test's key
    for (std::size_t i = 0; i < length; ++i) {
      bytes[i] = static_cast<std::uint8_t>((static_cast<Signer*>(self)->m_state += 0x9E37U) >> 3U);
    }
  }
  static void add_integer(std::vector<std::uint8_t>& der, const mpz_t number) {
    std::array<std::uint8_t, 33> bytes{};
    nettle_mpz_get_str_256(bytes.size(), bytes.data(), number);
    std::size_t start = 0;
    while (start < 32 && bytes[start] == 0 && bytes[start + 1] < 0x80) {
      ++start;
    }
    der.push_back(2);
    der.push_back(static_cast<std::uint8_t>(bytes.size() - start));
    for (; start < bytes.size(); ++start) {
      der.push_back(bytes[start]);
    }
  }
  static std::string base64(const std::vector<std::uint8_t>& bytes) {
    std::string text(BASE64_ENCODE_RAW_LENGTH(bytes.size()), '\0');
    base64_encode_raw(text.data(), bytes.size(), bytes.data());
    return text;
  }

  std::string m_id;
  std::string m_expires;
  ecc_point m_point{};
  ecc_scalar m_secret{};
  std::uint32_t m_state = 1;
};

} // namespace agentbox::image_test
