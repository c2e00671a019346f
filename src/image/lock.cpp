// SPDX-License-Identifier: Apache-2.0
#include "image/lock.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "policy/package_names.hpp"
#include "support/error.hpp"
#include "support/file.hpp"
#include "support/lines.hpp"

namespace agentbox::image {
namespace {

using nlohmann::json;
using support::Error;
using support::ExitCode;

constexpr std::size_t k_max_lock_bytes = 1U << 20U;
constexpr std::string_view k_lock_alnum = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

class LockReader {
public:
  explicit LockReader(std::string_view where) : m_where(where) {}

  [[noreturn]] void fail(const std::string& what) const {
    throw Error(ExitCode::usage, m_where + ": " + what,
                "agentbox update rewrites the file; if you remove it, the installed one is used");
  }
  /// Returns the object at `key`. It may have only keys of `known` (empty: any).
  const json& object(const json& parent, const std::string& key, const std::vector<std::string>& known) const {
    const auto found = parent.find(key);
    if (found == parent.end() || !found->is_object()) {
      fail("\"" + key + "\" is not an object");
    }
    check_keys(*found, key, known);
    return *found;
  }
  void check_keys(const json& object, const std::string& name, const std::vector<std::string>& known) const {
    for (const auto& [key, value] : object.items()) {
      if (!known.empty() && std::find(known.begin(), known.end(), key) == known.end()) {
        fail("unknown key \"" + key + "\" in " + name);
      }
    }
  }
  std::string text(const json& parent, const std::string& key, bool (*valid)(std::string_view)) const {
    const auto found = parent.find(key);
    if (found == parent.end() || !found->is_string() || !valid(found->get_ref<const std::string&>())) {
      fail("\"" + key + "\" is missing or malformed");
    }
    return found->get<std::string>();
  }

private:
  std::string m_where;
};

bool only(std::string_view text, const std::string& allowed, std::size_t max) {
  return !text.empty() && text.size() <= max && text.find_first_not_of(allowed) == std::string_view::npos;
}

bool is_plain_name(std::string_view text) {
  return only(text, std::string(k_lock_alnum) + "._-", 80) && k_lock_alnum.find(text.front()) != std::string_view::npos;
}

PinnedAgent read_agent(const LockReader& reader, const json& agents, const std::string& name) {
  if (!is_plain_name(name)) {
    reader.fail("malformed agent name");
  }
  const json& entry = reader.object(agents, name, {"version", "packages", "program"});
  PinnedAgent agent{reader.text(entry, "version", is_version), {}};
  if (entry.contains("program")) {
    agent.program = reader.text(entry, "program", is_program_path);
  }
  const json& packages = reader.object(entry, "packages", {});
  for (const auto& [platform, ignored] : packages.items()) {
    const json& package = reader.object(packages, platform, {"name", "version", "integrity"});
    agent.packages[platform] = {reader.text(package, "name", policy::is_npm_name),
                                reader.text(package, "version", is_version),
                                reader.text(package, "integrity", is_integrity)};
  }
  return agent;
}

} // namespace

bool is_program_path(std::string_view text) {
  constexpr std::size_t k_max_path = 200;
  const auto parts = support::split(text, '/');
  return only(text, std::string(k_lock_alnum) + "._-@/", k_max_path) && !parts.empty() &&
         std::none_of(parts.begin(), parts.end(),
                      [](std::string_view part) { return part.empty() || part == "." || part == ".."; });
}

bool is_version(std::string_view text) {
  std::size_t end = 0;
  for (const std::string_view after : {".", ".", ""}) { // MAJOR.MINOR.PATCH
    const std::size_t start = end;
    end = std::min(text.find_first_not_of("0123456789", start), text.size());
    if (end == start || text.substr(end, after.size()) != after) {
      return false;
    }
    end += after.size();
  }
  return (end == text.size() || text[end] == '-' || text[end] == '+') && text.find("..") == std::string_view::npos &&
         only(text, std::string(k_lock_alnum) + ".-+", 80);
}

bool is_integrity(std::string_view text) {
  constexpr std::string_view k_prefix = "sha512-";
  constexpr std::size_t k_base64_of_sha512 = 88;
  return text.starts_with(k_prefix) && text.size() == k_prefix.size() + k_base64_of_sha512 && text.ends_with("==") &&
         only(text.substr(k_prefix.size(), k_base64_of_sha512 - 2), std::string(k_lock_alnum) + "+/",
              k_base64_of_sha512);
}

AgentsLock parse_lock(std::string_view text, std::string_view where) {
  const LockReader reader(where);
  const json document = json::parse(text, nullptr, false);
  if (!document.is_object() || document.value("version", json()) != 1) {
    reader.fail("not a version 1 lock file of agents");
  }
  reader.check_keys(document, "the file", {"version", "agents"});
  const json& agents = reader.object(document, "agents", {});
  AgentsLock lock;
  for (const auto& [name, ignored] : agents.items()) {
    lock.agents[name] = read_agent(reader, agents, name);
  }
  return lock;
}

std::string to_json(const AgentsLock& lock) {
  json agents = json::object();
  for (const auto& [name, agent] : lock.agents) {
    json packages = json::object();
    for (const auto& [platform, package] : agent.packages) {
      packages[platform] = {{"name", package.name}, {"version", package.version}, {"integrity", package.integrity}};
    }
    agents[name] = {{"version", agent.version}, {"packages", std::move(packages)}};
    if (!agent.program.empty()) {
      agents[name]["program"] = agent.program;
    }
  }
  return json{{"version", 1}, {"agents", std::move(agents)}}.dump(2) + "\n";
}

std::filesystem::path lock_path(const std::filesystem::path& share) {
  std::filesystem::path own = support::state_directory() / "agents.lock.json";
  return std::filesystem::exists(own) ? own : share / "containerfiles/agent/agents.lock.json";
}

void write_lock(const AgentsLock& lock) {
  const std::filesystem::path file = support::state_directory() / "agents.lock.json";
  AgentsLock all = lock;
  try {
    if (const auto text = support::read_file_if_exists(file, k_max_lock_bytes)) {
      all.agents.merge(parse_lock(*text, file.string()).agents);
    }
  } catch (const Error&) { // a damaged file is replaced
  }
  support::make_private_directory(support::state_directory());
  support::write_file(file, to_json(all));
}

AgentsLock load_lock(const std::filesystem::path& share) {
  const auto read = [](const std::filesystem::path& path) {
    return parse_lock(support::read_file(path, k_max_lock_bytes), path.string());
  };
  AgentsLock lock = read(lock_path(share));
  lock.agents.merge(read(share / "containerfiles/agent/agents.lock.json").agents);
  return lock;
}

const PinnedPackage& package_for(const PinnedAgent& agent, std::string_view name, std::string_view arch, bool musl) {
  const std::string platform = "linux-" + std::string(arch);
  if (musl) {
    if (const auto found = agent.packages.find(platform + "-musl"); found != agent.packages.end()) {
      return found->second;
    }
  }
  if (const auto found = agent.packages.find(platform); found != agent.packages.end()) {
    return found->second;
  }
  if (const auto found = agent.packages.find("any"); found != agent.packages.end()) {
    return found->second;
  }
  throw Error(ExitCode::failed, "the vendor of " + std::string(name) + " publishes no package for " + platform,
              "agentbox runs on x86-64 and 64-bit ARM");
}

} // namespace agentbox::image
