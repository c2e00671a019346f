// SPDX-License-Identifier: Apache-2.0
// The reader of reftables, on tables that Git 2.47 wrote (`git pack-refs`; one block and blocks of 256 bytes).
#include "git/reftable.hpp"

#include "catch.hpp"
#include "support/file.hpp"

using namespace agentbox;

namespace {

std::string table(const std::string& name) {
  return support::read_file(AGENTBOX_SOURCE_DIR "/tests/fuzz/git/corpus/fuzz_reftable/" + name, 4096);
}

} // namespace

TEST_CASE("refs are found by their prefix in tables of both versions") {
  for (const std::string hash : {"sha1", "sha256"}) {
    INFO(hash);
    for (const std::string kind : {"-plain", "-replaced"}) {
      const std::string bytes = table(hash + kind);
      CHECK(git::has_ref_with(bytes, "HEAD") == true);
      CHECK(git::has_ref_with(bytes, "refs/heads/branch-2") == true);
      CHECK(git::has_ref_with(bytes, "refs/remotes/origin/HEAD") == true); // a symbolic one
      CHECK(git::has_ref_with(bytes, "refs/tags/t") == true);              // a peeled one
      CHECK(git::has_ref_with(bytes, "refs/heads/branch-99") == false);
      CHECK(git::has_ref_with(bytes, "refs/replace/") == (kind == "-replaced"));
    }
  }
}

TEST_CASE("an incomplete table is not mistaken for one without the ref") {
  const std::string whole = table("sha1-replaced");
  CHECK(git::has_ref_with("", "x") == std::nullopt);
  CHECK(git::has_ref_with("REFT", "x") == std::nullopt);
  CHECK(git::has_ref_with("DIRC" + whole.substr(4), "refs/replace/") == std::nullopt);
  const std::size_t block = 24 + 4; // header and block head
  for (std::size_t size = block; size < 250; size += 7) {
    INFO(size);
    CHECK(git::has_ref_with(whole.substr(0, size), "refs/replace/") == std::nullopt);
  }
  for (const std::size_t broken : {block - 1, block, block + 1}) { // length of the block, shared prefix, suffix
    INFO(broken);
    std::string bytes = whole;
    bytes[broken] = '\x7f';
    CHECK(git::has_ref_with(bytes, "refs/none/") == std::nullopt);
  }
}
