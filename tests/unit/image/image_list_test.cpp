// SPDX-License-Identifier: Apache-2.0
#include "image/image_list.hpp"

#include "catch.hpp"
#include "support/error.hpp"
#include "temp_directory.hpp"

using namespace agentbox;
using image::ListedImage;

namespace {

// As Podman 4.3.1 prints them, without the members that we ignore. The agent's image has two tags: it is listed twice.
constexpr const char* k_images = R"([
  {"Id": "a1", "Size": 950, "Created": 1795900000, "Names": ["localhost/agentbox/agent:1", "localhost/other:1"],
   "Labels": {"org.agentbox.image": "agent", "org.agentbox.tools": "localhost/agentbox/tools:1"}},
  {"Id": "a1", "Size": 950, "Created": 1795900000, "Names": ["localhost/agentbox/agent:1", "localhost/other:1"],
   "Labels": {"org.agentbox.image": "agent", "org.agentbox.tools": "localhost/agentbox/tools:1"}},
  {"Id": "a2", "Size": 951, "Created": 1795900001, "RepoTags": null, "Names": null,
   "Labels": {"org.agentbox.image": "agent", "org.agentbox.tools": "localhost/agentbox/tools:2"}},
  {"Id": "f1", "Size": 26, "Created": 0, "Names": ["localhost/agentbox/firewall:1"], "Labels": {"org.agentbox.image": "firewall"}},
  {"Id": "f2", "Size": 26, "Created": 0, "Names": ["localhost/agentbox/firewall:2"], "Labels": {"org.agentbox.image": "firewall"}},
  {"Id": "t1", "Size": 200, "Created": 1795800000, "Names": ["localhost/agentbox/tools:1"], "Labels": {"org.agentbox.image": "tools"}},
  {"Id": "t2", "Size": 200, "Created": 1795800001, "Names": ["localhost/agentbox/tools:2"], "Labels": {"org.agentbox.image": "tools"}}
])";
constexpr const char* k_containers = R"([
  {"ImageID": "f1", "Names": ["9b5fd8aadeb3-infra"], "PodName": "agentbox-shop"},
  {"ImageID": "f1", "Names": ["lonely"], "PodName": ""}
])";

std::vector<std::string> ids(const std::vector<ListedImage>& images) {
  std::vector<std::string> list;
  for (const ListedImage& image : images) {
    list.push_back(image.id);
  }
  return list;
}

} // namespace

TEST_CASE("images are listed once, by kind, with what uses them") {
  const auto images = image::parse_image_list(k_images, k_containers);
  CHECK(ids(images) == std::vector<std::string>{"a2", "a1", "f1", "f2", "t1", "t2"});
  CHECK(images[0].kind == "agent");
  CHECK(images[0].names.empty());
  CHECK(images[1].names.size() == 2);
  CHECK(images[1].bytes == 950);
  CHECK(images[2].used_by == std::vector<std::string>{"agentbox-shop", "lonely"});
  CHECK(image::parse_image_list("null", "[]").empty());
}

TEST_CASE("an image that a container uses, or that is wanted, is not idle, nor is its base") {
  const auto images = image::parse_image_list(k_images, k_containers);
  CHECK(ids(image::idle_images(images, {"a2"})) == std::vector<std::string>{"a1", "f2", "t1"});
  CHECK(ids(image::idle_images(images, {})) == std::vector<std::string>{"a2", "a1", "f2", "t1", "t2"});
  CHECK(ids(image::idle_images(images, {"a1", "a2", "f2"})).empty());
}

TEST_CASE("an image that the user built on one of ours is not listed, so never pruned") {
  const tests::TempDirectory directory;
  directory.write("images.json", k_images);
  directory.write("pins.json", R"({"a1 localhost/agentbox/agent:1": "any", "t1 localhost/agentbox/tools:1": "any"})");
  const auto program = directory.write("podman", "#!/bin/sh\ncase \"$*\" in *ps*) echo '[]' ;; *) cat '" +
                                                     (directory.path() / "images.json").string() + "' ;; esac\n");
  std::filesystem::permissions(program, std::filesystem::perms::owner_all);
  const podman::Podman podman(program, {});
  CHECK(ids(image::list_images(podman, {podman, {}, directory.path() / "pins.json"})) ==
        std::vector<std::string>{"a1", "t1"});
}

TEST_CASE("what Podman would not print is refused") {
  for (const char* text : {"", "{}", "[1]", "not JSON", R"([{"Id": 1}])", R"([{"Id": "a", "Size": "big"}])",
                           R"([{"Id": "a", "Names": "name"}])", R"([{"Id": "a", "Labels": []}])"}) {
    INFO(text);
    CHECK_THROWS_AS(image::parse_image_list(text, "[]"), support::Error);
  }
  CHECK_THROWS_AS(image::parse_image_list("[]", R"([{"ImageID": 1}])"), support::Error);
}
