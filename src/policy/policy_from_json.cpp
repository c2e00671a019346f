// SPDX-License-Identifier: Apache-2.0
#include "policy/policy_from_json.hpp"

#include <nlohmann/json.hpp>
#include <set>

#include "policy/egress_json.hpp"
#include "support/error.hpp"
#include "support/text.hpp"

namespace agentbox::policy {
namespace {

using nlohmann::json;

/// A JSON object, of which every key must be read: other keys are errors.
class Object {
public:
  explicit Object(const json& value) : m_value(value) {
    if (!value.is_object()) {
      throw std::invalid_argument("expected an object");
    }
  }
  template <typename Value>
  void read(const char* key, Value& to) {
    to = member(key).get<Value>();
  }
  template <typename Value>
  void read_optional(const char* key, std::optional<Value>& to) {
    const json& value = member(key);
    to = value.is_null() ? std::nullopt : std::optional<Value>(value.get<Value>());
  }
  template <typename Value>
  void read_if_there(const char* key, Value& to) {
    if (m_value.contains(key)) {
      read(key, to);
    }
  }
  void read_path(const char* key, std::filesystem::path& to) { to = member(key).get<std::string>(); }
  const json& member(const char* key) {
    m_asked.insert(key);
    return m_value.at(key);
  }
  void finish() const {
    for (const auto& [key, value] : m_value.items()) {
      if (!m_asked.contains(key)) {
        throw std::invalid_argument("the key " + support::in_quotes(key) + " is not known");
      }
    }
  }

private:
  const json& m_value;
  std::set<std::string> m_asked;
};

// Each binds every member, as to_json() does: a new one does not compile until it is read as well.

void read(const json& value, User& to) {
  auto& [uid, gid, name, home] = to;
  Object object(value);
  object.read("uid", uid);
  object.read("gid", gid);
  object.read("name", name);
  object.read("home", home);
  object.finish();
}

void read(const json& value, Workspace& to) {
  auto& [source, destination, protect, mask, protect_except] = to;
  Object object(value);
  object.read_path("source", source);
  object.read("destination", destination);
  object.read("protect", protect);
  object.read("mask", mask);
  object.read_if_there("protect_except", protect_except);
  object.finish();
}

void read(const json& value, Mount& to) {
  auto& [source, destination, read_only, reason] = to;
  Object object(value);
  object.read_path("source", source);
  object.read("destination", destination);
  object.read("read_only", read_only);
  object.read("reason", reason);
  object.finish();
}

void read(const json& value, PublishedPort& to) {
  auto& [address, host_port, box_port] = to;
  Object object(value);
  object.read("address", address);
  object.read("host_port", host_port);
  object.read("box_port", box_port);
  object.finish();
}

template <typename Item>
void read(const json& value, std::vector<Item>& to) {
  if (!value.is_array()) {
    throw std::invalid_argument("expected a list");
  }
  for (const json& one : value) {
    read(one, to.emplace_back());
  }
}

void read(const json& value, Limits& to) {
  auto& [pids, memory_bytes, cpu_millis, shm_bytes, tmp_bytes, open_files] = to;
  Object object(value);
  object.read("pids", pids);
  object.read_optional("memory_bytes", memory_bytes);
  object.read_optional("cpu_millis", cpu_millis);
  object.read("shm_bytes", shm_bytes);
  object.read("tmp_bytes", tmp_bytes);
  object.read("open_files", open_files);
  object.finish();
}

void read(const json& value, Confinement& to) {
  auto& [capabilities, no_new_privileges, firewall_capabilities, masked_paths, readonly_paths, prove_at_start] = to;
  Object object(value);
  object.read("capabilities", capabilities);
  object.read("no_new_privileges", no_new_privileges);
  object.read("firewall_capabilities", firewall_capabilities);
  object.read("masked_paths", masked_paths);
  object.read("readonly_paths", readonly_paths);
  object.read("prove_at_start", prove_at_start);
  object.finish();
}

void read(const json& value, Agent& to) {
  auto& [name, command, prompt, env, auth] = to;
  Object object(value);
  object.read("name", name);
  object.read("command", command);
  object.read("prompt", prompt);
  object.read("env", env);
  object.read("auth", auth);
  object.finish();
}

void read(const json& value, Run& to) {
  auto& [kind, prompt, command] = to;
  Object object(value);
  const auto text = object.member("kind").get<std::string>();
  if (text == "prompt") {
    kind = Run::Kind::prompt;
    object.read("prompt", prompt);
  } else if (text == "command") {
    kind = Run::Kind::command;
    object.read("command", command);
  } else if (text != "agent") {
    throw std::invalid_argument("run.kind " + support::in_quotes(text) + " is not known");
  }
  object.finish();
}

void read(const json& value, ImageChoice& to) {
  auto& [base, toolkits] = to;
  Object object(value);
  object.read("base", base);
  object.read("toolkits", toolkits);
  object.finish();
}

FirewallDriver driver_of(const std::string& text) {
  for (const FirewallDriver driver : {FirewallDriver::nftables, FirewallDriver::iptables}) {
    if (driver_text(driver) == text) {
      return driver;
    }
  }
  throw std::invalid_argument("the driver " + support::in_quotes(text) + " is not known");
}

PolicyFields read_fields(const json& document, std::string_view where) {
  PolicyFields fields;
  auto& [user, workspace, mounts, env, ports, limits, confinement, egress, firewall_driver, agent, run, image,
         ca_bundle, name, hostname] = fields;
  Object object(document);
  if (object.member("version") != 1) {
    throw std::invalid_argument("it is of another version");
  }
  read(object.member("user"), user);
  read(object.member("workspace"), workspace);
  read(object.member("mounts"), mounts);
  object.read("env", env);
  read(object.member("ports"), ports);
  read(object.member("limits"), limits);
  read(object.member("confinement"), confinement);
  egress = egress_from_json(object.member("network").dump(), where);
  firewall_driver = driver_of(object.member("firewall_driver").get<std::string>());
  read(object.member("agent"), agent);
  read(object.member("run"), run);
  read(object.member("image"), image);
  if (const json& bundle = object.member("ca_bundle"); !bundle.is_null()) {
    ca_bundle = bundle.get<std::string>();
  }
  object.read("name", name);
  object.read("hostname", hostname);
  object.finish();
  return fields;
}

} // namespace

PolicyFields fields_from_json(std::string_view text, std::string_view where) {
  try {
    return read_fields(json::parse(text), where);
  } catch (const std::exception& error) {
    if (dynamic_cast<const support::Error*>(&error) != nullptr) {
      throw;
    }
    throw support::Error(support::ExitCode::usage,
                         std::string(where) + " is not a valid policy: " + support::escape_untrusted(error.what()));
  }
}

} // namespace agentbox::policy
