// SPDX-License-Identifier: Apache-2.0
// Renders boxes that each have one string from the user in one field, and prints a line of JSON for each: the set, or
// the refusal. Reads a JSON list of these strings as hexadecimal digits, because JSON cannot represent all of them.
#include <functional>
#include <iostream>
#include <nlohmann/json.hpp>

#include "oci/bundle/bundle.hpp"
#include "oci/kube/kube.hpp"
#include "oci/kubernetes/kubernetes.hpp"
#include "oci/quadlet/quadlet.hpp"
#include "unit/generate/sample_pod.hpp"

using namespace agentbox; // NOLINT: a program of one purpose

namespace {

constexpr const char* k_small_profile = R"({"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 38,
  "archMap": [{"architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86", "SCMP_ARCH_X32"]}],
  "syscalls": [{"names": ["read", "execve", "socket", "clone"], "action": "SCMP_ACT_ALLOW"}]})";

struct Box {
  policy::PolicyFields fields;
  oci::KubernetesOptions options;
  std::function<void(oci::PodFacts&)> change_facts = [](oci::PodFacts&) {};
};

struct Place {
  const char* name;
  std::function<void(Box&, const std::string&)> put;
};

const std::vector<Place>& places() {
  using policy::Run;
  static const std::vector<Place> list = {
      {"env", [](Box& box, const std::string& text) { box.fields.env["COLOUR"] = text; }},
      {"env name", [](Box& box, const std::string& text) { box.fields.env["N" + text] = std::string("blue"); }},
      {"agent.env", [](Box& box, const std::string& text) { box.fields.agent.env["COLOUR"] = text; }},
      {"command",
       [](Box& box, const std::string& text) {
         box.fields.run = {Run::Kind::command, "", {"echo", text}};
       }},
      {"program",
       [](Box& box, const std::string& text) {
         box.fields.run = {Run::Kind::command, "", {text}};
       }},
      {"prompt",
       [](Box& box, const std::string& text) {
         box.fields.run = {Run::Kind::prompt, text, {}};
       }},
      {"agent.command", [](Box& box, const std::string& text) { box.fields.agent.command.push_back(text); }},
      {"agent.name", [](Box& box, const std::string& text) { box.fields.agent.name = text; }},
      {"agent.auth", [](Box& box, const std::string& text) { box.fields.agent.auth = {text}; }},
      {"name", [](Box& box, const std::string& text) { box.fields.name = text; }},
      {"hostname", [](Box& box, const std::string& text) { box.fields.hostname = text; }},
      {"base", [](Box& box, const std::string& text) { box.fields.image.base = "dir:/srv/" + text; }},
      {"workspace", [](Box& box, const std::string& text) { box.fields.workspace.source = "/home/dev/" + text; }},
      {"workspace in the box",
       [](Box& box, const std::string& text) { box.fields.workspace.destination = "/w" + text; }},
      {"protect", [](Box& box, const std::string& text) { box.fields.workspace.protect = {text}; }},
      {"protect below", [](Box& box, const std::string& text) { box.fields.workspace.protect = {text + "/x"}; }},
      {"mask", [](Box& box, const std::string& text) { box.fields.workspace.mask = {text}; }},
      {"mount's source",
       [](Box& box, const std::string& text) {
         box.fields.mounts = {{"/srv/" + text, "/mnt/a", true, "--mount"}};
       }},
      {"mount's destination",
       [](Box& box, const std::string& text) {
         box.fields.mounts = {{"/srv/a", "/mnt/" + text, true, "--mount"}};
       }},
      {"ca_bundle", [](Box& box, const std::string& text) { box.fields.ca_bundle = "/etc/" + text; }},
      {"CA bundle's text",
       [](Box& box, const std::string& text) {
         box.fields.ca_bundle = "/etc/ca.pem";
         box.change_facts = [text](oci::PodFacts& facts) { facts.ca_bundle = text; };
       }},
      {"output",
       [](Box& box, const std::string& text) {
         box.change_facts = [text](oci::PodFacts& facts) { facts.directory = "/home/dev/" + text; };
       }},
      {"state directory",
       [](Box& box, const std::string& text) {
         box.change_facts = [text](oci::PodFacts& facts) { facts.host.audit_directory = "/home/dev/" + text; };
       }},
      {"--git",
       [](Box& box, const std::string& text) {
         box.options = {};
         box.options.git_url = "https://api.openai.com/" + text;
       }},
      {"--git-branch",
       [](Box& box, const std::string& text) {
         box.options = {};
         box.options.git_url = "https://api.openai.com/a";
         box.options.git_branch = text;
       }},
      {"--namespace", [](Box& box, const std::string& text) { box.options.name_space = text; }},
      {"--workspace-claim", [](Box& box, const std::string& text) { box.options.workspace_claim = text; }},
  };
  return list;
}

struct Format {
  const char* name;
  std::function<oci::GeneratedSet(const policy::Policy&, const oci::PodFacts&, oci::KubernetesOptions)> render;
};

const std::vector<Format>& formats() {
  using Kind = oci::KubernetesOptions::Kind;
  static const std::vector<Format> list = {
      {"oci", [](const auto& policy, const auto& facts,
                 const auto&) { return oci::render_bundle(policy, facts, oci::BundleParts::complete); }},
      {"kube", [](const auto& policy, const auto& facts, const auto&) { return oci::render_kube(policy, facts); }},
      {"quadlet",
       [](const auto& policy, const auto& facts, const auto&) { return oci::render_quadlet(policy, facts); }},
      {"kubernetes", [](const auto& policy, const auto& facts,
                        const auto& options) { return oci::render_kubernetes(policy, facts, options); }},
      {"kubernetes --parallel",
       [](const auto& policy, const auto& facts, auto options) {
         options.kind = Kind::job;
         options.parallel = 3;
         return oci::render_kubernetes(policy, facts, options);
       }},
  };
  return list;
}

nlohmann::json outcome(const Format& format, const Place& place, const std::string& text) {
  Box box{tests::sample_fields(), tests::sample_cluster()};
  try {
    place.put(box, text);
    const policy::Policy policy = tests::build(box.fields);
    oci::PodFacts facts = tests::sample_pod_facts(box.fields);
    facts.host.seccomp_profile = k_small_profile; // thousands of sets are made here
    box.change_facts(facts);
    nlohmann::json files = nlohmann::json::object();
    for (const oci::GeneratedFile& file : format.render(policy, facts, box.options)) {
      if (!file.path.starts_with("seccomp-")) {
        files[file.path] = file.content;
      }
    }
    files.dump(); // throws here, where it is caught, if it cannot be written
    return {{"files", std::move(files)}};
  } catch (const support::Error& error) {
    return {{"refused", error.what()}, {"code", static_cast<int>(error.code())}};
  } catch (const std::exception& error) {
    return {{"broke", error.what()}};
  }
}

// A unit adds few places to its pod, and a Job few to a cluster's; a bundle is JSON that a library writes, except for
// its script. Places that take the same path through the code are tried in one format.
bool is_of_interest(const Place& place, const Format& format) {
  const std::string_view of = place.name;
  if (std::string_view(format.name) == "quadlet") {
    return of == "output" || of == "name" || of == "agent.name";
  }
  if (std::string_view(format.name) == "kubernetes --parallel") {
    return of == "protect" || of == "protect below" || of == "mask" || of == "env" || of == "command";
  }
  if (std::string_view(format.name) == "oci") {
    return of == "env" || of == "command" || of == "workspace" || of == "protect" || of == "state directory";
  }
  if (of == "agent.env" || of == "prompt" || of == "agent.auth" || of == "base" || of.starts_with("mount's")) {
    return std::string_view(format.name) == "kube";
  }
  if (of == "program" || of == "agent.command" || of.starts_with("--") || of == "CA bundle's text") {
    return std::string_view(format.name) == "kubernetes";
  }
  return true;
}

std::string from_hex(const std::string& digits) {
  constexpr int k_base = 16;
  std::string result;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    result += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, k_base));
  }
  return result;
}

} // namespace

int main() {
  const nlohmann::json texts = nlohmann::json::parse(std::cin);
  for (const nlohmann::json& digits : texts) {
    const std::string text = from_hex(digits.get<std::string>());
    for (const Place& place : places()) {
      for (const Format& format : formats()) {
        constexpr std::size_t k_long = 1000; // only the length matters, not the format
        if (!is_of_interest(place, format) || (text.size() > k_long && std::string_view(format.name) != "kube")) {
          continue;
        }
        nlohmann::json line = outcome(format, place, text);
        line.update({{"text", digits}, {"place", place.name}, {"format", format.name}});
        std::cout << line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
      }
    }
  }
}
