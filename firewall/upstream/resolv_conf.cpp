// SPDX-License-Identifier: Apache-2.0
#include "firewall/upstream/resolv_conf.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cstddef>
#include <iterator>
#include <net/if.h>
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

/// `text` as c-ares reads it; empty when it is no address or loopback.
std::string server(const std::string& text) {
  if (text.find('\0') != std::string::npos) {
    return {}; // inet_pton would read up to there, and c-ares the rest
  }
  std::array<unsigned char, 16> bytes{};
  if (::inet_pton(AF_INET, text.c_str(), bytes.data()) == 1) {
    return bytes[0] == 127 || bytes[0] == 0 ? std::string() : text;
  }
  const std::size_t percent = text.find('%');
  if (::inet_pton(AF_INET6, text.substr(0, percent).c_str(), bytes.data()) != 1 ||
      (percent != std::string::npos && !is_zone(std::string_view(text).substr(percent + 1)))) {
    return {};
  }
  in6_addr address{};
  std::copy(bytes.begin(), bytes.end(), std::begin(address.s6_addr));
  const bool local = IN6_IS_ADDR_LOOPBACK(&address) || IN6_IS_ADDR_UNSPECIFIED(&address);
  return local ? std::string() : "[" + text + "]";
}

} // namespace

std::vector<std::string> name_servers(std::string_view resolv_conf) {
  constexpr std::string_view k_keyword = "nameserver";
  constexpr std::string_view k_blanks = " \t\r";
  std::vector<std::string> found;
  while (!resolv_conf.empty() && found.size() < k_max_servers) {
    std::string_view line = resolv_conf.substr(0, resolv_conf.find('\n'));
    resolv_conf.remove_prefix(std::min(resolv_conf.size(), line.size() + 1));
    if (!line.starts_with(k_keyword) || line.size() == k_keyword.size() ||
        k_blanks.find(line[k_keyword.size()]) == std::string_view::npos) {
      continue;
    }
    line.remove_prefix(k_keyword.size());
    line.remove_prefix(std::min(line.size(), line.find_first_not_of(k_blanks)));
    if (std::string text = server(std::string(line.substr(0, line.find_first_of(k_blanks)))); !text.empty()) {
      found.push_back(std::move(text));
    }
  }
  return found;
}

} // namespace agentbox::firewall::upstream
