// SPDX-License-Identifier: Apache-2.0
// make_agents OUTPUT FILE...: checks agents/*.toml, and writes them as initializers of AgentData. Runs during the
// build.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "config/agent_file.hpp"
#include "support/file.hpp"

namespace {

using namespace agentbox;
using Strings = std::vector<std::string>;

std::string literal(const std::string& text) {
  std::string result = "\"";
  for (const char c : text) {
    result += c == '"' || c == '\\' ? std::string("\\") + c : std::string(1, c);
  }
  return result + "\"";
}

template <typename Items, typename Write>
std::string braces(const Items& items, Write write) {
  std::string result = "{";
  for (const auto& item : items) {
    result += (result.size() > 1 ? ", " : "") + write(item);
  }
  return result + "}";
}

std::string list(const Strings& values) {
  return "std::vector<std::string>" + braces(values, literal);
}

std::string pairs(const std::map<std::string, std::string>& values) {
  return "std::map<std::string, std::string>" + braces(values, [](const auto& pair) {
           return "std::pair<const std::string, std::string>(" + literal(pair.first) + ", " + literal(pair.second) +
                  ")";
         });
}

std::string flag(bool value) {
  return value ? "true, " : "false, ";
}

std::string npm_source(const agents::NpmSource& npm) {
  const auto& [package, version, platforms, prefix, only, leave_out, program] = npm;
  return "NpmSource{" + literal(package) + ", " + literal(version) + ", " + pairs(platforms) + ", " + literal(prefix) +
         ", " + list(only) + ", " + list(leave_out) + ", " + literal(program) + "}";
}

std::string login_kind(const std::optional<agents::LoginKind>& login) {
  if (!login) {
    return "std::nullopt";
  }
  const auto& [agent, variable, home_directory, file, format, box_variable, lock, lock_type, only, renewed, hosts,
               sign_in, sign_in_variable, sign_in_hosts, browser_sign_in, callback_port, token_variable, token] =
      *login;
  std::string text = "LoginKind{";
  for (const std::string* value : {&agent, &variable, &home_directory, &file, &format, &box_variable, &lock}) {
    text += literal(*value) + ", ";
  }
  return text + "LoginKind::Lock::" + (lock_type == agents::LoginKind::Lock::directory ? "directory" : "file") + ", " +
         literal(only) + ", " + list(renewed) + ", " + list(hosts) + ", " + list(sign_in) + ", " +
         literal(sign_in_variable) + ", " + list(sign_in_hosts) + ", " + list(browser_sign_in) + ", " +
         std::to_string(callback_port) + ", " + literal(token_variable) + ", " + literal(token) + "}";
}

std::string initializer(const agents::AgentData& data) {
  const auto& [name, title, in_default_image, is_runtime, glibc_only, runtime, npm, command, prompt, continue_last,
               resume, model, models, about, env, auth, history, instructions, home_files, default_hosts, hosts,
               hosts_with_key, key_variables, provider_variables, known_requests, unneeded, login] = data;
  std::string text = "AgentData{" + literal(name) + ", " + literal(title) + ", " + flag(in_default_image) +
                     flag(is_runtime) + flag(glibc_only) + literal(runtime) + ", " + npm_source(npm) + ", ";
  for (const Strings* values : {&command, &prompt, &continue_last, &resume, &model, &models, &about}) {
    text += list(*values) + ", ";
  }
  text += pairs(env) + ", ";
  for (const Strings* values : {&auth, &history, &instructions, &home_files, &default_hosts, &hosts, &hosts_with_key,
                                &key_variables, &provider_variables}) {
    text += list(*values) + ", ";
  }
  text += "std::vector<KnownRequest>" + braces(known_requests, [](const agents::KnownRequest& request) {
            return "KnownRequest{" + literal(request.host) + ", " + std::to_string(request.lookups) + "}";
          });
  return text + ", " + pairs(unneeded) + ", " + login_kind(login) + "},\n";
}

} // namespace

int main(int argc, char** argv) {
  constexpr std::size_t k_max_text = 1U << 20U;
  try {
    policy::Diagnostics diagnostics;
    std::string text;
    Strings files(argv + std::min(argc, 2), argv + argc);
    std::sort(files.begin(), files.end()); // all are in one directory
    for (const std::string& file : files) {
      text += initializer(config::parse_agent_file(std::filesystem::path(file).stem().string(),
                                                   support::read_file(file, k_max_text), file, diagnostics));
    }
    for (const auto& [where, message, hint] : diagnostics) {
      std::cerr << where << ": " << message << (hint.empty() ? "" : " (" + hint + ")") << "\n";
    }
    if (argc < 2 || !diagnostics.empty()) {
      return 1;
    }
    std::ofstream output(argv[1]);
    output << text;
    output.close();
    return output ? 0 : 1;
  } catch (const std::exception& error) {
    std::cerr << "make_agents: " << error.what() << "\n";
    return 1;
  }
}
