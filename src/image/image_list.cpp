// SPDX-License-Identifier: Apache-2.0
#include "image/image_list.hpp"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <tuple>

#include "image/image_store.hpp"
#include "protocol/protocol.hpp"
#include "support/error.hpp"

namespace agentbox::image {
namespace {

using nlohmann::json;

/// Parses a list of objects; Podman 4 prints null for none.
json parse_objects(std::string_view text, const char* what) {
  const json list = json::parse(text, nullptr, false);
  const bool valid =
      list.is_null() ||
      (list.is_array() && std::all_of(list.begin(), list.end(), [](const json& item) { return item.is_object(); }));
  if (!valid) {
    throw support::Error(support::ExitCode::failed, std::string("Podman sent an invalid list of ") + what);
  }
  return list;
}

template <typename Value>
Value field(const json& object, const char* name) {
  const auto found = object.find(name);
  try {
    return found == object.end() || found->is_null() ? Value{} : found->get<Value>();
  } catch (const json::exception&) {
    throw support::Error(support::ExitCode::failed, std::string("Podman sent an invalid ") + name);
  }
}

using Words = std::vector<std::string>;
using Labels = std::map<std::string, std::string>;

} // namespace

std::vector<ListedImage> parse_image_list(std::string_view images, std::string_view containers) {
  std::map<std::string, std::set<std::string>> users;
  for (const json& container : parse_objects(containers, "containers")) {
    const auto names = field<Words>(container, "Names");
    const auto pod = field<std::string>(container, "PodName");
    users[field<std::string>(container, "ImageID")].insert(pod.empty() && !names.empty() ? names.front() : pod);
  }
  std::map<std::string, ListedImage> by_id; // an image with two tags is listed twice
  for (const json& entry : parse_objects(images, "images")) {
    ListedImage image;
    auto labels = field<Labels>(entry, "Labels");
    image.id = field<std::string>(entry, "Id");
    image.kind = labels[protocol::k_image_label];
    image.names = field<Words>(entry, "Names");
    image.bytes = field<std::uint64_t>(entry, "Size");
    image.created = field<std::int64_t>(entry, "Created");
    image.used_by = {users[image.id].begin(), users[image.id].end()};
    image.tools = labels["org.agentbox.tools"];
    by_id.emplace(image.id, std::move(image));
  }
  std::vector<ListedImage> list;
  for (auto& [id, image] : by_id) {
    list.push_back(std::move(image));
  }
  std::sort(list.begin(), list.end(), [](const ListedImage& one, const ListedImage& other) {
    return std::tie(one.kind, one.names, one.created) < std::tie(other.kind, other.names, other.created);
  });
  return list;
}

std::vector<ListedImage> list_images(const podman::Podman& podman, const MadeImages& made) {
  std::vector<ListedImage> images = parse_image_list(
      podman.capture({"image", "ls", "--format", "json", "--filter", std::string("label=") + protocol::k_image_label}),
      podman.capture({"ps", "--all", "--pod", "--format", "json"}));
  std::erase_if(images, [&](const ListedImage& image) { return !made.knows(image.id); });
  return images;
}

std::vector<ListedImage> idle_images(const std::vector<ListedImage>& images, const std::vector<std::string>& wanted) {
  const auto is_wanted = [&](const ListedImage& image) {
    return !image.used_by.empty() || std::find(wanted.begin(), wanted.end(), image.id) != wanted.end();
  };
  std::vector<ListedImage> idle;
  std::copy_if(images.begin(), images.end(), std::back_inserter(idle), [&](const ListedImage& image) {
    return !is_wanted(image) && std::none_of(images.begin(), images.end(), [&](const ListedImage& other) {
      return is_wanted(other) && std::find(image.names.begin(), image.names.end(), other.tools) != image.names.end();
    });
  });
  return idle;
}

} // namespace agentbox::image
