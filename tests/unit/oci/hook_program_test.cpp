// SPDX-License-Identifier: Apache-2.0
// The hook as Podman starts it: config on stdin, an empty environment.
#include <fcntl.h>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sys/file.h>
#include <thread>

#include "catch.hpp"
#include "oci/impose/env_values.hpp"
#include "oci/runtime_config.hpp"
#include "policy/egress_json.hpp"
#include "support/command.hpp"
#include "support/fifo.hpp"
#include "temp_directory.hpp"
#include "unit/oci/sample.hpp"

namespace agentbox::oci {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using tests::contains;
using tests::TempDirectory;

class Session {
public:
  Session() {
    const auto policy = tests::build(tests::sample_fields());
    write("firewall.json", config_text(render_firewall(policy, tests::sample_facts())));
    write("agent.json", config_text(render_agent(policy, tests::sample_facts())));
    write("egress.json", policy::to_json(policy.fields().egress));
    write("lock", "1\n");
    m_lock.reset(open((m_directory / "lock").c_str(), O_RDWR | O_CLOEXEC));
    REQUIRE(flock(m_lock.get(), LOCK_EX) == 0);
  }
  /// Releases the lock, as the kernel does when the launcher dies.
  void release_lock() { m_lock.reset(); }
  void write(const std::string& name, const std::string& text) const {
    fs::permissions(m_directory.write(name, text), fs::perms::owner_read | fs::perms::owner_write);
  }
  support::Captured run(const std::string& input) const {
    return support::capture({{AGENTBOX_HOOK, m_directory.path().string()}, {}, {}}, input);
  }
  std::string left() const { return support::read_file_if_exists(m_directory / "hook-error", 10000).value_or(""); }
  const TempDirectory& directory() const { return m_directory; }

private:
  TempDirectory m_directory;
  support::Fd m_lock; ///< the launcher's
};

/// Writes to a FIFO as the launcher does.
class Writer {
public:
  Writer(const fs::path& fifo, const std::string& text)
      : m_thread([fifo, text] { support::write_to_fifo(fifo, text, [] { return true; }); }) {}
  ~Writer() { m_thread.join(); }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  Writer(Writer&&) = delete;
  Writer& operator=(Writer&&) = delete;

private:
  std::thread m_thread;
};

std::string podmans_firewall() {
  json config = tests::json_fixture("podman-4.3.1-infra.json");
  config["process"]["args"] =
      render_firewall(tests::build(tests::sample_fields()), tests::sample_facts())["process"]["args"];
  return config.dump();
}

TEST_CASE("the firewall's config goes through the hook") {
  const Session session;
  const auto result = session.run(podmans_firewall());
  CHECK(result.status.code == 0);
  CHECK(result.err.empty());
  CHECK(json::parse(result.out).at("process").at("capabilities").at("effective").size() == 2);
  CHECK(session.left().empty());
}

TEST_CASE("without a launcher that holds the session's lock nothing is started") {
  Session session;
  session.release_lock();
  CHECK(contains(session.run(podmans_firewall()).err, "has ended"));
  CHECK(contains(session.run(tests::json_fixture("podman-4.3.1-agent.json").dump()).err, "has ended"));
  fs::remove(session.directory() / "lock");
  const auto result = session.run(podmans_firewall());
  CHECK(contains(result.err, "lock"));
  CHECK(result.out.empty());
}

TEST_CASE("a refusal prints nothing on stdout, and leaves its reason on stderr and in the session") {
  const Session session;
  const auto result = session.run("{}");
  CHECK(result.status.code == 1);
  CHECK(result.out.empty());
  CHECK(contains(result.err, "is not as expected"));
  CHECK(contains(session.left(), "is not as expected"));
}

TEST_CASE("values that are not exactly those of the launcher are refused") {
  const Session session;
  auto fields = tests::sample_fields();
  fields.env["API_KEY"] = "s3cr3t";
  json agent = render_agent(tests::build(fields), tests::sample_facts());
  remove_env_values(agent, fields.env);
  CHECK(agent.dump().find("s3cr3t") == std::string::npos);
  session.write("agent.json", config_text(agent));
  const std::string input = tests::json_fixture("podman-4.3.1-agent.json").dump();
  CHECK(contains(session.run(input).err, "agent-env"));
  support::make_fifo(session.directory() / "agent-env");
  CHECK(contains(session.run(input).err, "did not send"));
  SECTION("other values") {
    const Writer other(session.directory() / "agent-env", R"({"OTHER":"x"})");
    CHECK(contains(session.run(input).err, "the value of \"API_KEY\""));
  }
  SECTION("half of the values") {
    const Writer half(session.directory() / "agent-env", R"({"API_KEY":)");
    CHECK(contains(session.run(input).err, "the value of \"API_KEY\""));
  }
  SECTION("the right values are accepted, but only once") {
    const Writer values(session.directory() / "agent-env", json(fields.env).dump());
    const std::string err = session.run(input).err;
    CHECK_FALSE(contains(err, "send"));
    CHECK_FALSE(contains(err, "s3cr3t"));
    CHECK(contains(session.run(input).err, "did not send")); // a second time
  }
}

TEST_CASE("an agent whose firewall is not there is refused") {
  const Session session;
  json config = tests::json_fixture("podman-4.3.1-agent.json");
  config["process"]["args"] =
      render_agent(tests::build(tests::sample_fields()), tests::sample_facts())["process"]["args"];
  for (json& entry : config["linux"]["namespaces"]) {
    if (entry.contains("path")) {
      entry["path"] = entry["type"] == "user" ? "/proc/4194305/ns/user" : "/proc/4194305/ns/net"; // past PID_MAX_LIMIT
    }
  }
  const auto result = session.run(config.dump());
  CHECK(result.status.code == 1);
  CHECK(result.out.empty());
  CHECK(contains(session.left(), "has ended"));
}

TEST_CASE("attack: an egress policy that is not the one that was shown") {
  const Session session;
  session.write("egress.json", "{}\n");
  const auto result = session.run(podmans_firewall());
  CHECK(result.status.code == 1);
  CHECK(contains(session.left(), "egress.json"));
}

TEST_CASE("malformed, endless and missing input is refused") {
  for (const std::string& input : {std::string(), std::string("{"), std::string("[]"), std::string("null"),
                                   std::string(200000, '['), "\"" + std::string(5U << 20U, 'x')}) {
    const Session session;
    const auto result = session.run(input);
    CHECK(result.status.code == 1);
    CHECK(result.out.empty());
    CHECK(!session.left().empty());
  }
}

TEST_CASE("a session directory that others can enter is refused") {
  const Session session;
  fs::permissions(session.directory().path(), fs::perms::owner_all | fs::perms::group_exec);
  const auto result = session.run(podmans_firewall());
  CHECK(result.status.code == 1);
  CHECK(contains(result.err, "only you can enter"));
}

TEST_CASE("without an argument the hook prints its usage") {
  const auto result = support::capture({{AGENTBOX_HOOK}, {}, {}});
  CHECK(result.status.code == 1);
  CHECK(contains(result.err, "usage"));
}

} // namespace
} // namespace agentbox::oci
