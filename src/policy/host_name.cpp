// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "policy/host_pattern.hpp"
#include "support/ascii.hpp"

namespace agentbox::policy {
namespace {

constexpr std::size_t k_max_name = 253; // RFC 1035 §2.3.4, written form
constexpr std::size_t k_max_label = 63;

using support::is_digit;
using support::is_letter;
constexpr bool is_name_byte(char c) {
  return is_letter(c) || is_digit(c) || c == '-' || c == '_';
}
using support::to_lower;

// Resolvers treat a name whose last label is a number ("127.1", "0x7f.0x1") as an IPv4 address.
bool reads_as_number(std::string_view label) {
  if (label.size() >= 2 && label[0] == '0' && to_lower(label[1]) == 'x') {
    return std::all_of(label.begin() + 2, label.end(),
                       [](char c) { return is_digit(c) || (to_lower(c) >= 'a' && to_lower(c) <= 'f'); });
  }
  return std::all_of(label.begin(), label.end(), is_digit);
}

std::string_view byte_problem(char c) {
  const auto byte = static_cast<unsigned char>(c);
  if (byte == 0) {
    return "it contains a NUL byte";
  }
  if (byte >= 0x80) {
    return "it contains a character outside ASCII";
  }
  if (byte <= 0x20 || byte == 0x7F) {
    return "it contains a blank or a control character";
  }
  return "it contains a character other than letters, digits, '-', '_' and '.'";
}

std::string_view label_problem(std::string_view label) {
  if (label.empty()) {
    return "it has an empty label (two dots, or a dot at the start)";
  }
  if (label.size() > k_max_label) {
    return "a label is longer than 63 bytes";
  }
  const auto* wrong = std::find_if_not(label.begin(), label.end(), is_name_byte);
  if (wrong != label.end()) {
    return byte_problem(*wrong);
  }
  if (label.front() == '-' || label.back() == '-') {
    return "a label starts or ends with '-'";
  }
  return {};
}

/// Returns why `text` is not a valid name, as a literal, or empty. Hot path: allocates nothing.
std::string_view find_problem(std::string_view text) {
  if (text.empty()) {
    return "it is empty";
  }
  if (text.back() == '.') {
    text.remove_suffix(1);
  }
  if (text.size() > k_max_name) {
    return "it is longer than 253 bytes";
  }
  std::size_t labels = 0;
  while (true) {
    const std::size_t dot = text.find('.');
    const std::string_view label = text.substr(0, dot);
    if (const std::string_view problem = label_problem(label); !problem.empty()) {
      return problem;
    }
    ++labels;
    if (dot == std::string_view::npos) {
      if (reads_as_number(label)) {
        return "its last label is a number, as in an IP address";
      }
      return labels >= 2 ? std::string_view() : std::string_view("it has only one label; write the full name");
    }
    text.remove_prefix(dot + 1);
  }
}

} // namespace

std::optional<std::string> canonical_name(std::string_view text) {
  if (!find_problem(text).empty()) {
    return std::nullopt;
  }
  if (text.back() == '.') {
    text.remove_suffix(1);
  }
  return support::lower(text);
}

bool is_canonical_name(std::string_view text) {
  return find_problem(text).empty() && text.back() != '.' &&
         std::none_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

std::string name_problem(std::string_view text) {
  return std::string(find_problem(text));
}

bool HostPattern::matches(std::string_view host) const {
  if (!subdomains) {
    return host == name;
  }
  return host.size() > name.size() + 1 && host.ends_with(name) && host[host.size() - name.size() - 1] == '.';
}

bool HostPattern::covers(const HostPattern& other) const {
  if (!other.subdomains) {
    return matches(other.name);
  }
  return subdomains && (name == other.name || matches(other.name));
}

std::string HostPattern::text() const {
  return subdomains ? "*." + name : name;
}

std::string HostEntry::text() const {
  return port == k_https_port ? pattern.text() : pattern.text() + ":" + std::to_string(port);
}

} // namespace agentbox::policy
