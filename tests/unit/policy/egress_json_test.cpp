// SPDX-License-Identifier: Apache-2.0
#include "policy/egress_json.hpp"

#include <algorithm>

#include "catch.hpp"
#include "cpu_time.hpp"
#include "support/error.hpp"

namespace policy = agentbox::policy;
namespace support = agentbox::support;

namespace {

policy::EgressPolicy sample() {
  policy::EgressPolicy egress;
  egress.virtual_range = *policy::parse_virtual_range("10.9.0.0/16");
  egress.allow = {{{"api.openai.com", false}, 443}, {{"example.com", false}, 22}, {{"example.com", true}, 443}};
  egress.block = {{"bad.example.com", false}, {"zip", true}};
  egress.allow_ech = {{"ech.example.com", false}};
  egress.allow_private = {{"intra.example.com", true}};
  return egress;
}

std::string problem(std::string_view json) {
  try {
    policy::egress_from_json(json, "/etc/x.json");
  } catch (const support::Error& error) {
    CHECK(error.code() == support::ExitCode::usage);
    CHECK(std::string(error.what()).find("/etc/x.json") != std::string::npos);
    return error.what();
  }
  return {};
}

std::string with_allow(const std::string& list) {
  return R"({"version":1,"mode":"filtered","allow":)" + list + "}";
}

} // namespace

TEST_CASE("an egress policy survives a round trip") {
  CHECK(policy::egress_from_json(policy::to_json(sample()), "x") == sample());
  CHECK(policy::egress_from_json(policy::to_json(policy::EgressPolicy()), "x") == policy::EgressPolicy());
  policy::EgressPolicy full = sample();
  full.mode = policy::NetworkMode::full;
  CHECK(policy::egress_from_json(policy::to_json(full), "x") == full);
}

TEST_CASE("the written form is canonical") {
  policy::EgressPolicy egress;
  egress.allow = {{{"api.openai.com", false}, 443}};
  CHECK(policy::to_json(egress) == R"({
  "allow": [
    "api.openai.com"
  ],
  "allow_ech": [],
  "allow_private": [],
  "block": [],
  "mode": "filtered",
  "version": 1,
  "virtual_range": "198.18.0.0/15"
}
)");
}

TEST_CASE("white space does not matter, missing lists are empty") {
  CHECK(policy::egress_from_json(" {\"mode\" :\t\"full\",\r\n\"version\":1 , \"allow\":[ ]}\n\n", "x").mode ==
        policy::NetworkMode::full);
}

TEST_CASE("whatever is not exactly an egress policy is refused") {
  const std::string good = with_allow(R"(["a.com"])");
  REQUIRE(problem(good).empty());
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "not JSON"},
      {"[]", "shape"},
      {"null", "shape"},
      {"{}", "\"version\" is missing"},
      {"{", "not JSON"},
      {"[{}]", "shape"},
      {R"({"version":{}})", "wrong shape"},
      {good + "x", "not JSON"},
      {good + good, "not JSON"},
      {good + std::string(1, '\0') + "x", "NUL byte"},
      {good.substr(0, good.size() - 1), "not JSON"},
      {R"({"version":1,"mode":"filtered"})", "\"allow\" is missing"},
      {R"({"version":1,"allow":[]})", "\"mode\" is missing"},
      {R"({"mode":"filtered","allow":[]})", "\"version\" is missing"},
      {R"({"version":2,"mode":"filtered","allow":[]})", "version"},
      {R"({"version":"1","mode":"filtered","allow":[]})", "version"},
      {R"({"version":1.0,"mode":"filtered","allow":[]})", "version"},
      {R"({"version":1,"mode":"open","allow":[]})", "not a valid mode"},
      {R"({"version":1,"mode":true,"allow":[]})", "wrong shape"},
      {R"({"version":1,"mode":"filtered","mode":"full","allow":[]})", "twice"},
      {R"({"version":1,"mode":"filtered","alow":[]})", "\"alow\" is not known"},
      {R"({"version":1,"mode":"filtered","allow":[],})", "not JSON"},
      {R"({"version":1,"mode":"filtered","allow":[],"virtual_range":"0.0.0.0/8"})", "range"},
      {with_allow(R"("a.com")"), "wrong shape"},
      {with_allow(R"([["a.com"]])"), "wrong shape"},
      {with_allow(R"([1])"), "wrong shape"},
      {with_allow(R"(["a.com",])"), "not JSON"},
      {with_allow(R"(["a.com" "b.com"])"), "not JSON"},
      {with_allow(R"(["b.com","a.com"])"), "out of order"},
      {with_allow(R"(["a.com","a.com"])"), "twice"},
      {with_allow(R"(["A.com"])"), "canonical"},
      {with_allow(R"(["a.com."])"), "canonical"},
      {with_allow(R"(["a.com:443"])"), "canonical"},
      {with_allow(R"(["*.com"])"), "top-level"},
      {with_allow(R"(["*"])"), "every host"},
      {with_allow(R"(["1.2.3.4"])"), "IP address"},
      {with_allow(R"(["\u0000.com"])"), "key \"allow\""},
      {with_allow("[\"a.com\\"), "not JSON"},
      {with_allow("[\"a.com"), "not JSON"},
      {with_allow("[\"a\nb.com\"]"), "not JSON"},
      {R"({"version":1,"mode":"filtered","allow":[],"host_ports":[65536]})", "out of range"},
      {R"({"version":1,"mode":"filtered","allow":[],"host_ports":[-1]})", "wrong shape"},
      {R"({"version":1,"mode":"filtered","allow":[],"max_upload":18446744073709551616})", "wrong shape"},
  };
  for (const auto& [text, expected] : cases) {
    INFO(text);
    CHECK(problem(text).find(expected) != std::string::npos);
  }
}

TEST_CASE("an egress policy's size is bounded") {
  CHECK(problem(std::string((16U << 20U) + 1, ' ')).find("16 MiB") != std::string::npos);
  std::string list = "[";
  for (int i = 0; i <= 200000; ++i) {
    const std::string digits = std::to_string(1000000 + i);
    list += (i == 0 ? "\"h" : ",\"h") + digits + ".net\"";
  }
  CHECK(problem(with_allow(list + "]")).find("200000") != std::string::npos);
}

TEST_CASE("a long list is read quickly") {
  policy::EgressPolicy egress;
  for (int i = 0; i < 100000; ++i) {
    egress.allow.push_back({{"host" + std::to_string(i) + ".cdn.example.com", i % 3 == 0}, 443});
  }
  std::sort(egress.allow.begin(), egress.allow.end());
  const std::string json = policy::to_json(egress);
  bool same = false;
  const double seconds = agentbox::tests::cpu_seconds([&] { same = policy::egress_from_json(json, "x") == egress; });
  CHECK(same);
  CHECK((!agentbox::tests::is_optimised() || seconds < 0.2)); // usually 0.02 s
}
