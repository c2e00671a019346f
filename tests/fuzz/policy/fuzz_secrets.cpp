// SPDX-License-Identifier: Apache-2.0
// Files of a project that may have credentials, and Git configurations: no bytes make the readers leave their bounds.
#include "policy/hidden_names.hpp"
#include "policy/url_credentials.hpp"
#include "require.hpp"

namespace policy = agentbox::policy;
using agentbox::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) { // NOLINT(*-identifier-naming)
  const std::string text(agentbox::fuzz::text_of(data, size));
  for (const char* name : {".npmrc", ".yarnrc.yml", ".netrc", "auth.json", ".pgpass"}) {
    require(policy::may_hold_token(name) && (!policy::holds_token(name, text) || !text.empty()),
            "nothing has no token");
  }
  require(!policy::is_hidden_name(text) || text.size() >= 4, "a hidden name is at least .env");
  if (const auto cleaned = policy::without_credentials(text)) {
    require(*cleaned != text && cleaned->size() <= text.size(), "a copy without credentials is not longer");
  }
  return 0;
}
