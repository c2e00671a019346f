// SPDX-License-Identifier: Apache-2.0
#include "image/made_images.hpp"

#include <nlohmann/json.hpp>

#include "support/command.hpp"
#include "support/digest.hpp"
#include "support/error.hpp"
#include "support/file.hpp"
#include "support/text.hpp"

namespace agentbox::image {
namespace fs = std::filesystem;
namespace {

using nlohmann::json;
using support::Error;
using support::ExitCode;

constexpr std::size_t k_max_manifest = 4U << 20U;
constexpr std::size_t k_max_pin_bytes = 1U << 20U;
constexpr std::size_t k_max_pins = 256;
constexpr const char* k_any_manifest = "any";
constexpr std::size_t k_id_length = 64;

std::string pin_name(const std::string& id, const std::string& tag) {
  return id + " " + tag;
}

// A damaged file counts as empty; its images are built again.
json read_pins(const fs::path& file) {
  json pins = json::parse(support::read_file_if_exists(file, k_max_pin_bytes).value_or("{}"), nullptr, false);
  return pins.is_object() ? pins : json::object();
}

/// Throws unless `text` is a manifest of image `id` as `podman build`, `import` and `load` write it.
void require_built_manifest(const std::string& text, const std::string& id) {
  const json manifest = json::parse(text, nullptr, false);
  const json config = manifest.is_object() ? manifest.value("config", json::object()) : json();
  if (!config.is_object() || config.value("digest", json()) != "sha256:" + id) {
    throw Error(ExitCode::refused, "the image " + id.substr(0, 12) + " has the manifest of another image",
                "build it again: agentbox build --rebuild");
  }
  const json annotations = manifest.value("annotations", json::object());
  for (const auto& [name, value] : annotations.items()) {
    if (!name.starts_with("org.opencontainers.image.")) {
      throw Error(ExitCode::refused,
                  "the image " + id.substr(0, 12) + " has the annotation " + support::in_quotes(name) +
                      ", which agentbox does not set",
                  "build it again: agentbox build --rebuild");
    }
  }
}

} // namespace

MadeImages::MadeImages(const podman::Podman& podman, const podman::PodmanInfo& info)
    : MadeImages(podman, info, support::state_directory() / "manifests.json") {}

MadeImages::MadeImages(const podman::Podman& podman, const podman::PodmanInfo& info, fs::path file)
    : m_podman(podman), m_store(info.graph_root / (info.graph_driver + "-images")), m_file(std::move(file)) {}

fs::path MadeImages::stored_manifest(const std::string& id) const {
  return m_store / id / "manifest";
}

std::optional<std::string> MadeImages::stored_digest(const std::string& id) const {
  if (const auto manifest = support::read_file_if_exists(stored_manifest(id), k_max_manifest)) {
    return "sha256:" + support::sha256_hex(*manifest);
  }
  const support::Captured result =
      support::capture(m_podman.command({"image", "inspect", "--format", "{{.Digest}}", "--", id}));
  return result.status.ok() ? std::optional(result.out.substr(0, result.out.find('\n'))) : std::nullopt;
}

bool MadeImages::has(const std::string& id, const std::string& tag) const {
  const json pins = read_pins(m_file);
  const auto pin = pins.find(pin_name(id, tag));
  if (pin == pins.end()) {
    return false;
  }
  const auto digest = stored_digest(id);
  if (digest && *pin != *digest && *pin != k_any_manifest) {
    throw Error(ExitCode::refused,
                "the image " + id.substr(0, 12) + " has a different manifest than when it was built (" +
                    support::escape_untrusted(*digest) + ")",
                "another image with this ID was loaded; build it again: agentbox build --rebuild");
  }
  return digest.has_value();
}

bool MadeImages::knows(const std::string& id) const {
  const json pins = read_pins(m_file);
  for (const auto& [name, ignored] : pins.items()) {
    if (name.starts_with(id)) {
      return true;
    }
  }
  return false;
}

void MadeImages::pin(const std::string& id, const std::string& tag, const std::optional<std::string>& digest) const {
  const auto manifest = support::read_file_if_exists(stored_manifest(id), k_max_manifest);
  if (manifest) {
    require_built_manifest(*manifest, id);
  }
  const auto stored = manifest ? "sha256:" + support::sha256_hex(*manifest) : stored_digest(id).value_or("none");
  if (stored == "none" || (digest && stored != "sha256:" + *digest)) {
    throw Error(ExitCode::refused,
                "the image " + id.substr(0, 12) + " was replaced while it was loaded (manifest " +
                    support::escape_untrusted(stored) + ")",
                "try again: agentbox build --rebuild");
  }
  write_pin(id, tag, stored);
}

void MadeImages::pin_pulled(const std::string& id, const std::string& name) const {
  write_pin(id, name, k_any_manifest);
}

void MadeImages::write_pin(const std::string& id, const std::string& tag, const std::string& manifest) const {
  json pins = read_pins(m_file);
  if (pins.size() >= k_max_pins) { // forget images that are gone
    for (auto pin = pins.begin(); pin != pins.end();) {
      pin = fs::exists(stored_manifest(pin.key().substr(0, k_id_length))) ? std::next(pin) : pins.erase(pin);
    }
  }
  pins[pin_name(id, tag)] = manifest;
  support::make_private_directory(m_file.parent_path());
  support::write_file(m_file, pins.dump(2) + "\n");
}

} // namespace agentbox::image
