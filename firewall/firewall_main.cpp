// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdio>
#include <exception>
#include <span>
#include <string>

#include "firewall/serve/serve.hpp"
#include "firewall/serve/serve_options.hpp"
#include "support/error.hpp"

namespace {

using agentbox::firewall::serve::FirewallOptions;
namespace serve = agentbox::firewall::serve;

void print(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

void run(const FirewallOptions& options) {
  switch (options.verb) {
  case FirewallOptions::Verb::serve: serve::serve(options); break;
  case FirewallOptions::Verb::lock: serve::lock(options); break;
  case FirewallOptions::Verb::unload: serve::unload(options); break;
  case FirewallOptions::Verb::ready: serve::require_ready(options); break;
  case FirewallOptions::Verb::ruleset: print(serve::ruleset_text(options)); break;
  case FirewallOptions::Verb::version: print("agentbox-firewall " AGENTBOX_VERSION "\n"); break;
  case FirewallOptions::Verb::help: print(serve::help_text()); break;
  }
}

int complain(const std::string& message, const std::string& hint, agentbox::support::ExitCode code) {
  std::fprintf(stderr, "agentbox-firewall: %s\n", message.c_str());
  if (!hint.empty()) {
    std::fprintf(stderr, "  hint: %s\n", hint.c_str());
  }
  return static_cast<int>(code);
}

} // namespace

int main(int argc, char** argv) {
  using agentbox::support::Error;
  using agentbox::support::ExitCode;
  try {
    const std::span<const char* const> all(argv, static_cast<std::size_t>(argc));
    run(serve::parse_options(all.subspan(all.empty() ? 0 : 1)));
    return 0;
  } catch (const Error& error) {
    return complain(error.what(), error.hint(), error.code());
  } catch (const std::exception& error) {
    return complain(error.what(), {}, ExitCode::failed);
  }
}
