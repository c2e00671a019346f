// SPDX-License-Identifier: Apache-2.0
#include "podman/podman.hpp"

#include <fmt/format.h>
#include <unistd.h>

namespace agentbox::podman {
namespace {

std::string name_of(const std::vector<std::string>& args) {
  return "podman" + (args.empty() ? std::string() : " " + args.front());
}

support::TimedOut timed_out(const std::vector<std::string>& args, std::chrono::milliseconds timeout) {
  return {support::ExitCode::failed,
          fmt::format("`{}` did not finish in {} s: another Podman process may hold the storage lock (a build, a pull, "
                      "a removal)",
                      name_of(args), std::chrono::duration<double>(timeout).count()),
          "pgrep -a -u \"$USER\" podman shows it: wait for it or kill it, then try again"};
}

} // namespace

Podman::Podman(std::filesystem::path program, std::map<std::string, std::string> caller)
    : m_program(std::move(program)), m_caller(std::move(caller)) {}

Podman Podman::find() {
  for (const std::string& directory : program_directories()) {
    const std::string path = directory + "/podman";
    if (access(path.c_str(), X_OK) == 0) {
      return {path, caller_environment()};
    }
  }
  throw support::Error(support::ExitCode::refused, "Podman is not installed",
                       "sudo apt-get install podman, or: sudo dnf install podman");
}

support::Command Podman::command(const std::vector<std::string>& args, Reach reach) const {
  support::Command command;
  command.argv.reserve(args.size() + 1);
  command.argv.push_back(m_program.string());
  command.argv.insert(command.argv.end(), args.begin(), args.end());
  command.env = constructed_environment(m_caller, reach);
  return command;
}

std::string Podman::capture(const std::vector<std::string>& args, support::CaptureLimits limits, Reach reach) const {
  try {
    support::Captured result = support::capture(command(args, reach), {}, limits);
    if (!result.status.ok()) {
      throw explain(name_of(args) + " failed", result);
    }
    return std::move(result.out);
  } catch (const support::TimedOut&) {
    throw timed_out(args, limits.timeout);
  }
}

} // namespace agentbox::podman
