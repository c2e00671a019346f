// SPDX-License-Identifier: Apache-2.0
#include "image/agent_packages.hpp"

#include <algorithm>
#include <sys/utsname.h>

#include "image/npm.hpp"
#include "support/error.hpp"
#include "support/file.hpp"
#include "support/replaced.hpp"
#include "support/text.hpp"

namespace agentbox::image {
namespace {

using support::Error;
using support::ExitCode;
namespace fs = std::filesystem;

constexpr std::uint64_t k_max_tarball = 1ULL << 30U;

/// Removes older versions of the same agent. A failure is ignored: it costs only space.
void remove_other_versions(const fs::path& parent, const std::string& name, const fs::path& kept) {
  std::error_code ignored;
  std::error_code error;
  for (fs::directory_iterator entry(parent, error), end; !error && entry != end; entry.increment(error)) {
    if (entry->path().filename().string().starts_with(name + "-") && entry->path() != kept) {
      fs::remove_all(entry->path(), ignored);
    }
  }
}

} // namespace

std::string npm_arch() {
  utsname host{};
  uname(&host);
  const std::string machine = static_cast<const char*>(host.machine);
  if (machine == "x86_64") {
    return "x64";
  }
  if (machine == "aarch64") {
    return "arm64";
  }
  throw Error(ExitCode::refused, "agentbox does not support the machine type " + machine,
              "agentbox runs on x86-64 and 64-bit ARM");
}

PackageLayout layout_of(const agents::NpmSource& source, std::string_view arch) {
  const std::string machine = arch == "arm64" ? "aarch64" : "x86_64";
  return {support::replaced(source.prefix, "{machine}", machine), source.only, source.leave_out, source.program};
}

fs::path ensure_agent_files(const std::string& name, const PinnedPackage& package, const PackageLayout& layout,
                            const std::string& registry, const Fetcher& fetcher, const fs::path& scratch) {
  const fs::path parent = support::cache_directory() / "agents";
  // The integrity is part of the name: different bytes have a different directory.
  const std::string pinned = package.integrity.substr(package.integrity.find('-') + 1);
  std::string short_pin = pinned.substr(0, 12);
  std::replace(short_pin.begin(), short_pin.end(), '/', '_');
  const std::string base = package.name.substr(package.name.find('/') + 1);
  fs::path directory = parent / (name + "-" + base + "-" + package.version + "-" + short_pin);
  if (fs::is_directory(directory)) {
    return directory;
  }
  const fs::path tarball = scratch / (name + ".tgz");
  const std::string address = tarball_address(registry, package);
  if (fetcher.file(address, tarball, k_max_tarball) != pinned) {
    throw Error(ExitCode::refused, address + " does not have the SHA-512 that the lock file pins",
                "do not use it; agentbox update pins the version that the registry publishes now");
  }
  const fs::path unpacked = scratch / name;
  fs::create_directory(unpacked);
  unpack_package(tarball, unpacked, layout);
  fs::remove(tarball);
  support::make_private_directory(parent);
  fs::rename(unpacked, directory);
  remove_other_versions(parent, name, directory);
  return directory;
}

} // namespace agentbox::image
