// SPDX-License-Identifier: Apache-2.0
#include "image/onbuild.hpp"

#include <nlohmann/json.hpp>

#include "support/ascii.hpp"
#include "support/digest.hpp"
#include "support/error.hpp"
#include "support/file.hpp"
#include "support/text.hpp"

namespace agentbox::image {
namespace {

using nlohmann::json;
using support::Error;
using support::ExitCode;
namespace fs = std::filesystem;

/// Returns the configuration of image `id`: the file with that digest. containers/storage derives its name from it, and
/// puts '=' before names that are not plain. Empty when there is none.
std::string stored_configuration(const fs::path& image, const std::string& id) {
  constexpr std::size_t k_max_configuration = 4U << 20U;
  std::error_code error;
  for (fs::directory_iterator file(image, error), end; !error && file != end; file.increment(error)) {
    if (!file->path().filename().string().starts_with('=') || file->file_size(error) > k_max_configuration) {
      continue;
    }
    std::string text = support::read_file(file->path(), k_max_configuration);
    if (support::sha256_hex(text) == id) {
      return text;
    }
  }
  return {};
}

} // namespace

void refuse_onbuild(const podman::PodmanInfo& info, const std::string& id, const std::string& name) {
  const fs::path image = info.graph_root / (info.graph_driver + "-images") / id;
  using Event = json::parse_event_t;
  constexpr int k_key_depth = 2; // config.OnBuild
  bool is_onbuild = false;
  std::string instructions;
  // Podman's decoder, Go's, accepts keys in any letter case and merges an object that occurs twice, so every key is
  // examined.
  const auto look = [&](int depth, Event event, const json& value) {
    if (event == Event::key) {
      is_onbuild = depth == k_key_depth && support::lower(value.get_ref<const std::string&>()) == "onbuild";
    } else if (is_onbuild && (event == Event::value || event == Event::array_end) && !value.empty()) {
      instructions = value.dump();
    }
    return true;
  };
  const json configuration = json::parse(stored_configuration(image, id), look, false);
  if (!configuration.is_object()) {
    throw Error(ExitCode::refused,
                "the configuration of the base " + support::escape_untrusted(name) + " is not in " + image.string(),
                "only an image in your own Podman store can be a base: pull it again with podman pull");
  }
  if (!instructions.empty()) {
    throw Error(ExitCode::refused,
                "the base " + support::escape_untrusted(name) +
                    " has ONBUILD instructions, which would run outside of the build's firewall: " +
                    support::escape_untrusted(instructions, 200),
                "choose a --base without them");
  }
}

} // namespace agentbox::image
