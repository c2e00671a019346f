// SPDX-License-Identifier: Apache-2.0
#include "firewall/upstream/resolv_conf.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cstddef>
#include <functional>
#include <iterator>
#include <net/if.h>
#include <optional>
#include <utility>

#include "support/ascii.hpp"
#include "support/lines.hpp"
#include "support/resolv_conf.hpp"

namespace agentbox::firewall::upstream {
namespace {

constexpr std::size_t k_max_servers = 3; // as in glibc (MAXNS)

/// Returns whether `zone` is a valid interface name that is safe in a comma-separated list.
bool is_zone(std::string_view zone) {
  const auto is_plain = [](char c) {
    return support::is_letter(c) || support::is_digit(c) || c == '-' || c == '_' || c == '.';
  };
  return !zone.empty() && zone.size() < IF_NAMESIZE && std::all_of(zone.begin(), zone.end(), is_plain);
}

/// One server of the file.
struct NameServer {
  std::string text;  ///< in the syntax of c-ares
  bool here = false; ///< a loopback or unspecified address: valid only on the machine that wrote the file
};

/// Returns nullopt if `text` is not a valid address.
std::optional<NameServer> parse_server(const std::string& text) {
  if (text.find('\0') != std::string::npos) {
    return std::nullopt; // inet_pton would read only up to it, but c-ares the rest as well
  }
  std::array<unsigned char, 16> bytes{};
  if (::inet_pton(AF_INET, text.c_str(), bytes.data()) == 1) {
    return NameServer{text, bytes[0] == 127 || bytes[0] == 0};
  }
  const std::size_t percent = text.find('%');
  const bool zoned = percent != std::string::npos;
  if (::inet_pton(AF_INET6, text.substr(0, percent).c_str(), bytes.data()) != 1 ||
      (zoned && !is_zone(std::string_view(text).substr(percent + 1)))) {
    return std::nullopt;
  }
  in6_addr address{};
  std::copy(bytes.begin(), bytes.end(), std::begin(address.s6_addr));
  const bool local = IN6_IS_ADDR_LOOPBACK(&address) || IN6_IS_ADDR_UNSPECIFIED(&address);
  return NameServer{"[" + text + "]", local};
}

/// Returns all servers of the file, in order.
std::vector<NameServer> parse(std::string_view resolv_conf) {
  std::vector<NameServer> found;
  for (const std::string_view line : support::lines(resolv_conf)) {
    if (auto server = parse_server(std::string(support::name_server_of(line)))) {
      found.push_back(*std::move(server));
    }
  }
  return found;
}

/// Returns whether `server` is the forwarder of slirp4netns or pasta, as Podman writes it.
bool is_forwarder(const std::string& server) {
  return server == "10.0.2.3" || server == "[fd00::3]" || server == "169.254.1.1";
}

} // namespace

std::vector<std::string> name_servers(std::string_view resolv_conf) {
  std::vector<std::string> found;
  for (NameServer& server : parse(resolv_conf)) {
    if (!server.here && found.size() < k_max_servers) {
      found.push_back(std::move(server.text));
    }
  }
  return found;
}

std::vector<std::string> name_servers_now(std::string_view host, std::string_view container) {
  std::vector<std::string> forwarders = name_servers(container);
  forwarders.erase(std::remove_if(forwarders.begin(), forwarders.end(), std::not_fn(is_forwarder)), forwarders.end());
  std::vector<std::string> found;
  const auto add = [&found](const std::string& text) {
    if (found.size() < 2 * k_max_servers && std::find(found.begin(), found.end(), text) == found.end()) {
      found.push_back(text);
    }
  };
  for (const NameServer& server : parse(host)) {
    if (server.here || server.text.find('%') != std::string::npos) { // the host's interfaces are not the box's
      std::for_each(forwarders.begin(), forwarders.end(), add);
    } else {
      add(server.text);
    }
  }
  std::for_each(forwarders.begin(), forwarders.end(), add);
  return found;
}

} // namespace agentbox::firewall::upstream
