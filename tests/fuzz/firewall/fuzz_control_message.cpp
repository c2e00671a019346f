// SPDX-License-Identifier: Apache-2.0
// A message to a firewall's control socket: an accepted request does no more than the policy permits, and the reply is
// always one bounded, harmless line.
#include "firewall/control/controller.hpp"
#include "require.hpp"

namespace control = agentbox::firewall::control;
namespace names = agentbox::firewall::names;
using agentbox::fuzz::require;

namespace {

agentbox::policy::EgressPolicy sample() {
  agentbox::policy::EgressPolicy policy;
  policy.allow = {{{"api.example.com", false}, 443}};
  policy.block = {{"bad.example", false}, {"blocked.example", true}};
  return policy;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) { // NOLINT(*-identifier-naming)
  names::Directory directory(sample());
  std::size_t records = 0;
  control::Controller controller(
      directory,
      [&](const agentbox::firewall::audit::AuditRecord& record) {
        require(agentbox::firewall::audit::to_json_line(record).size() <= 8192, "a record is bounded");
        ++records;
        return true;
      },
      [] {});
  std::string_view text = agentbox::fuzz::text_of(data, size);
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const auto parsed = control::parse_request(line);
    control::ControlReply reply;
    if (const auto* request = std::get_if<control::ControlRequest>(&parsed)) {
      const std::size_t before = records;
      const auto changes = directory.live().changes();
      reply = controller.handle(*request, control::Controller::Clock::now());
      require(directory.live().changes() == changes || records > before, "every change is written down");
    } else {
      reply = std::get<control::ControlReply>(parsed);
      require(!reply.ok, "anything that is not a request is refused");
    }
    const std::string answer = control::to_line(reply);
    require(answer.size() <= control::k_max_message && answer.ends_with('\n'), "an answer is a line");
    require(!agentbox::fuzz::has_control_bytes(answer.substr(0, answer.size() - 1)), "an answer is harmless");
    require(control::parse_reply(answer.substr(0, answer.size() - 1)).has_value(), "an answer can be read");
  }
  require(!directory.decide("bad.example", 443).allowed(), "a block stays");
  require(!directory.decide("x.blocked.example", 443).allowed(), "a block stays");
  require(directory.live().changes().size() <= names::LiveList::k_max, "changes are bounded");
  return 0;
}
