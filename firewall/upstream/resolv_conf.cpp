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

namespace agentbox::firewall::upstream {
namespace {

constexpr std::size_t k_max_servers = 3; // as in glibc (MAXNS)

/// Whether `zone` can be the name of an interface in a list that is separated by commas.
bool is_zone(std::string_view zone) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.';
  };
  return !zone.empty() && zone.size() < IF_NAMESIZE && std::all_of(zone.begin(), zone.end(), plain);
}

/// One server of the file.
struct NameServer {
  std::string text;  ///< as c-ares reads it
  bool here = false; ///< loopback, or of an interface: means something on the machine that wrote the file only
};

/// Returns nothing when `text` is not an address.
std::optional<NameServer> parse_server(const std::string& text) {
  if (text.find('\0') != std::string::npos) {
    return std::nullopt; // inet_pton would read up to there, and c-ares the rest
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

/// All servers of the file, in order.
std::vector<NameServer> parse(std::string_view resolv_conf) {
  constexpr std::string_view k_keyword = "nameserver";
  constexpr std::string_view k_blanks = " \t\r";
  std::vector<NameServer> found;
  while (!resolv_conf.empty()) {
    std::string_view line = resolv_conf.substr(0, resolv_conf.find('\n'));
    resolv_conf.remove_prefix(std::min(resolv_conf.size(), line.size() + 1));
    if (!line.starts_with(k_keyword) || line.size() == k_keyword.size() ||
        k_blanks.find(line[k_keyword.size()]) == std::string_view::npos) {
      continue;
    }
    line.remove_prefix(k_keyword.size());
    line.remove_prefix(std::min(line.size(), line.find_first_not_of(k_blanks)));
    if (auto server = parse_server(std::string(line.substr(0, line.find_first_of(k_blanks))))) {
      found.push_back(*std::move(server));
    }
  }
  return found;
}

/// slirp4netns' and pasta's own, as Podman writes them.
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
