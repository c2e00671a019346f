// SPDX-License-Identifier: Apache-2.0
#include "selinux/context.hpp"

#include <algorithm>
#include <set>

#include "catch.hpp"

using namespace agentbox::selinux;

namespace {

constexpr const char* k_fedora = "process = \"system_u:system_r:container_t:s0\"\n"
                                 "file = \"system_u:object_r:container_file_t:s0\"\n"
                                 "ro_file=\"system_u:object_r:container_ro_file_t:s0\"\n"
                                 "kvm_process = \"system_u:system_r:container_kvm_t:s0\"\n";

} // namespace

TEST_CASE("contexts are parsed and written back") {
  for (const char* text : {"unconfined_u:object_r:user_home_t:s0", "system_u:object_r:container_file_t:s0:c1,c1023",
                           "system_u:object_r:etc_t", "u:r:t:s0-s15:c0.c1023"}) {
    const auto context = parse_context(text);
    REQUIRE(context);
    CHECK(to_text(*context) == text);
  }
  CHECK(parse_context(std::string_view("u:r:t:s0\0", 9))->level == "s0");
  for (const char* text : {"", "unlabeled", "a:b", "a::c:s0", ":b:c:s0", "a:b:c d:s0", "a:b:c:s0\n"}) {
    CHECK_FALSE(parse_context(text));
  }
}

TEST_CASE("a label is compared exactly") {
  const Label label{"container_file_t", "s0:c1,c2"};
  const auto is_right = [&](const char* text) { return has_label(parse_context(text).value(), label); };
  CHECK(is_right("system_u:object_r:container_file_t:s0:c1,c2"));
  CHECK(is_right("unconfined_u:object_r:container_file_t:s0:c1,c2"));
  CHECK_FALSE(is_right("system_u:object_r:container_file_t:s0:c1,c3")); // another box's
  CHECK_FALSE(is_right("system_u:object_r:container_file_t:s0"));
  CHECK_FALSE(is_right("system_u:object_r:container_ro_file_t:s0:c1,c2"));
  CHECK_FALSE(is_right("container_file_t:object_r:user_home_t:s0:c1,c2"));
}

TEST_CASE("container contexts come from the file that Podman reads") {
  const auto contexts = parse_container_contexts(k_fedora);
  REQUIRE(contexts);
  CHECK(to_text(contexts->process) == "system_u:system_r:container_t:s0");
  CHECK(to_text(contexts->file) == "system_u:object_r:container_file_t:s0");
  CHECK(to_text(contexts->read_only_file) == "system_u:object_r:container_ro_file_t:s0");
  CHECK_FALSE(parse_container_contexts("process = \"system_u:system_r:container_t:s0\"\n"));
  CHECK_FALSE(parse_container_contexts("#process = \"a:b:c:s0\"\nfile = \"a:b:c:s0\"\nro_file = \"a:b:c:s0\"\n"));
  CHECK_FALSE(parse_container_contexts(""));
}

TEST_CASE("levels: one for all firewalls of a user, one for each workspace, never the same") {
  const std::string firewall = firewall_level(1000);
  CHECK(firewall == firewall_level(1000));
  CHECK(firewall != firewall_level(1001));
  CHECK(box_level(1000, "/home/user/a") == box_level(1000, "/home/user/a"));
  CHECK(box_level(1000, "/home/user/a") != box_level(1001, "/home/user/a"));
  std::set<std::string> levels;
  for (int i = 0; i < 5000; ++i) {
    const std::string level = box_level(1000, "/home/user/project-" + std::to_string(i));
    CHECK(level != firewall);
    levels.insert(level);
    // Two different categories in the kernel's order: what Podman passes on is what the kernel shows.
    const auto comma = level.find(",c");
    REQUIRE(level.starts_with("s0:c"));
    REQUIRE(comma != std::string::npos);
    const int low = std::stoi(level.substr(4));
    const int high = std::stoi(level.substr(comma + 2));
    CHECK((0 <= low && low < high && high < 1024));
  }
  CHECK(levels.size() > 4950);
}

TEST_CASE("the contexts of a box") {
  const auto contexts = parse_container_contexts(k_fedora).value();
  const BoxContexts box = box_contexts(contexts, true, 1000, "/home/user/a");
  const std::string level = box_level(1000, "/home/user/a");
  CHECK(to_text(box.agent) == "system_u:system_r:container_t:" + level);
  CHECK(to_text(box.agent_files) == "system_u:object_r:container_file_t:" + level);
  CHECK(to_text(box.firewall) == "system_u:system_r:container_t:" + firewall_level(1000));
  CHECK(to_text(box.firewall_files) == "system_u:object_r:container_file_t:" + firewall_level(1000));
  CHECK(to_text(label_of(box.read_only)) == "container_ro_file_t:s0");
  CHECK(box.project == box.agent_files);
  const BoxContexts flat = box_contexts(contexts, false, 1000, "/home/user/a");
  CHECK(to_text(flat.agent) == "system_u:system_r:container_t");
  CHECK(to_text(label_of(flat.agent_files)) == "container_file_t");
}

TEST_CASE("a box with logins has their categories as well, and never both of the firewall's") {
  const auto contexts = parse_container_contexts(k_fedora).value();
  const auto categories_of = [](const std::string& level) { // "s0:c1,c3.c5" -> 1, 3, 4, 5
    std::set<int> found;
    for (std::size_t at = 3; at < level.size();) {
      const int first = std::stoi(level.substr(at + 1));
      at = std::min(level.find_first_of(",.", at), level.size());
      const bool range = at < level.size() && level[at] == '.';
      const int last = range ? std::stoi(level.substr(at + 2)) : first;
      at = range ? std::min(level.find(',', at), level.size()) + 1 : at + 1;
      for (int one = first; one <= last; ++one) {
        found.insert(one);
      }
    }
    return found;
  };
  for (unsigned uid = 1000; uid < 3000; ++uid) {
    const BoxContexts box = box_contexts(contexts, true, uid, "/home/user/a", {"claude", "codex"});
    CHECK(box.project.level == box_level(uid, "/home/user/a"));
    CHECK(box.agent.level == box.agent_files.level);
    const std::set<int> all = categories_of(box.agent.level);
    std::set<int> expected;
    for (const std::string& level : {box.project.level, login_level(uid, "claude"), login_level(uid, "codex")}) {
      expected.merge(categories_of(level));
    }
    CHECK(all == expected);
    const std::set<int> firewall = categories_of(firewall_level(uid));
    CHECK_FALSE(std::includes(all.begin(), all.end(), firewall.begin(), firewall.end()));
  }
  CHECK(login_level(1000, "claude") != login_level(1000, "codex"));
  CHECK(login_level(1000, "claude") != login_level(1001, "claude"));
}
