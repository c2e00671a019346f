// SPDX-License-Identifier: Apache-2.0
#include "image/family.hpp"

#include <array>
#include <utility>

namespace agentbox::image {
namespace {

constexpr std::array k_names = {
    std::pair{"debian", Family::apt},
    std::pair{"ubuntu", Family::apt},
    std::pair{"linuxmint", Family::apt},
    std::pair{"raspbian", Family::apt},
    std::pair{"kali", Family::apt},
    std::pair{"fedora", Family::dnf},
    std::pair{"rhel", Family::dnf},
    std::pair{"centos", Family::dnf},
    std::pair{"rocky", Family::dnf},
    std::pair{"almalinux", Family::dnf},
    std::pair{"ol", Family::dnf},
    std::pair{"amzn", Family::dnf},
    std::pair{"alpine", Family::apk},
    std::pair{"opensuse", Family::zypper},
    std::pair{"opensuse-leap", Family::zypper},
    std::pair{"opensuse-tumbleweed", Family::zypper},
    std::pair{"sles", Family::zypper},
    std::pair{"suse", Family::zypper},
    std::pair{"arch", Family::pacman},
    std::pair{"archarm", Family::pacman},
    std::pair{"manjaro", Family::pacman},
};

/// The value of NAME=VALUE, without quotes.
std::string_view value_of(std::string_view text, std::string_view name) {
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(line.size() + (line.size() < text.size() ? 1 : 0));
    if (line.size() > name.size() && line.starts_with(name) && line[name.size()] == '=') {
      line.remove_prefix(name.size() + 1);
      while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) {
        line.remove_suffix(1);
      }
      const bool quoted =
          line.size() >= 2 && (line.front() == '"' || line.front() == '\'') && line.back() == line.front();
      return quoted ? line.substr(1, line.size() - 2) : line;
    }
  }
  return {};
}

std::optional<Family> known(std::string_view word) {
  for (const auto& [name, family] : k_names) {
    if (word == name) {
      return family;
    }
  }
  return std::nullopt;
}

} // namespace

std::string_view name_of(Family family) {
  switch (family) {
  case Family::apt: return "apt";
  case Family::dnf: return "dnf";
  case Family::apk: return "apk";
  case Family::zypper: return "zypper";
  case Family::pacman: return "pacman";
  }
  return {};
}

bool uses_musl(Family family) {
  return family == Family::apk;
}

std::optional<Family> family_of_os_release(std::string_view text) {
  if (const auto family = known(value_of(text, "ID"))) {
    return family;
  }
  std::string_view words = value_of(text, "ID_LIKE");
  while (!words.empty()) {
    const std::string_view word = words.substr(0, words.find(' '));
    words.remove_prefix(word.size() + (word.size() < words.size() ? 1 : 0));
    if (const auto family = known(word)) {
      return family;
    }
  }
  return std::nullopt;
}

} // namespace agentbox::image
