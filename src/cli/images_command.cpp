// SPDX-License-Identifier: Apache-2.0
// images: what agentbox built in the user's Podman store.
#include <algorithm>
#include <fmt/format.h>
#include <memory>
#include <optional>

#include "cli/image_choice.hpp"
#include "cli/subcommands.hpp"
#include "image/build_directory.hpp"
#include "image/image.hpp"
#include "image/image_list.hpp"
#include "image/image_store.hpp"
#include "network/totals.hpp"
#include "podman/installation.hpp"
#include "podman/podman_info.hpp"
#include "support/local_time.hpp"
#include "support/table.hpp"
#include "support/text.hpp"

namespace agentbox::cli {
namespace {

/// Returns the images that boxes of this directory use.
std::vector<std::string> wanted_here() {
  const ResolvedImage resolved = resolve_image({});
  const podman::Installation installation = podman::find_installation();
  std::vector<std::string> wanted;
  for (const auto& image : {image::known_agent_image(installation, resolved.choice),
                            image::known_firewall_image(installation, resolved.network.driver)}) {
    if (image) {
      wanted.push_back(image->id);
    }
  }
  return wanted;
}

std::string use_of(const image::ListedImage& image, const std::vector<image::ListedImage>& idle) {
  if (!image.used_by.empty()) {
    return support::escape_untrusted(support::join(image.used_by, ", "));
  }
  const bool is_idle = std::any_of(idle.begin(), idle.end(), [&](const auto& other) { return other.id == image.id; });
  return is_idle ? "nothing" : "the next box of this directory";
}

void print(const std::vector<image::ListedImage>& images, const std::vector<image::ListedImage>& idle) {
  std::vector<std::vector<std::string>> rows;
  for (const image::ListedImage& image : images) {
    rows.push_back({support::escape_untrusted(image.names.empty() ? image.kind : image.names.front()),
                    image.id.substr(0, 12), network::size_text(image.bytes),
                    support::local_time(image.created, "%Y-%m-%d"), use_of(image, idle)});
  }
  fmt::print("{}", support::table({{"IMAGE"}, {"ID"}, {"SIZE", true}, {"BUILT"}, {"USED BY"}}, rows));
}

void list() {
  podman::refuse_root();
  const podman::Podman podman = podman::Podman::find();
  const auto images = image::list_images(podman, image::MadeImages(podman, podman::podman_info(podman)));
  print(images, image::idle_images(images, wanted_here()));
}

int prune(bool dry_run) {
  podman::refuse_root();
  const podman::Podman podman = podman::Podman::find();
  const image::MadeImages made(podman, podman::podman_info(podman));
  std::optional<image::BuildDirectory> building;
  if (!dry_run) {
    building.emplace(); // waits for a build, whose tools image nothing uses yet
  }
  const auto idle = image::idle_images(image::list_images(podman, made), wanted_here());
  print(idle, idle);
  if (dry_run) {
    return 0;
  }
  for (const image::ListedImage& image : idle) {
    for (const std::string& name : image.names.empty() ? std::vector{image.id} : image.names) {
      image::ImageStore(podman).try_remove(name); // the last name removes the image; an ID fails if it has two names
    }
  }
  const auto left = image::list_images(podman, made);
  const auto stayed = std::count_if(left.begin(), left.end(), [&](const auto& image) {
    return std::any_of(idle.begin(), idle.end(), [&](const auto& gone) { return gone.id == image.id; });
  });
  if (stayed != 0) {
    throw support::Error(support::ExitCode::failed, fmt::format("{} of these images could not be removed", stayed),
                         "something began to use them; see: agentbox images list");
  }
  return 0;
}

} // namespace

void add_images(const CommandSpec& app, Context& context) {
  const CommandSpec images = app.group("images", "List the images that agentbox built, or remove unused ones");
  images.command("list", "List the images, their sizes and what uses them").action([] { list(); });
  const CommandSpec command = images.command(
      "prune", "Remove the images that no box uses and that the next box in this directory would not use");
  auto dry_run = std::make_shared<bool>(false);
  command.flag("--dry-run", *dry_run, "Only list them");
  command.action([dry_run, &context] { context.exit_code = prune(*dry_run); });
}

} // namespace agentbox::cli
