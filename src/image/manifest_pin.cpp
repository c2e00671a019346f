// SPDX-License-Identifier: Apache-2.0
#include "image/manifest_pin.hpp"

#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>

#include "support/digest.hpp"
#include "support/error.hpp"
#include "support/file.hpp"

namespace agentbox::image {
namespace fs = std::filesystem;
namespace {

using nlohmann::json;

constexpr std::size_t k_max_manifest = 4U << 20U;
constexpr std::size_t k_max_pin_bytes = 1U << 20U;
constexpr std::size_t k_max_pins = 256;

/// containers/storage keeps an image's manifest there, whatever the driver.
fs::path stored_manifest(const podman::PodmanInfo& facts, const std::string& id) {
  return facts.graph_root / (facts.graph_driver + "-images") / id / "manifest";
}

std::string manifest_digest(const podman::Podman& podman, const podman::PodmanInfo& facts, const std::string& id) {
  if (const auto manifest = support::read_file_if_exists(stored_manifest(facts, id), k_max_manifest)) {
    return "sha256:" + support::sha256_hex(*manifest);
  }
  const std::string out = podman.capture({"image", "inspect", "--format", "{{.Digest}}", "--", id});
  return out.substr(0, out.find('\n'));
}

/// A file that cannot be read holds no pin: it is our own, and damage is not an attack. The next look pins anew.
json read_pins(const fs::path& file) {
  json pins = json::parse(support::read_file_if_exists(file, k_max_pin_bytes).value_or("{}"), nullptr, false);
  return pins.is_object() ? pins : json::object();
}

/// Forgets images that are gone, so that the file does not grow for ever.
void forget_gone(json& pins, const podman::PodmanInfo& facts) {
  for (auto pin = pins.begin(); pin != pins.end();) {
    pin = fs::exists(stored_manifest(facts, pin.key())) ? std::next(pin) : pins.erase(pin);
  }
}

} // namespace

void require_pinned_manifest(const podman::Podman& podman, const podman::PodmanInfo& facts, const std::string& id,
                             const fs::path& file, bool renew) {
  json pins = read_pins(file);
  const std::string digest = manifest_digest(podman, facts, id);
  const auto pinned = pins.find(id);
  if (pinned == pins.end() || renew) {
    if (pins.size() >= k_max_pins) {
      forget_gone(pins, facts);
    }
    pins[id] = digest;
    support::make_private_folder(file.parent_path());
    support::write_file(file, pins.dump(2) + "\n");
  } else if (*pinned != digest) {
    throw support::Error(support::ExitCode::refused,
                         "the image " + id.substr(0, 12) + " has another manifest than when it was built (" + digest +
                             ")",
                         "somebody loaded another one under its ID; build it anew: agentbox run --rebuild");
  }
}

fs::path manifest_pins() {
  return support::state_folder() / "manifests.json";
}

} // namespace agentbox::image
