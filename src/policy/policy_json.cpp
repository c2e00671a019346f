// SPDX-License-Identifier: Apache-2.0
// A policy as JSON, both ways, from one list of the members of each type.
#include "policy/policy.hpp"

#include <concepts>
#include <nlohmann/json.hpp>
#include <set>
#include <type_traits>

#include "policy/egress_json.hpp"
#include "policy/env_names.hpp"
#include "support/error.hpp"
#include "support/json_integer.hpp"
#include "support/text.hpp"

namespace agentbox::policy {
namespace {

using nlohmann::json;

template <typename T, typename... Types>
concept OneOf = (std::same_as<std::remove_const_t<T>, Types> || ...);

template <typename T>
concept Record =
    OneOf<T, User, Workspace, Mount, PublishedPort, Limits, Confinement, Agent, ImageChoice, Run, PolicyFields>;

// members() calls visit(key, member, …) with the members, or visit.optional() for one that is only written when it is
// neither empty nor false. Each binds every member: a new one does not compile until it has a key.

template <OneOf<User> T>
void members(T& value, auto& visit) {
  auto& [uid, gid, name, home] = value;
  visit("uid", uid, "gid", gid, "name", name, "home", home);
}

template <OneOf<Workspace> T>
void members(T& value, auto& visit) {
  auto& [source, destination, protect, mask, protect_except, mask_except] = value;
  visit("source", source, "destination", destination, "protect", protect, "mask", mask);
  visit.optional("protect_except", protect_except);
  visit.optional("mask_except", mask_except);
}

template <OneOf<Mount> T>
void members(T& value, auto& visit) {
  auto& [source, destination, read_only, reason, label] = value;
  visit("source", source, "destination", destination, "read_only", read_only, "reason", reason);
  visit.optional("label", label);
}

template <OneOf<PublishedPort> T>
void members(T& value, auto& visit) {
  auto& [address, host_port, box_port] = value;
  visit("address", address, "host_port", host_port, "box_port", box_port);
}

template <OneOf<Limits> T>
void members(T& value, auto& visit) {
  auto& [pids, memory_bytes, cpu_millis, shm_bytes, tmp_bytes, open_files] = value;
  visit("pids", pids, "memory_bytes", memory_bytes, "cpu_millis", cpu_millis, "shm_bytes", shm_bytes, "tmp_bytes",
        tmp_bytes, "open_files", open_files);
}

template <OneOf<Confinement> T>
void members(T& value, auto& visit) {
  auto& [capabilities, no_new_privileges, firewall_capabilities, masked_paths, readonly_paths, prove_at_start] = value;
  visit("capabilities", capabilities, "no_new_privileges", no_new_privileges, "firewall_capabilities",
        firewall_capabilities, "masked_paths", masked_paths, "readonly_paths", readonly_paths, "prove_at_start",
        prove_at_start);
}

template <OneOf<Agent> T>
void members(T& value, auto& visit) {
  auto& [name, command, prompt, env, auth, history, continue_last, resume, model, about] = value;
  visit("name", name, "command", command, "prompt", prompt, "env", env, "auth", auth);
  visit.optional("history", history);
  visit.optional("continue", continue_last);
  visit.optional("resume", resume);
  visit.optional("model", model);
  visit.optional("about", about);
}

template <OneOf<Run> T>
void members(T& value, auto& visit) {
  auto& [kind, prompt, command, arguments] = value;
  visit("kind", kind);
  visit.optional("arguments", arguments);
  if (kind == Run::Kind::prompt) {
    visit("prompt", prompt);
  } else if (kind == Run::Kind::command) {
    visit("command", command);
  }
}

template <OneOf<ImageChoice> T>
void members(T& value, auto& visit) {
  auto& [base, toolkits, packages, agents] = value;
  visit("base", base, "toolkits", toolkits);
  visit.optional("packages", packages);
  visit.optional("agents", agents);
}

template <OneOf<PolicyFields> T>
void members(T& value, auto& visit) {
  auto& [user, workspace, mounts, env, ports, limits, confinement, egress, firewall_driver, agent, run, image,
         ca_bundle, name, hostname] = value;
  visit("user", user, "workspace", workspace, "mounts", mounts, "env", env, "ports", ports, "limits", limits,
        "confinement", confinement, "network", egress, "firewall_driver", firewall_driver, "agent", agent, "run", run,
        "image", image, "ca_bundle", ca_bundle, "name", name, "hostname", hostname);
}

std::string_view kind_text(Run::Kind kind) {
  switch (kind) {
  case Run::Kind::agent: return "agent";
  case Run::Kind::prompt: return "prompt";
  case Run::Kind::command: return "command";
  }
  return {};
}

template <typename T>
json written(const T& value);

struct ObjectWriter {
  json object = json::object();

  void operator()(const char* key, const auto& member, const auto&... more) {
    object[key] = written(member);
    if constexpr (sizeof...(more) > 0) {
      (*this)(more...);
    }
  }
  void optional(const char* key, const auto& member) {
    if (member != std::decay_t<decltype(member)>()) {
      (*this)(key, member);
    }
  }
};

template <typename T>
json written(const T& value) {
  if constexpr (Record<T>) {
    ObjectWriter writer;
    members(value, writer);
    return std::move(writer.object);
  } else if constexpr (OneOf<T, std::vector<Mount>, std::vector<PublishedPort>>) {
    json list = json::array();
    for (const auto& item : value) {
      list.push_back(written(item));
    }
    return list;
  } else if constexpr (OneOf<T, std::map<std::string, std::string>>) {
    json object = json::object();
    for (const auto& [name, text] : value) {
      object[name] = looks_like_secret(name) ? std::string(k_hidden_value) : text;
    }
    return object;
  } else if constexpr (requires { value.has_value(); }) {
    return value ? written(*value) : json();
  } else if constexpr (OneOf<T, EgressPolicy>) {
    return json::parse(to_json(value));
  } else if constexpr (OneOf<T, FirewallDriver>) {
    return driver_text(value);
  } else if constexpr (OneOf<T, Run::Kind>) {
    return kind_text(value);
  } else if constexpr (OneOf<T, std::filesystem::path>) {
    return value.string();
  } else {
    return value;
  }
}

template <typename T>
void read(const json& value, T& to);

/// Reads an object of which every key must be known.
class ObjectReader {
public:
  explicit ObjectReader(const json& value) : m_value(value) {
    if (!value.is_object()) {
      throw std::invalid_argument("expected an object");
    }
  }
  void operator()(const char* key, auto& member, auto&... more) {
    m_known.insert(key);
    read(m_value.at(key), member);
    if constexpr (sizeof...(more) > 0) {
      (*this)(more...);
    }
  }
  void optional(const char* key, auto& member) {
    if (m_value.contains(key)) {
      (*this)(key, member);
    }
  }
  void finish() const {
    for (const auto& [key, value] : m_value.items()) {
      if (!m_known.contains(key)) {
        throw std::invalid_argument("unknown key " + support::in_quotes(key));
      }
    }
  }

private:
  const json& m_value;
  std::set<std::string> m_known;
};

/// Sets `to` to the one of `choices` whose `text` is `value`.
template <typename Enum>
void read_enum(const std::string& value, std::initializer_list<Enum> choices, std::string_view (*text)(Enum),
               Enum& to) {
  for (const Enum choice : choices) {
    if (text(choice) == value) {
      to = choice;
      return;
    }
  }
  throw std::invalid_argument("unknown value " + support::in_quotes(value));
}

template <typename T>
void read(const json& value, T& to) {
  if constexpr (Record<T>) {
    ObjectReader reader(value);
    members(to, reader);
    reader.finish();
  } else if constexpr (OneOf<T, std::vector<Mount>, std::vector<PublishedPort>>) {
    if (!value.is_array()) {
      throw std::invalid_argument("expected a list");
    }
    for (const json& item : value) {
      read(item, to.emplace_back());
    }
  } else if constexpr (requires { to.has_value(); }) {
    if (!value.is_null()) {
      read(value, to.emplace());
    }
  } else if constexpr (OneOf<T, EgressPolicy>) {
    to = egress_from_json(value.dump(), "in it");
  } else if constexpr (OneOf<T, FirewallDriver>) {
    read_enum(value.get<std::string>(), {FirewallDriver::nftables, FirewallDriver::iptables}, driver_text, to);
  } else if constexpr (OneOf<T, Run::Kind>) {
    read_enum(value.get<std::string>(), {Run::Kind::agent, Run::Kind::prompt, Run::Kind::command}, kind_text, to);
  } else if constexpr (OneOf<T, std::filesystem::path>) {
    to = value.get<std::string>();
  } else if constexpr (std::integral<T> && !std::same_as<T, bool>) {
    support::read_json_integer(value, to);
  } else {
    to = value.get<T>();
  }
}

} // namespace

std::string to_json(const Policy& policy) {
  json document = written(policy.fields());
  document["version"] = 1;
  return document.dump(2, ' ', true) + "\n";
}

PolicyFields fields_from_json(std::string_view text, std::string_view where) {
  try {
    json document = json::parse(text);
    if (document.at("version") != 1) {
      throw std::invalid_argument("its version is not 1");
    }
    document.erase("version");
    PolicyFields fields;
    read(document, fields);
    return fields;
  } catch (const std::exception& error) {
    throw support::Error(support::ExitCode::usage,
                         std::string(where) + " is not a valid policy: " + support::escape_untrusted(error.what()));
  }
}

} // namespace agentbox::policy
