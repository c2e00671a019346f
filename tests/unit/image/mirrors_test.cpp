// SPDX-License-Identifier: Apache-2.0
#include "image/mirrors.hpp"

#include <algorithm>

#include "catch.hpp"
#include "support/text.hpp"
#include "temp_directory.hpp"

using namespace agentbox;

namespace {

std::string text_of(const std::vector<policy::AllowEntry>& entries) {
  std::vector<std::string> words;
  for (const policy::AllowEntry& entry : entries) {
    if (const auto* host = std::get_if<policy::HostEntry>(&entry)) {
      words.push_back(host->text());
    } else {
      words.emplace_back("address");
    }
  }
  return support::join(words, " ");
}

} // namespace

TEST_CASE("mirrors are read from the configuration of every package manager") {
  CHECK(text_of(image::mirrors_in(
            "# deb http://no.example.com/debian x main\n"
            "deb [arch=amd64] http://deb.example.com/debian bookworm main # http://no.example.com\n"
            "deb mirror+file:///etc/apt/mirrors x main\n"
            "URIs: https://a.example.com/x http://b.example.com:8080/y\n"
            "baseurl=https://user:secret@c.example.com/$releasever/\n"
            "Server = https://d.example.com/$repo/os/$arch\n"
            "ftp://e.example.com/x\nhttp://10.1.2.3/debian\nhttp://127.0.0.1:3142/x\nhttp://localhost/x\n")) ==
        "deb.example.com:80 a.example.com b.example.com:8080 c.example.com d.example.com address");
}

TEST_CASE("the host's mirrors are those of its own files, and unreadable files name none") {
  const tests::TempDirectory root;
  root.write("etc/apt/sources.list", "deb http://one.example.com/debian bookworm main\n");
  root.write("etc/yum.repos.d/x.repo", "baseurl=https://two.example.com/\n");
  root.write("etc/zypp/repos.d/long.repo", std::string(300U << 10U, 'x') + "\nbaseurl=https://three.example.com/\n");
  CHECK(text_of(image::host_mirrors(root.path())) == "one.example.com:80 two.example.com");
}

TEST_CASE("each family has official mirrors, all valid entries") {
  using image::Family;
  for (const Family family : {Family::apt, Family::dnf, Family::apk, Family::zypper, Family::pacman}) {
    const auto entries = image::official_mirrors(std::string(AGENTBOX_SOURCE_DIR) + "/containerfiles", family);
    CHECK_FALSE(entries.empty());
    CHECK(std::all_of(entries.begin(), entries.end(),
                      [](const auto& entry) { return std::holds_alternative<policy::HostEntry>(entry); }));
  }
}
