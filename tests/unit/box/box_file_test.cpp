// SPDX-License-Identifier: Apache-2.0
#include "box/box_file.hpp"

#include <nlohmann/json.hpp>

#include "catch.hpp"
#include "firewall/audit/audit_record.hpp"
#include "support/file.hpp"
#include "temp_directory.hpp"
#include "unit/oci/sample.hpp"

namespace agentbox::box {
namespace {

using firewall::audit::AuditRecord;
using firewall::audit::Kind;
using firewall::audit::Reason;
using firewall::audit::Verdict;

/// Returns a firewall's record of a change by the user.
AuditRecord change(const std::string& name, std::uint16_t port, Reason reason, Verdict verdict,
                   std::uint64_t duration_ms = 0) {
  AuditRecord record;
  record.time = "2026-01-31T23:59:30.500Z";
  record.kind = Kind::control;
  record.name = name;
  record.port = port;
  record.reason = reason;
  record.verdict = verdict;
  record.rule = name;
  record.duration_ms = duration_ms;
  return record;
}

struct Rig {
  tests::TempDirectory directory;
  policy::PolicyFields fields = tests::sample_fields();
  BoxFile file{directory.path() / "box.json", fields};

  nlohmann::json changes() {
    return nlohmann::json::parse(support::read_file(directory.path() / "box.json", 1U << 20U))
        .at("network")
        .at("changes");
  }
};

TEST_CASE("box.json follows what the user changes", "[box-file]") {
  Rig rig;
  rig.file.update(change("pypi.org", 443, Reason::granted, Verdict::allow, 600'000));
  CHECK(rig.changes() == nlohmann::json::parse(R"([{"host":"pypi.org","allow":true,"until":"2026-02-01T00:09:30Z"}])"));
  rig.file.update(change("pypi.org", 443, Reason::granted, Verdict::allow)); // again, without an end
  CHECK(rig.changes() == nlohmann::json::parse(R"([{"host":"pypi.org","allow":true,"until":null}])"));
  rig.file.update(change("pypi.org", 0, Reason::denied, Verdict::deny, 1000)); // every port
  CHECK(rig.changes() ==
        nlohmann::json::parse(R"([{"host":"pypi.org","allow":false,"until":"2026-01-31T23:59:31Z"}])"));
  rig.file.update(change("pypi.org", 0, Reason::expired, Verdict::allow)); // what applies from now on
  CHECK(rig.changes().empty());
}

TEST_CASE("an end removes only its own change", "[box-file]") {
  Rig rig;
  rig.file.update(change("a.example", 443, Reason::granted, Verdict::allow, 1000));
  rig.file.update(change("a.example", 8443, Reason::granted, Verdict::allow, 9000));
  rig.file.update(change("b.example", 443, Reason::granted, Verdict::allow));
  rig.file.update(change("a.example", 443, Reason::expired, Verdict::deny));
  CHECK(rig.changes().size() == 2);
  rig.file.update(change("b.example", 443, Reason::expired, Verdict::allow)); // of a denial that does not exist
  CHECK(rig.changes().size() == 2);
}

TEST_CASE("other records change nothing, and a forged log costs no memory", "[box-file]") {
  Rig rig;
  AuditRecord other = change("a.example", 443, Reason::granted, Verdict::allow);
  other.kind = Kind::connect;
  rig.file.update(other);
  rig.file.update(change("a.example", 443, Reason::recovered, Verdict::allow));
  CHECK_FALSE(std::filesystem::exists(rig.directory.path() / "box.json"));
  for (int i = 0; i < 600; ++i) {
    rig.file.update(change("n" + std::to_string(i) + ".example", 443, Reason::granted, Verdict::allow));
  }
  CHECK(rig.changes().size() == 512);
  AuditRecord odd = change("\x1b[2J", 1, Reason::expired, Verdict::deny, ~std::uint64_t{0});
  odd.time = "x";
  rig.file.update(odd);
  CHECK(rig.changes().size() == 512);
}

} // namespace
} // namespace agentbox::box
