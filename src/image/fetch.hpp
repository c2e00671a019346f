// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>

namespace agentbox::image {

/// Downloads from an npm registry with libcurl: HTTPS, and plain HTTP only for an http:// address (a registry on this
/// machine). At most five redirects, to HTTPS only. Reads no .curlrc, .netrc or cookies, and logs no TLS keys.
class Fetcher {
public:
  /// Takes the caller's `environment`: its http_proxy, https_proxy, all_proxy and no_proxy are used, and without
  /// `ca_bundle` its CURL_CA_BUNDLE, SSL_CERT_FILE and SSL_CERT_DIR. `poll` is called ten times a second; an
  /// exception from it ends the transfer immediately. The first Fetcher of a process removes SSLKEYLOGFILE from its
  /// environment: construct it before starting threads.
  Fetcher(std::map<std::string, std::string> environment, std::optional<std::filesystem::path> ca_bundle,
          std::function<void()> poll);

  /// Returns the body of `address`, at most `max_bytes` long. Throws Error(failed) with the address and the reason.
  std::string text(const std::string& address, std::uint64_t max_bytes) const;

  /// Writes the body of `address` to `path` (which must not exist) and returns its SHA-512 in base64, taken from the
  /// bytes as they arrive. Throws like text(), after removing `path`.
  std::string file(const std::string& address, const std::filesystem::path& path, std::uint64_t max_bytes) const;

private:
  void transfer(const std::string& address, std::uint64_t max_bytes,
                const std::function<void(std::string_view)>& receive) const;

  std::map<std::string, std::string> m_environment;
  std::optional<std::filesystem::path> m_ca_bundle;
  std::function<void()> m_poll;
};

} // namespace agentbox::image
