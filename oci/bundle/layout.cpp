// SPDX-License-Identifier: Apache-2.0
#include "oci/bundle/layout.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <set>
#include <sys/stat.h>
#include <unistd.h>

#include "support/digest.hpp"
#include "support/error.hpp"
#include "support/fd.hpp"
#include "support/file.hpp"
#include "support/text.hpp"

namespace agentbox::oci::bundle {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using support::Error;
using support::ExitCode;

constexpr std::size_t k_document_bytes = 4U << 20U;
constexpr std::size_t k_max_layers = 512;

Error refused(const std::string& why) {
  return {ExitCode::refused, "this is no OCI image layout that agentbox reads: " + why};
}

std::string hex_of(const std::string& digest) {
  constexpr std::string_view k_prefix = "sha256:";
  constexpr std::size_t k_digits = 64;
  std::string hex = digest.starts_with(k_prefix) ? digest.substr(k_prefix.size()) : "";
  if (hex.size() != k_digits || hex.find_first_not_of("0123456789abcdef") != std::string::npos) {
    throw refused("the digest " + support::in_quotes(digest) + " is no SHA-256");
  }
  return hex;
}

json parse(const std::string& text, const std::string& what) {
  json document = json::parse(text, nullptr, false);
  if (!document.is_object()) {
    throw refused(what + " is not a JSON object");
  }
  return document;
}

json read_blob(const fs::path& folder, const std::string& hex) {
  const std::string text = support::read_file(folder / "blobs/sha256" / hex, k_document_bytes);
  if (support::sha256_hex(text) != hex) {
    throw refused("blob " + hex + " has another digest");
  }
  return parse(text, "blob " + hex);
}

bool is_index(const json& document) {
  return document.contains("manifests");
}

/// The manifest that `index` names; of several the one for this machine.
std::string choose(const json& index, seccomp::Arch arch) {
  const json& manifests = index.at("manifests");
  for (const json& entry : manifests) {
    const json platform = entry.value("platform", json::object());
    if (manifests.size() == 1 ||
        (platform.value("architecture", "") == seccomp::arch_names(arch).go && platform.value("os", "") == "linux")) {
      return hex_of(entry.at("digest").get<std::string>());
    }
  }
  throw refused("it has no image for " + std::string(seccomp::arch_names(arch).go));
}

void unpack_blob(const fs::path& folder, const LayerBlob& blob, Rootfs& rootfs, const UnpackLimits& limits,
                 UnpackProgress& progress) {
  const fs::path path = folder / "blobs/sha256" / blob.digest;
  const support::Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat info {};
  if (!file || fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode)) {
    throw support::system_error(ExitCode::failed, "cannot read layer " + path.string(), errno == 0 ? EINVAL : errno);
  }
  support::Sha256 digest;
  const ReadBytes read_bytes = [&](char* buffer, std::size_t size) {
    const ssize_t count = ::read(file.get(), buffer, size);
    if (count < 0) {
      throw support::system_error(ExitCode::failed, "cannot read layer " + path.string(), errno);
    }
    digest.update({buffer, static_cast<std::size_t>(count)});
    return static_cast<std::size_t>(count);
  };
  unpack_layer(read_bytes, static_cast<std::uint64_t>(info.st_size), rootfs, limits, progress);
  std::vector<char> rest(1U << 16U);
  while (read_bytes(rest.data(), rest.size()) > 0) { // what follows the end of the archive belongs to the digest
  }
  if (digest.hex() != blob.digest) {
    throw Error(ExitCode::refused, "layer " + blob.digest.substr(0, 12) +
                                       " of the image has another digest: it is damaged, or was changed");
  }
}

} // namespace

std::vector<LayerBlob> read_layout(const fs::path& folder, seccomp::Arch arch) {
  try {
    json document = parse(support::read_file(folder / "index.json", k_document_bytes), "index.json");
    for (int depth = 0; is_index(document); ++depth) {
      if (depth > 2) {
        throw refused("its indexes are nested");
      }
      document = read_blob(folder, choose(document, arch));
    }
    std::vector<LayerBlob> layers;
    for (const json& layer : document.at("layers")) {
      static const std::set<std::string> known = {
          "application/vnd.oci.image.layer.v1.tar", "application/vnd.oci.image.layer.v1.tar+gzip",
          "application/vnd.oci.image.layer.v1.tar+zstd", "application/vnd.docker.image.rootfs.diff.tar.gzip"};
      const auto type = layer.at("mediaType").get<std::string>();
      if (!known.contains(type)) {
        throw refused("layers of type " + support::in_quotes(type) + " are not known");
      }
      layers.push_back({hex_of(layer.at("digest").get<std::string>()), layer.at("size").get<std::uint64_t>()});
    }
    if (layers.empty() || layers.size() > k_max_layers) {
      throw refused("it has " + std::to_string(layers.size()) + " layers");
    }
    return layers;
  } catch (const json::exception& error) {
    throw refused(support::escape_untrusted(error.what()));
  }
}

UnpackProgress unpack_image(const fs::path& folder, Rootfs& rootfs, const UnpackLimits& limits, seccomp::Arch arch) {
  UnpackProgress progress;
  for (const LayerBlob& layer : read_layout(folder, arch)) {
    unpack_blob(folder, layer, rootfs, limits, progress);
  }
  return progress;
}

} // namespace agentbox::oci::bundle
