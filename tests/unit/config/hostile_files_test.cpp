// SPDX-License-Identifier: Apache-2.0
// Files that were put there to do harm: each is refused immediately, with a message that names it.
#include <sys/stat.h>

#include "fixture.hpp"

namespace fs = std::filesystem;
using agentbox::tests::Host;

TEST_CASE("a configuration that is not a regular file, or too large, is a mistake") {
  const Host host;
  const fs::path file = *host.sources.user_file;
  fs::create_directories(file.parent_path());
  REQUIRE(mkfifo(file.c_str(), 0600) == 0);
  CHECK(host.mistake().message.find("not a regular file") != std::string::npos);
  CHECK(host.mistake().where == file.string());
  fs::remove(file);
  fs::create_symlink("/dev/zero", file);
  CHECK(host.mistake().message.find("not a regular file") != std::string::npos);
  fs::remove(file);
  fs::create_directory(file);
  CHECK(host.mistake().message.find("not a regular file") != std::string::npos);
  fs::remove(file);
  host.user("# " + std::string(1U << 20U, 'x'));
  CHECK(host.mistake().message.find("larger than 1048576 bytes") != std::string::npos);
}

TEST_CASE("the user may keep the configuration behind their own link") {
  const Host host;
  const fs::path real = host.directory().write("home/dotfiles/config.toml", "[limits]\npids = 99\n");
  fs::create_directories(host.sources.user_file->parent_path());
  fs::create_symlink(real, *host.sources.user_file);
  CHECK(host.load().fields.limits.pids == 99);
}

TEST_CASE("a project's configuration is never read through a link") {
  const Host host;
  const fs::path secret = host.directory().write("home/secret.toml", "[limits]\npids = 99\n");
  fs::create_directories(host.sources.workspace / ".agentbox");
  fs::create_symlink(secret, host.sources.workspace / ".agentbox/config.toml");
  CHECK(host.mistake().message.find("symbolic link") != std::string::npos);

  fs::remove_all(host.sources.workspace / ".agentbox");
  host.directory().write("home/elsewhere/config.toml", "[limits]\npids = 99\n");
  fs::create_symlink(host.sources.home / "elsewhere", host.sources.workspace / ".agentbox");
  CHECK(host.mistake().message.find("symbolic link") != std::string::npos);
}

TEST_CASE("a project's configuration that is a FIFO, a device or a directory is refused without waiting") {
  const Host host;
  const fs::path file = host.sources.workspace / ".agentbox/config.toml";
  fs::create_directories(file.parent_path());
  REQUIRE(mkfifo(file.c_str(), 0600) == 0);
  CHECK(host.mistake().message.find("not a regular file") != std::string::npos);
  fs::remove(file);
  fs::create_directory(file);
  CHECK(host.mistake().message.find("not a regular file") != std::string::npos);
  fs::remove(file);
  host.project("# " + std::string(1U << 20U, 'x'));
  CHECK(host.mistake().message.find("larger") != std::string::npos);
}

TEST_CASE("a project's allow file stays inside the workspace") {
  const Host host;
  host.directory().write("home/outside.txt", "evil.example.com\n");
  for (const char* name :
       {"/etc/passwd", "../../outside.txt", "~/outside.txt", "../../../home/outside.txt", "", ".."}) {
    INFO(name);
    host.project("[network]\nallow_file = '" + std::string(name) + "'\n");
    const auto mistake = host.mistake();
    CHECK(mistake.where.find(".agentbox/config.toml:2:14") != std::string::npos);
    CHECK(mistake.message.find("evil") == std::string::npos);
  }
  host.project("[network]\nallow_file = '../hosts.txt'\n");
  CHECK(host.mistake().message.find("no such file") != std::string::npos);
  host.directory().write("home/project/hosts.txt", "good.example.com\n");
  CHECK(host.load().project_broadens.size() == 1);
}

TEST_CASE("a project's allow file cannot be a link or a device") {
  const Host host;
  host.project("[network]\nallow_file = 'hosts'\n");
  const fs::path file = host.sources.workspace / ".agentbox/hosts";
  fs::create_symlink(host.directory().write("home/outside.txt", "secret-name.example.com\n"), file);
  CHECK(host.mistake().message.find("symbolic link") != std::string::npos);
  fs::remove(file);
  REQUIRE(mkfifo(file.c_str(), 0600) == 0);
  CHECK(host.mistake().message.find("not a regular file") != std::string::npos);
}
