// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

namespace agentbox::image {

/// Fetches from an npm registry with /usr/bin/curl (so that proxies, CA bundles and TLS settings of the host apply).
/// The user's .curlrc is not read.
class Fetcher {
public:
  /// `environment` is the caller's: *_proxy, SSL_CERT_FILE, SSL_CERT_DIR and CURL_CA_BUNDLE are passed on. `ca_bundle`
  /// takes the place of the host's. Throws Error(failed) when curl is not installed.
  Fetcher(const std::map<std::string, std::string>& environment, std::optional<std::filesystem::path> ca_bundle);

  /// The answer of `address`, at most `max_bytes` long. Throws Error(failed) saying what was not reachable and why.
  std::string text(const std::string& address, std::uint64_t max_bytes) const;

  /// Writes the answer of `address` to `path` (which must not exist) and returns its SHA-512 in base64, taken while the
  /// bytes arrive. Throws like text(); then `path` is gone.
  std::string file(const std::string& address, const std::filesystem::path& path, std::uint64_t max_bytes) const;

private:
  std::string m_program;
  std::map<std::string, std::string> m_environment;
  std::optional<std::filesystem::path> m_ca_bundle;
};

} // namespace agentbox::image
