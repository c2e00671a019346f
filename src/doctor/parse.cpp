// SPDX-License-Identifier: Apache-2.0
#include "doctor/parse.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>

#include "support/lines.hpp"
#include "support/numbers.hpp"
#include "support/os_release.hpp"

namespace agentbox::doctor {
namespace {

Family family_of(std::string_view id) {
  if (id == "debian" || id == "ubuntu") {
    return Family::debian;
  }
  if (id == "fedora" || id == "rhel" || id == "centos") {
    return Family::fedora;
  }
  if (id == "suse" || id == "opensuse" || id == "sles" || id.substr(0, 9) == "opensuse-") {
    return Family::suse;
  }
  if (id == "arch") {
    return Family::arch;
  }
  return id == "alpine" ? Family::alpine : Family::unknown;
}

struct Feature {
  const char* module;
  const char* option;     ///< of the kernel's configuration
  const char* filesystem; ///< its line in /proc/filesystems, or nullptr
};

constexpr Feature k_features[] = {
    {"nf_tables", "CONFIG_NF_TABLES", nullptr},       {"nft_chain_nat", "CONFIG_NFT_NAT", nullptr},
    {"nft_redir", "CONFIG_NFT_REDIR", nullptr},       {"nft_ct", "CONFIG_NFT_CT", nullptr},
    {"nft_fib_inet", "CONFIG_NFT_FIB_INET", nullptr}, {"nft_reject_inet", "CONFIG_NFT_REJECT_INET", nullptr},
    {"overlay", "CONFIG_OVERLAY_FS", "overlay"},
};

/// Returns whether a line of modules.builtin or modules.dep names the module: "kernel/net/netfilter/nf_tables.ko.zst:
/// …".
bool lists_module(std::string_view text, std::string_view module) {
  for (std::string_view line : support::lines(text)) {
    line = line.substr(0, line.find(':'));
    std::string_view file = line.substr(line.rfind('/') + 1);
    file = file.substr(0, file.find(".ko"));
    if (file.size() == module.size() && std::equal(file.begin(), file.end(), module.begin(), [](char left, char right) {
          return (left == '-' ? '_' : left) == right;
        })) {
      return true;
    }
  }
  return false;
}

bool has_line(std::string_view text, std::string_view wanted) {
  const auto lines = support::lines(text);
  return std::find(lines.begin(), lines.end(), wanted) != lines.end();
}

bool is_loaded(std::string_view proc_modules, std::string_view module) {
  const auto lines = support::lines(proc_modules);
  return std::any_of(lines.begin(), lines.end(),
                     [&](std::string_view line) { return line.substr(0, line.find(' ')) == module; });
}

ModuleState module_state(const ModuleSources& sources, const Feature& feature) {
  if (sources.loaded && is_loaded(*sources.loaded, feature.module)) {
    return ModuleState::loaded;
  }
  if (feature.filesystem != nullptr && sources.filesystems &&
      has_line(*sources.filesystems, std::string("nodev\t") + feature.filesystem)) {
    return sources.loaded ? ModuleState::loaded : ModuleState::built_in;
  }
  if (sources.built_in && lists_module(*sources.built_in, feature.module)) {
    return ModuleState::built_in;
  }
  if (sources.loadable && lists_module(*sources.loadable, feature.module)) {
    return ModuleState::loadable;
  }
  if (sources.config) {
    if (has_line(*sources.config, std::string(feature.option) + "=y")) {
      return ModuleState::built_in;
    }
    // "=m" without a module file: the modules of the running kernel are not installed (it was upgraded: reboot).
    return ModuleState::absent;
  }
  return sources.built_in && sources.loadable ? ModuleState::absent : ModuleState::unknown;
}

} // namespace

Distro parse_os_release(std::string_view text) {
  support::OsRelease release = support::parse_os_release(text);
  Distro distro{Family::unknown, std::move(release.name)};
  for (const std::string& id : release.ids) {
    if (distro.family == Family::unknown) {
      distro.family = family_of(id);
    }
  }
  return distro;
}

IdRange parse_subordinate_ids(std::string_view text, std::string_view user, std::uint32_t uid) {
  IdRange range;
  for (const std::string_view line : support::lines(text)) {
    const auto fields = support::split(line, ':');
    if (fields.size() != 3) {
      continue;
    }
    const auto first = support::parse_number<std::uint32_t>(fields[1]);
    const auto count = support::parse_number<std::uint32_t>(fields[2]);
    if (!first || !count) {
      continue;
    }
    range.next_free = std::max(range.next_free, std::uint64_t{*first} + *count);
    if (fields[0] == user || fields[0] == std::to_string(uid)) {
      range.count += *count;
    }
  }
  return range;
}

CgroupLayout parse_cgroup_layout(std::string_view mountinfo) {
  CgroupLayout layout = CgroupLayout::none;
  bool below_v1 = false;
  bool below_v2 = false;
  for (const std::string_view line : support::lines(mountinfo)) {
    const auto fields = support::split(line, ' ');
    const auto dash = std::find(fields.begin(), fields.end(), "-");
    if (fields.size() < 7 || dash == fields.end() || dash + 1 == fields.end()) {
      continue;
    }
    const std::string_view type = *(dash + 1);
    if (fields[4] == "/sys/fs/cgroup") { // a later mount hides an earlier one and what is below it
      layout = type == "cgroup2" ? CgroupLayout::v2 : CgroupLayout::none;
      below_v1 = below_v2 = false;
    } else if (fields[4].substr(0, 15) == "/sys/fs/cgroup/") {
      below_v1 = below_v1 || type == "cgroup";
      below_v2 = below_v2 || type == "cgroup2";
    }
  }
  if (layout == CgroupLayout::none && below_v1) {
    return below_v2 ? CgroupLayout::hybrid : CgroupLayout::v1;
  }
  return layout;
}

std::map<std::string, ModuleState> module_states(const ModuleSources& sources) {
  std::map<std::string, ModuleState> states;
  for (const Feature& feature : k_features) {
    states.emplace(feature.module, module_state(sources, feature));
  }
  return states;
}

std::string seccomp_profile_problem(std::string_view text) {
  const auto profile = nlohmann::json::parse(text, nullptr, false);
  if (profile.is_discarded()) {
    return "is not JSON";
  }
  const auto action = profile.is_object() ? profile.find("defaultAction") : profile.end();
  if (action == profile.end() || !action->is_string()) {
    return "has no defaultAction";
  }
  if (*action != "SCMP_ACT_ERRNO" && *action != "SCMP_ACT_KILL" && *action != "SCMP_ACT_KILL_PROCESS") {
    return "allows every system call that it does not list (defaultAction " + action->get<std::string>() + ")";
  }
  const auto calls = profile.find("syscalls");
  if (calls == profile.end() || !calls->is_array() || calls->empty()) {
    return "lists no system calls";
  }
  return {};
}

std::uint64_t idle_image_bytes(std::string_view images) {
  const nlohmann::json list = nlohmann::json::parse(images, nullptr, false);
  std::map<std::string, std::uint64_t> sizes; // an image with two names is listed twice
  try {
    for (const nlohmann::json& image : list) {
      if (image.value("Containers", 0) == 0) {
        sizes[image.value("Id", "")] = image.value("Size", std::uint64_t{0});
      }
    }
  } catch (const nlohmann::json::exception&) {
    return 0;
  }
  return std::accumulate(sizes.begin(), sizes.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const auto& image) { return sum + image.second; });
}

std::string version_word(std::string_view text) {
  constexpr std::string_view k_label = "version ";
  const std::size_t found = text.find(k_label);
  if (found == std::string_view::npos) {
    return {};
  }
  text.remove_prefix(found + k_label.size());
  return std::string(text.substr(0, text.find_first_of(" \n,")));
}

} // namespace agentbox::doctor
