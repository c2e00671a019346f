// SPDX-License-Identifier: Apache-2.0
// probe_wire [--full-network]: the attacks of wire.hpp in the form of agentbox-probe. probe_wire --list: every attack's
// name, the product's included, one per line, for a test with a case for each.
#include <algorithm>
#include <array>
#include <cstdio>
#include <string>
#include <string_view>

#include "attacks/runner.hpp"
#include "wire/wire.hpp"

namespace {

using namespace agentbox;

constexpr int k_attempt_ms = 60000;

void list(const attacks::AttackFamily& family) {
  for (const attacks::Attack& attack : family.attacks) {
    std::printf("%s\t%s\t%s\n", attack.name, family.name, attack.defence);
  }
}

} // namespace

int main(int argc, char** argv) {
  const std::array families = {wire::tls_attacks(), wire::http_attacks(), wire::dns_attacks(), wire::host_attacks()};
  const std::string_view option = argc > 1 ? argv[1] : "";
  if (option == "--list") {
    for (const auto family : attacks::all_attacks()) {
      list(family);
    }
    for (const auto family : families) {
      list(family);
    }
    return 0;
  }
  attacks::Expected expected;
  expected.filtered = option != "--full-network";
  for (const auto family : families) {
    for (const attacks::Attack& attack : family.attacks) {
      const attacks::AttackResult result = attacks::attempt(attack, expected, k_attempt_ms);
      std::string text = result.text.data(); // may come from a server
      std::replace_if(
          text.begin(), text.end(), [](char c) { return c < ' ' || c > '~'; }, ' ');
      std::printf("%s\t%s\t%s\t%s\t%s\t%s\n", attack.name, family.name, attack.tried, attack.defence,
                  std::string(protocol::verdict_text(result.verdict)).c_str(), text.c_str());
      std::fflush(stdout);
    }
  }
  return 0;
}
