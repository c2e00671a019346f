// SPDX-License-Identifier: Apache-2.0
// The signatures of an npm registry: ECDSA with P-256 and SHA-256 (https://docs.npmjs.com/about-registry-signatures).
#pragma once
#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "image/lock.hpp"

namespace agentbox::image {

/// A public key of a registry.
struct RegistryKey {
  std::string id;                     ///< as the registry calls it: "SHA256:..."
  std::string expires;                ///< "2025-01-29T00:00:00.000Z"; empty: never
  std::array<std::uint8_t, 64> point; ///< x and y
};

/// The keys whose signatures of a registry's packages are accepted.
struct RegistryTrust {
  std::vector<RegistryKey> keys;
  bool allow_unsigned = false; ///< packages without any signature
};

/// A signature in the description of a version.
struct RegistrySignature {
  std::string key_id;
  std::string text; ///< base64 of DER
};

/// Result of checking a package's signatures. If none is valid, the last of these that occurs is reported.
enum class SignatureState { valid, missing, unknown_key, expired_key, invalid };

/// Parses keys in the format of a registry's /-/npm/v1/keys, to which "allow_unsigned" may be added. Keys of other
/// types are ignored. Throws Error(usage) naming `where` for anything malformed. Pure.
RegistryTrust parse_registry_keys(std::string_view text, std::string_view where);

/// Returns npm's keys, which are installed in `share`, and what the user added in config_directory()/npm-keys.json. No
/// key is fetched: a hostile registry would send its own keys.
RegistryTrust load_registry_trust(const std::filesystem::path& share);

/// Returns the current time in the format of RegistryKey::expires.
std::string utc_now();

/// Checks whether one of `signatures` is valid for `package`, by one of `keys` that has not expired at `now`. Pure.
SignatureState check_signatures(const PinnedPackage& package, const std::vector<RegistrySignature>& signatures,
                                const std::vector<RegistryKey>& keys, std::string_view now);

} // namespace agentbox::image
