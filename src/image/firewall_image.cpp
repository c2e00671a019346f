// SPDX-License-Identifier: Apache-2.0
#include "image/firewall_archive.hpp"

#include "image/build_log.hpp"
#include "image/image.hpp"
#include "image/image_store.hpp"
#include "image/progress.hpp"
#include "image/state.hpp"
#include "image/workplace.hpp"
#include "support/error.hpp"

namespace agentbox::image {
namespace {

namespace fs = std::filesystem;

std::string key_of(const podman::Installation& installation, policy::FirewallDriver driver) {
  const std::string key = "firewall\n" + installation.firewall().string();
  return driver == policy::FirewallDriver::nftables ? key : key + "\n" + std::string(policy::driver_text(driver));
}

/// The image remembered for this program, if none of the files it was put together from has changed since.
std::optional<ImageRef> remembered(const podman::Installation& installation, policy::FirewallDriver driver) {
  const ImagesState state = ImagesState::load();
  const std::string key = key_of(installation, driver);
  for (const auto& [path, print] : state.files(key)) {
    if (fingerprint(path) != print) {
      return std::nullopt;
    }
  }
  return state.find(key);
}

std::map<std::string, std::string> prints_of(const std::vector<oci::ImageEntry>& entries) {
  std::map<std::string, std::string> prints;
  for (const oci::ImageEntry& entry : entries) {
    if (const auto* copy = std::get_if<oci::ImageEntry::Copy>(&entry.what)) {
      prints[copy->source.string()] = fingerprint(copy->source);
    }
  }
  return prints;
}

} // namespace

std::optional<ImageRef> known_firewall_image(const podman::Installation& installation, policy::FirewallDriver driver) {
  return remembered(installation, driver);
}

ImageRef ensure_firewall_image(const podman::Podman& podman, const podman::Installation& installation,
                               policy::FirewallDriver driver, bool recheck) {
  const Store store(podman);
  const auto usable = [&]() -> std::optional<ImageRef> {
    auto image = remembered(installation, driver);
    return image && recheck && store.id_of(image->tag) != image->id ? std::nullopt : image;
  };
  if (auto image = usable()) {
    return *std::move(image);
  }
  const Workplace workplace;
  if (auto image = usable()) {
    return *std::move(image);
  }
  Progress progress;
  progress.step("putting the firewall's image together");
  const std::map<std::string, std::string> prints =
      prints_of(oci::firewall_image_entries(installation.firewall(), driver));
  const fs::path archive = workplace.folder() / "firewall.tar";
  const std::string id = oci::write_firewall_image(archive, "", installation.firewall(), driver, AGENTBOX_VERSION).id;
  ImageRef image{id, "localhost/agentbox/firewall:" AGENTBOX_VERSION "-" + id.substr(0, 12)};
  if (store.id_of(id) != id) {
    podman.capture({"load", "--quiet", "--input", archive.string()});
    store.map_for_boxes(id);
  }
  store.tag(id, image.tag); // whoever took the name away: other programs know the image by it
  progress.done();
  ImagesState::load().remember(key_of(installation, driver), image, prints);
  return image;
}

} // namespace agentbox::image
