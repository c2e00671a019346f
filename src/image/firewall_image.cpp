// SPDX-License-Identifier: Apache-2.0
#include "image/firewall_archive.hpp"

#include "image/build.hpp"
#include "image/build_directory.hpp"
#include "image/image.hpp"
#include "image/image_store.hpp"
#include "image/made_images.hpp"
#include "image/progress.hpp"
#include "image/state.hpp"
#include "support/signals.hpp"

namespace agentbox::image {
namespace {

namespace fs = std::filesystem;

std::string key_of(const podman::Installation& installation, policy::FirewallDriver driver) {
  const std::string key = "firewall\n" + installation.firewall().string();
  return driver == policy::FirewallDriver::nftables ? key : key + "\n" + std::string(policy::driver_text(driver));
}

/// Returns the image remembered for this program if none of its files has changed.
std::optional<ImageRef> remembered(const podman::Installation& installation, policy::FirewallDriver driver) {
  const ImagesState state = ImagesState::load();
  const std::string key = key_of(installation, driver);
  for (const auto& [path, print] : state.files(key)) {
    if (support::fingerprint(path) != print) {
      return std::nullopt;
    }
  }
  return state.find(key);
}

std::map<std::string, std::string> prints_of(const std::vector<ImageEntry>& entries) {
  std::map<std::string, std::string> prints;
  for (const ImageEntry& entry : entries) {
    if (const auto* copy = std::get_if<ImageEntry::Copy>(&entry.what)) {
      prints[copy->source.string()] = support::fingerprint(copy->source);
    }
  }
  return prints;
}

} // namespace

std::optional<ImageRef> known_firewall_image(const podman::Installation& installation, policy::FirewallDriver driver) {
  return remembered(installation, driver);
}

ImageRef ensure_firewall_image(const podman::Podman& podman, const podman::PodmanInfo& info,
                               const podman::Installation& installation, policy::FirewallDriver driver, bool rebuild) {
  const ImageStore store(podman);
  const MadeImages made(podman, info);
  const auto usable = [&]() -> std::optional<ImageRef> {
    auto image = rebuild ? std::nullopt : remembered(installation, driver);
    return image && made.has(image->id, image->tag) ? image : std::nullopt;
  };
  if (auto image = usable()) {
    return *std::move(image);
  }
  const support::Signals signals; // an interrupted build removes what it made
  const BuildDirectory directory;
  if (auto image = usable()) {
    return *std::move(image);
  }
  Progress progress;
  progress.step("assembling the firewall's image");
  const std::vector<ImageEntry> entries = firewall_image_entries(installation.firewall(), driver);
  const std::map<std::string, std::string> prints = prints_of(entries);
  const fs::path archive = directory.path() / "firewall.tar";
  const ImageArchive written = write_firewall_image(archive, entries, AGENTBOX_VERSION);
  ImageRef image{written.id, "localhost/agentbox/firewall:" AGENTBOX_VERSION "-" + written.id.substr(0, 12)};
  try {
    podman.capture({"load", "--quiet", "--input", archive.string()});
    made.pin(image.id, image.tag, written.digest);
    store.map_for_boxes(image.id);
    store.tag(image.id, image.tag);
  } catch (...) {
    remove_leftovers(store);
    throw;
  }
  progress.done();
  ImagesState::load().remember(key_of(installation, driver), image, prints);
  return image;
}

void ensure_tag(const podman::Podman& podman, const ImageRef& image) {
  const ImageStore store(podman);
  if (store.id_of(image.tag) != image.id) {
    store.tag(image.id, image.tag);
  }
}

} // namespace agentbox::image
