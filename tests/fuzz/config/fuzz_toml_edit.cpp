// SPDX-License-Identifier: Apache-2.0
// A configuration that a host is added to: nothing of its text is lost, and what parsed before parses after.
#include "config/toml_edit.hpp"

#include "config/config_layer.hpp"
#include "require.hpp"

namespace config = agentbox::config;
using agentbox::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) { // NOLINT(*-identifier-naming)
  const std::string_view text = agentbox::fuzz::text_of(data, size);
  const auto edited = config::add_to_list(text, "network", "allow_hosts", "new.example");
  if (!edited) {
    return 0;
  }
  require(edited->size() > text.size(), "something was added");
  // What was there is still there, in its order.
  std::size_t at = 0;
  for (const char c : text) {
    at = edited->find(c, at);
    require(at != std::string::npos, "nothing is lost");
    ++at;
  }
  agentbox::policy::Diagnostics before;
  agentbox::policy::Diagnostics after;
  const auto layer = config::parse_layer(text, "f", config::LayerKind::user, before);
  const auto with = config::parse_layer(*edited, "f", config::LayerKind::user, after);
  require(with.allow.size() == layer.allow.size() + 1, "one host more");
  require(before.size() == after.size(), "as many mistakes as before");
  return 0;
}
