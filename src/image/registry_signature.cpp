// SPDX-License-Identifier: Apache-2.0
#include "image/registry_signature.hpp"

#include <algorithm>
#include <ctime>
#include <fmt/chrono.h>
#include <nettle/asn1.h>
#include <nettle/base64.h>
#include <nettle/bignum.h>
#include <nettle/ecc-curve.h>
#include <nettle/ecdsa.h>
#include <nettle/sha2.h>
#include <nlohmann/json.hpp>
#include <optional>

#include "support/error.hpp"
#include "support/file.hpp"
#include "support/text.hpp"

namespace agentbox::image {
namespace {

using nlohmann::json;
using support::Error;
using support::ExitCode;
using Bytes = std::vector<std::uint8_t>;

constexpr std::string_view k_key_type = "ecdsa-sha2-nistp256";
constexpr unsigned k_curve_bits = 256;
constexpr std::size_t k_max_keys_bytes = 1U << 20U;

/// The first bytes of the SubjectPublicKeyInfo (RFC 5480) of every uncompressed point on P-256.
constexpr std::array<std::uint8_t, 27> k_p256_head = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
                                                      0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
                                                      0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04};

/// Returns the bytes of `text`; empty when it is not base64.
Bytes from_base64(std::string_view text) {
  base64_decode_ctx context{};
  base64_decode_init(&context);
  Bytes bytes(BASE64_DECODE_LENGTH(text.size()));
  std::size_t length = bytes.size();
  if (base64_decode_update(&context, &length, bytes.data(), text.size(), text.data()) != 1 ||
      base64_decode_final(&context) != 1) {
    return {};
  }
  bytes.resize(length);
  return bytes;
}

/// A value of nettle or GMP that `k_clear` frees.
template <typename Value, auto k_clear>
struct Cleared {
  Cleared(const Cleared&) = delete;
  Cleared& operator=(const Cleared&) = delete;
  Cleared() = default;
  ~Cleared() { k_clear(&value); }
  Value value{}; // NOLINT(*-non-private-*)
};
struct Number : Cleared<__mpz_struct, mpz_clear> {
  Number() { mpz_init(&value); }
};

struct Point : Cleared<ecc_point, ecc_point_clear> {
  Point() { ecc_point_init(&value, nettle_get_secp_256r1()); }
  /// Returns false for a point that is not on the curve.
  bool set(const std::array<std::uint8_t, 64>& bytes) {
    Number x;
    Number y;
    nettle_mpz_set_str_256_u(&x.value, bytes.size() / 2, bytes.data());
    nettle_mpz_set_str_256_u(&y.value, bytes.size() / 2, &bytes[bytes.size() / 2]);
    return ecc_point_set(&value, &x.value, &y.value) == 1;
  }
};

struct DsaSignature : Cleared<dsa_signature, dsa_signature_clear> {
  DsaSignature() { dsa_signature_init(&value); }
  /// Parses Ecdsa-Sig-Value (RFC 3279 section 2.2.3).
  bool set(const Bytes& der) {
    const auto number = [](asn1_der_iterator& at, mpz_ptr to) {
      return at.type == ASN1_INTEGER && at.length > 0 && asn1_der_get_bignum(&at, to, k_curve_bits) == 1;
    };
    asn1_der_iterator at{};
    return asn1_der_iterator_first(&at, der.size(), der.data()) == ASN1_ITERATOR_CONSTRUCTED &&
           at.type == ASN1_SEQUENCE && asn1_der_decode_constructed_last(&at) == ASN1_ITERATOR_PRIMITIVE &&
           number(at, value.r) && asn1_der_iterator_next(&at) == ASN1_ITERATOR_PRIMITIVE && number(at, value.s) &&
           asn1_der_iterator_next(&at) == ASN1_ITERATOR_END;
  }
};

bool is_signed_by(const RegistryKey& key, std::string_view text, std::string_view signature) {
  std::array<std::uint8_t, SHA256_DIGEST_SIZE> digest{};
  sha256_ctx context{};
  sha256_init(&context);
  sha256_update(&context, text.size(),
                reinterpret_cast<const std::uint8_t*>(text.data())); // NOLINT(*-reinterpret-cast)
  sha256_digest(&context, digest.size(), digest.data());
  Point point;
  DsaSignature parsed;
  return point.set(key.point) && parsed.set(from_base64(signature)) &&
         ecdsa_verify(&point.value, digest.size(), digest.data(), &parsed.value) == 1;
}

bool is_time(std::string_view text) {
  constexpr std::string_view k_form = "0000-00-00T00:00:00.000Z";
  return text.size() == k_form.size() && std::equal(text.begin(), text.end(), k_form.begin(), [](char c, char form) {
           return form == '0' ? c >= '0' && c <= '9' : c == form;
         });
}

std::string text_at(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

class KeyReader {
public:
  explicit KeyReader(std::string_view where) : m_where(where) {}

  [[noreturn]] void fail(const std::string& what) const {
    throw Error(ExitCode::usage, m_where + ": " + what,
                R"(the format is that of https://registry.npmjs.org/-/npm/v1/keys: {"keys": [...]})");
  }
  /// Returns nothing for a key of another type.
  std::optional<RegistryKey> key(const json& item) const {
    if (!item.is_object() || text_at(item, "keyid").empty()) {
      fail("a key without a keyid");
    }
    if (text_at(item, "keytype") != k_key_type || text_at(item, "scheme") != k_key_type) {
      return std::nullopt;
    }
    RegistryKey key{text_at(item, "keyid"), text_at(item, "expires"), {}};
    const Bytes der = from_base64(text_at(item, "key"));
    const bool never = item.value("expires", json()).is_null();
    if ((!never && !is_time(key.expires)) || der.size() != k_p256_head.size() + key.point.size() ||
        !std::equal(k_p256_head.begin(), k_p256_head.end(), der.begin())) {
      fail("the key " + support::in_quotes(key.id) + " is malformed");
    }
    std::copy(der.end() - key.point.size(), der.end(), key.point.begin());
    if (!Point().set(key.point)) {
      fail("the key " + support::in_quotes(key.id) + " is not a point on P-256");
    }
    return key;
  }

private:
  std::string m_where;
};

} // namespace

RegistryTrust parse_registry_keys(std::string_view text, std::string_view where) {
  const KeyReader reader(where);
  const json document = json::parse(text, nullptr, false);
  const json keys = document.is_object() ? document.value("keys", json()) : json();
  const json allow_unsigned = document.is_object() ? document.value("allow_unsigned", json(false)) : json();
  if (!keys.is_array() || !allow_unsigned.is_boolean()) {
    reader.fail("not a list of keys");
  }
  RegistryTrust trust{{}, allow_unsigned.get<bool>()};
  for (const json& item : keys) {
    if (auto key = reader.key(item)) {
      trust.keys.push_back(*std::move(key));
    }
  }
  return trust;
}

RegistryTrust load_registry_trust(const std::filesystem::path& share) {
  const std::filesystem::path installed = share / "containerfiles/agent/npm-keys.json";
  RegistryTrust trust = parse_registry_keys(support::read_file(installed, k_max_keys_bytes), installed.string());
  const std::filesystem::path own = support::config_directory() / "npm-keys.json";
  if (const auto text = support::read_file_if_exists(own, k_max_keys_bytes)) {
    const RegistryTrust more = parse_registry_keys(*text, own.string());
    trust.keys.insert(trust.keys.end(), more.keys.begin(), more.keys.end());
    trust.allow_unsigned = more.allow_unsigned;
  }
  return trust;
}

std::string utc_now() {
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.000Z", fmt::gmtime(std::time(nullptr)));
}

SignatureState check_signatures(const PinnedPackage& package, const std::vector<RegistrySignature>& signatures,
                                const std::vector<RegistryKey>& keys, std::string_view now) {
  const std::string text = package.name + "@" + package.version + ":" + package.integrity;
  SignatureState state = signatures.empty() ? SignatureState::missing : SignatureState::unknown_key;
  for (const RegistrySignature& signature : signatures) {
    for (const RegistryKey& key : keys) {
      if (key.id != signature.key_id) {
        continue;
      }
      if (!is_signed_by(key, text, signature.text)) {
        state = SignatureState::invalid;
      } else if (key.expires.empty() || now < key.expires) { // same format: comparable as text
        return SignatureState::valid;
      } else {
        state = std::max(state, SignatureState::expired_key);
      }
    }
  }
  return state;
}

} // namespace agentbox::image
