// SPDX-License-Identifier: Apache-2.0
#include "image/npm.hpp"

#include <nlohmann/json.hpp>

#include "image/credentials.hpp"
#include "support/error.hpp"
#include "support/replaced.hpp"
#include "support/sorted.hpp"
#include "support/text.hpp"

namespace agentbox::image {
namespace {

using support::Error;
using support::ExitCode;

constexpr std::size_t k_max_signatures = 16;
constexpr std::string_view k_default_registry = "https://registry.npmjs.org";

bool is_allowed_scheme(std::string_view address) {
  for (const std::string_view local : {"http://127.0.0.1", "http://localhost", "http://[::1]"}) {
    if (address.starts_with(local)) {
      const std::string_view rest = address.substr(local.size());
      return rest.empty() || rest.front() == ':' || rest.front() == '/';
    }
  }
  return address.starts_with("https://");
}

/// Returns the member "bin": a path, for a program with the package's name, or paths by name.
std::map<std::string, std::string> programs_of(const nlohmann::json& document) {
  std::map<std::string, std::string> programs;
  const auto found = document.is_object() ? document.find("bin") : document.end();
  const auto add = [&](const std::string& name, const nlohmann::json& path) {
    std::string text = path.is_string() ? path.get<std::string>() : std::string();
    text = text.starts_with("./") ? text.substr(2) : text;
    if (is_program_path(text)) {
      programs[name] = text;
    }
  };
  if (document.is_object() && found != document.end() && found->is_string()) {
    add("", *found);
  } else if (document.is_object() && found != document.end() && found->is_object()) {
    for (const auto& [name, path] : found->items()) {
      add(name, path);
    }
  }
  return programs;
}

/// Returns how many packages of "dependencies" are not in the tarball ("bundleDependencies": true, or their names).
std::size_t missing_packages(const nlohmann::json& document) {
  if (!document.is_object()) {
    return 0;
  }
  const nlohmann::json needed = document.value("dependencies", nlohmann::json());
  nlohmann::json bundled = document.value("bundleDependencies", nlohmann::json());
  bundled = bundled.is_null() ? document.value("bundledDependencies", nlohmann::json()) : bundled;
  if (!needed.is_object() || bundled == true) {
    return needed.is_object() ? 0 : needed.size();
  }
  std::size_t missing = 0;
  for (const auto& [name, ignored] : needed.items()) {
    missing += support::contains(bundled, name) ? 0 : 1;
  }
  return missing;
}

} // namespace

std::string registry_address(const std::map<std::string, std::string>& environment) {
  for (const char* name : {"npm_config_registry", "NPM_CONFIG_REGISTRY"}) {
    const auto found = environment.find(name);
    if (found == environment.end() || found->second.empty()) {
      continue;
    }
    std::string address = found->second;
    while (address.ends_with('/')) {
      address.pop_back();
    }
    const bool odd =
        address.find_first_of(" \t\r\n\"'\\<>^`{|}[]?#*") != std::string::npos && !address.starts_with("http://[::1]");
    if (!is_allowed_scheme(address) || odd || credential_in_text(address)) {
      throw Error(ExitCode::usage, std::string(name) + " is not a valid registry address",
                  "use https://HOST/PATH without user name and password, or unset it for " +
                      std::string(k_default_registry));
    }
    return address;
  }
  return std::string(k_default_registry);
}

std::string tarball_address(std::string_view registry, const PinnedPackage& package) {
  const std::string base = package.name.substr(package.name.find('/') + 1);
  return std::string(registry) + "/" + package.name + "/-/" + base + "-" + package.version + ".tgz";
}

std::string version_address(std::string_view registry, std::string_view name, std::string_view version) {
  return std::string(registry) + "/" + std::string(name) + "/" + std::string(version);
}

PublishedVersion parse_published(std::string_view reply, std::string_view address) {
  const nlohmann::json document = nlohmann::json::parse(reply, nullptr, false);
  const auto text = [](const nlohmann::json& parent, const char* key) {
    const auto found = parent.is_object() ? parent.find(key) : parent.end();
    return found != parent.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  const auto dist = document.is_object() ? document.value("dist", nlohmann::json()) : nlohmann::json();
  PublishedVersion published{text(document, "version"), text(dist, "integrity"), {}, programs_of(document), 0};
  published.dependencies = missing_packages(document);
  const auto signatures = dist.is_object() ? dist.value("signatures", nlohmann::json::array()) : nlohmann::json();
  for (const auto& item : signatures) {
    published.signatures.push_back({text(item, "keyid"), text(item, "sig")});
  }
  if (!is_version(published.version) || !is_integrity(published.integrity) || !signatures.is_array() ||
      signatures.size() > k_max_signatures) {
    throw Error(ExitCode::failed, support::escape_untrusted(address) + " sent an invalid reply",
                "check npm_config_registry, or try again later");
  }
  return published;
}

std::vector<Variant> variants_of(const agents::NpmSource& source, const std::string& version) {
  std::vector<Variant> variants;
  for (const auto& [platform, text] : source.platforms) { // NAME@VERSION
    const auto at = text.rfind('@');
    variants.push_back({platform, text.substr(0, at), support::replaced(text.substr(at + 1), "{version}", version)});
  }
  return variants;
}

} // namespace agentbox::image
