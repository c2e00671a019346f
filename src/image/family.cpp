// SPDX-License-Identifier: Apache-2.0
#include "image/family.hpp"

#include <array>
#include <utility>

#include "support/os_release.hpp"

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
  for (const std::string& id : support::parse_os_release(text).ids) {
    if (const auto family = known(id)) {
      return family;
    }
  }
  return std::nullopt;
}

} // namespace agentbox::image
