// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <memory>

#include "cli/subcommands.hpp"
#include "doctor/check_result.hpp"
#include "doctor/read_host.hpp"
#include "support/terminal.hpp"

namespace agentbox::cli {
void add_doctor(const CommandSpec& app, Context& context) {
  const CommandSpec doctor =
      app.command("doctor", "Check what this host can enforce, and print the commands that fix problems");
  auto json = std::make_shared<bool>(false);
  doctor.flag("--json", *json, "Print one JSON object");
  doctor.action([json, &context] {
    const agentbox::doctor::HostReport report = agentbox::doctor::read_host();
    const auto findings = agentbox::doctor::examine(report);
    fmt::print("{}", *json ? agentbox::doctor::to_json(report, findings)
                           : agentbox::doctor::to_text(report, findings, support::wants_colour()));
    context.exit_code = agentbox::doctor::enforceable(findings) ? 0 : 1;
  });
}

} // namespace agentbox::cli
