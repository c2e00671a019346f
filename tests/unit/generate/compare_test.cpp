// SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include "generate/compare.hpp"
#include "oci/bundle/id_maps.hpp"
#include "policy/policy.hpp"
#include "support/file.hpp"
#include "tar.hpp"
#include "unit/oci/sample.hpp"

namespace agentbox {
namespace {

using generate::Comparison;
using tests::build;
using tests::contains;
using tests::error_of;
using tests::sample_fields;

policy::PolicyFields rich_fields() {
  policy::PolicyFields fields = sample_fields();
  fields.mounts = {{"/srv/data", "/mnt/data", true, "--mount"}};
  fields.env = {{"COLOUR", "blue"}};
  fields.ports = {{"127.0.0.1", 8080, 80}};
  fields.limits.memory_bytes = 1U << 30U;
  fields.limits.cpu_millis = 1500;
  fields.image.toolkits = {"python"};
  fields.ca_bundle = "/etc/ssl/corp.pem";
  fields.egress.block = {{"evil.example", true}};
  fields.run = {policy::Run::Kind::command, "", {"make", "test"}};
  return fields;
}

TEST_CASE("a policy comes back from its JSON") {
  const policy::PolicyFields fields = rich_fields();
  CHECK(policy::fields_from_json(policy::to_json(build(fields)), "x") == fields);
  const std::string text = policy::to_json(build(sample_fields()));
  CHECK(policy::fields_from_json(text, "x") == sample_fields());
  const auto broken = [&](const std::string& from, const std::string& to) {
    std::string changed = text;
    changed.replace(changed.find(from), from.size(), to);
    return error_of([&] { policy::fields_from_json(changed, "the file"); }, support::ExitCode::usage);
  };
  CHECK(contains(broken("\"pids\"", "\"pidz\""), "the file"));
  CHECK_FALSE(broken("\"pids\": 512", "\"pids\": \"512\"").empty());
  CHECK_FALSE(broken("\"nftables\"", "\"none\"").empty());
  CHECK_FALSE(broken("{", "[").empty());
}

generate::Record record(const policy::PolicyFields& fields, const std::map<std::string, std::string>& options = {}) {
  return {"kube", fields, options, {}};
}

TEST_CASE("changes that broaden or tighten are described in sentences") {
  policy::PolicyFields after = rich_fields();
  after.egress.allow.pop_back();
  after.egress.block.clear();
  after.mounts.push_back({"/srv/more", "/mnt/more", false, "--mount"});
  after.limits.pids = 1024;
  after.limits.memory_bytes = 1U << 29U;
  after.image.toolkits.clear();
  const Comparison comparison = generate::compare(record(rich_fields()), record(after), {});
  CHECK(comparison.broader == std::vector<std::string>{"the box also sees /srv/more at /mnt/more (read-write)",
                                                       "limits.pids changes from 512 to 1024",
                                                       "no longer always blocked: *.evil.example"});
  CHECK(comparison.tighter == std::vector<std::string>{"limits.memory changes from 1073741824 to 536870912",
                                                       "the box may no longer reach platform.openai.com:443"});
  CHECK(comparison.neutral == std::vector<std::string>{"the image no longer has the toolkit python"});
  const std::string text = generate::comparison_text(comparison);
  CHECK(text.starts_with("BROADER:\n  the box also sees"));
  CHECK(generate::comparison_text(generate::compare(record(after), record(after), {})) ==
        "the box's permissions do not change\n");
}

TEST_CASE("losing the firewall or the filter, and changes by hand, broaden") {
  policy::PolicyFields full = sample_fields();
  full.egress.mode = policy::NetworkMode::full;
  CHECK(generate::compare(record(sample_fields()), record(full), {}).broader ==
        std::vector<std::string>{"no firewall: the box reaches everything"});
  CHECK(generate::compare(record(full), record(sample_fields()), {}).tighter ==
        std::vector<std::string>{"with the firewall"});
  const auto seccomp =
      generate::compare(record(full, {{"seccomp", "agentbox"}}), record(full, {{"seccomp", "runtime"}}), {});
  CHECK(seccomp.broader.size() == 1);
  CHECK(generate::compare(record(full), record(full), {"pod.yaml"}).broader.size() == 1);
}

TEST_CASE("another format hides no loosening") {
  const policy::PolicyFields fields = sample_fields();
  const generate::Record kube = {"kube", fields, {{"image.agent", "a"}}, {}};
  const generate::Record quadlet = {"quadlet", fields, {}, {}};
  const generate::Record cluster = {"kubernetes", fields, {{"seccomp", "agentbox"}, {"kind", "pod"}}, {}};
  const generate::Record loose = {"kubernetes", fields, {{"seccomp", "runtime"}, {"kind", "pod"}}, {}};
  CHECK(generate::compare(kube, quadlet, {}).broader.empty());
  CHECK(generate::compare(kube, quadlet, {}).neutral ==
        std::vector<std::string>{"the format changes from kube to quadlet"});
  const Comparison outward = generate::compare(kube, cluster, {});
  REQUIRE(outward.broader.size() == 1);
  CHECK(contains(outward.broader.front(), "in a cluster fewer paths"));
  CHECK(generate::compare(cluster, kube, {}).broader.empty());
  CHECK(
      generate::compare(kube, loose, {}).broader ==
      std::vector<std::string>{outward.broader.front(), "system calls are filtered by the runtime's own filter only"});
  CHECK(generate::compare(loose, kube, {}).tighter.size() == 2);
}

TEST_CASE("a record tells which files were changed by hand") {
  const tests::ScratchDirectory scratch;
  const oci::GeneratedSet set = {{"a/one", "1"}, {"two", "2"}, {"three", "3"}};
  for (const auto& file : set) {
    std::filesystem::create_directories((scratch.path() / file.path).parent_path());
    support::write_file(scratch.path() / file.path, file.content);
  }
  support::write_file(scratch.path() / generate::k_record_file,
                      generate::record_text(oci::OutputFormat::oci, build(rich_fields()), {{"k", "v"}}, set));
  const generate::Record read = generate::read_record(scratch.path());
  CHECK(read.format == "oci");
  CHECK(read.policy == rich_fields());
  CHECK(read.options.at("k") == "v");
  CHECK(generate::changed_by_hand(read, scratch.path()).empty());
  support::write_file(scratch.path() / "two", "changed");
  std::filesystem::remove(scratch.path() / "three");
  CHECK(generate::changed_by_hand(read, scratch.path()) == std::vector<std::string>{"three", "two"});
  CHECK(contains(error_of([&] { generate::read_record("/nonexistent"); }, support::ExitCode::usage),
                 "does not contain a set"));
}

TEST_CASE("the id maps of a bundle are Podman's keep-id") {
  using oci::IdMapping;
  namespace bundle = oci::bundle;
  CHECK(bundle::keep_id_outside(1000, {{0, 1234, 1}, {1, 100000, 65536}}) ==
        std::vector<IdMapping>{{0, 100000, 1000}, {1000, 1234, 1}, {1001, 101000, 64536}});
  CHECK(bundle::keep_id_outside(5, {{0, 1234, 1}, {1, 100, 3}, {4, 200, 4}}) ==
        std::vector<IdMapping>{{0, 100, 3}, {3, 200, 2}, {5, 1234, 1}, {6, 202, 2}});
  CHECK(bundle::keep_id_outside(5, {{0, 1234, 1}, {1, 100, 5}}) == std::vector<IdMapping>{{0, 100, 5}, {5, 1234, 1}});
  CHECK(contains(error_of([&] { bundle::keep_id_outside(1000, {{0, 1234, 1}, {1, 100000, 10}}); }), "too few"));
  CHECK_FALSE(error_of([&] { bundle::keep_id_outside(1000, {}); }).empty());
}

} // namespace
} // namespace agentbox
