// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>
#include <set>

#include "oci/kubernetes/kubernetes_parts.hpp"
#include "oci/pod/manifest.hpp"

namespace agentbox::oci {
namespace {

using nlohmann::ordered_json;

ordered_json port(std::uint16_t number, const char* protocol) {
  return {{"protocol", protocol}, {"port", number}};
}

/// Returns the peers that are the internet: everything but private, link-local (cloud metadata), shared and loopback
/// ranges.
ordered_json public_peers() {
  return {{{"ipBlock",
            {{"cidr", "0.0.0.0/0"},
             {"except",
              {"10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"}}}}},
          {{"ipBlock", {{"cidr", "::/0"}, {"except", {"::1/128", "fc00::/7", "fe80::/10"}}}}}};
}

ordered_json everywhere() {
  return {{{"ipBlock", {{"cidr", "0.0.0.0/0"}}}}, {{"ipBlock", {{"cidr", "::/0"}}}}};
}

ordered_json egress_rules(const policy::EgressPolicy& egress) {
  switch (egress.mode) {
  case policy::NetworkMode::full: return ordered_json::array({ordered_json::object()});
  case policy::NetworkMode::filtered: break;
  }
  const ordered_json cluster_dns = {
      {{"namespaceSelector", {{"matchLabels", {{"kubernetes.io/metadata.name", "kube-system"}}}}},
       {"podSelector", {{"matchLabels", {{"k8s-app", "kube-dns"}}}}}}};
  ordered_json rules = ordered_json::array();
  rules.push_back({{"to", cluster_dns}, {"ports", {port(53, "UDP"), port(53, "TCP")}}});
  std::set<std::uint16_t> numbers;
  for (const policy::HostEntry& entry : egress.allow) {
    numbers.insert(entry.port);
  }
  for (const policy::AddressEntry& entry : egress.allow_addresses) {
    const std::string cidr =
        entry.block_text() + (entry.prefix == 128 ? (policy::is_v4(entry.base) ? "/32" : "/128") : "");
    rules.push_back({{"to", {{{"ipBlock", {{"cidr", cidr}}}}}}, {"ports", {port(entry.port, "TCP")}}});
  }
  if (egress.upstream_proxy) { // often on a private address
    rules.push_back({{"to", everywhere()}, {"ports", {port(egress.upstream_proxy->port, "TCP")}}});
  }
  if (!numbers.empty()) {
    ordered_json ports = ordered_json::array();
    for (const std::uint16_t number : numbers) {
      ports.push_back(port(number, "TCP"));
    }
    rules.push_back({{"to", egress.allow_private.empty() ? public_peers() : everywhere()}, {"ports", ports}});
  }
  return rules;
}

} // namespace

YamlDocument network_policy(const Pod& pod, const policy::EgressPolicy& egress, const KubernetesOptions& options) {
  return {
      {{"apiVersion", "networking.k8s.io/v1"},
       {"kind", "NetworkPolicy"},
       {"metadata", metadata(pod, pod.name, options)},
       {"spec",
        {{"podSelector", {{"matchLabels", string_map(pod.labels)}}},
         {"policyTypes", {"Ingress", "Egress"}},
         {"ingress", ordered_json::array()},
         {"egress", egress_rules(egress)}}}},
      {{"/spec",
        "Second line of defence, in the cluster's network: it filters addresses and ports; the firewall in the pod\n"
        "filters names. It needs a network plugin that enforces NetworkPolicy."},
       {"/spec/ingress", "Nothing may connect to the box."}}};
}

} // namespace agentbox::oci
