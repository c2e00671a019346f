// SPDX-License-Identifier: Apache-2.0
// An npm registry's replies and lock files are read within bounds; accepted values are safe in URLs and terminals.
#include <nlohmann/json.hpp>
#include <string>

#include "image/lock.hpp"
#include "image/npm.hpp"
#include "image/registry_signature.hpp"
#include "require.hpp"
#include "support/error.hpp"

using namespace agentbox::image;
using agentbox::fuzz::require;

namespace {

constexpr const char* k_key =
    R"({"keys":[{"keyid":"k","keytype":"ecdsa-sha2-nistp256","scheme":"ecdsa-sha2-nistp256","expires":null,"key":)"
    R"("MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEY6Ya7W++7aUPzvMTrezH6Ycx3c+HOKYCcNGybJZSCJq/fd7Qa8uuAKtdIkUQtQiEKERhAmE5lMMJhP8OkDOa2g=="}]})";

bool is_safe(const std::string& version) {
  return !agentbox::fuzz::has_control_bytes(version) && version.size() <= 80 &&
         version.find("..") == std::string::npos && version.find_first_of("/\\ {}[]?*#%&'\"<>") == std::string::npos &&
         version.front() != '-';
}

void check_published(std::string_view text) {
  const PublishedVersion published = parse_published(text, "registry");
  require(is_safe(published.version), "a version is safe");
  static const std::vector<RegistryKey> keys = parse_registry_keys(k_key, "keys").keys;
  require(check_signatures({"name", published.version, published.integrity}, published.signatures, keys, "2026") !=
              SignatureState::valid,
          "no signature is forged");
}

void check_lock(std::string_view text) {
  const AgentsLock lock = parse_lock(text, "lock");
  for (const auto& [name, agent] : lock.agents) {
    require(is_safe(agent.version), "a version is safe");
  }
  require(parse_lock(to_json(lock), "lock") == lock, "what is written is read back");
}

} // namespace

// The first byte selects what the rest is: a reply, a signature, keys or a lock file.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) { // NOLINT(*-identifier-naming)
  if (size == 0) {
    return 0;
  }
  const std::string_view text = agentbox::fuzz::text_of(data + 1, size - 1);
  try {
    switch (data[0]) {
    case 'r': check_published(text); break;
    case 's': {
      static const std::vector<RegistryKey> keys = parse_registry_keys(k_key, "keys").keys;
      const PinnedPackage package{"name", "1.0.0", "sha512-"};
      require(check_signatures(package, {{"k", std::string(text)}}, keys, "2026") == SignatureState::invalid,
              "no signature is forged");
      break;
    }
    case 'k': static_cast<void>(parse_registry_keys(text, "keys")); break;
    case 'l': check_lock(text); break;
    default: break;
    }
  } catch (const agentbox::support::Error&) {
    return 0; // refused
  }
  return 0;
}
