// SPDX-License-Identifier: Apache-2.0
#include <fstream>
#include <sys/stat.h>

#include "catch.hpp"
#include "generate/output_folder.hpp"
#include "generate/output_record.hpp"
#include "support/file.hpp"
#include "tar.hpp"
#include "unit/oci/sample.hpp"

namespace agentbox {
namespace {

namespace fs = std::filesystem;
using generate::OutputFolder;
using tests::contains;
using tests::error_of;
using tests::ScratchFolder;

constexpr std::size_t k_max = 1U << 20U;

void remove_tree(const fs::path& folder) {
  fs::remove_all(folder);
}

void write(const fs::path& folder, const oci::GeneratedSet& set, bool force = false) {
  OutputFolder output(folder, force, false, remove_tree);
  output.write(set);
  output.write({{generate::k_record_file,
                 generate::record_text(oci::OutputFormat::kube, tests::build(tests::sample_fields()), {}, set)}});
  output.commit();
}

std::size_t entries(const fs::path& folder) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

const oci::GeneratedSet k_set = {{"pod.yaml", "one\n"}, {"deep/start", "#!/bin/sh\n", 0755}};

TEST_CASE("a set appears as a whole, and nothing is left beside it") {
  const ScratchFolder scratch;
  const fs::path folder = scratch.path() / "new/out";
  write(folder, k_set);
  CHECK(support::read_file(folder / "pod.yaml", k_max) == "one\n");
  struct stat info {};
  REQUIRE(stat((folder / "deep/start").c_str(), &info) == 0);
  CHECK((info.st_mode & 0777U) == 0755U);
  CHECK(entries(scratch.path() / "new") == 1);
}

TEST_CASE("an untouched set may be replaced, one changed by hand may not") {
  const ScratchFolder scratch;
  const fs::path folder = scratch.path() / "out";
  write(folder, k_set);
  write(folder, {{"pod.yaml", "two\n"}});
  CHECK(support::read_file(folder / "pod.yaml", k_max) == "two\n");
  CHECK_FALSE(fs::exists(folder / "deep"));
  std::ofstream(folder / "pod.yaml", std::ios::app) << "mine\n";
  CHECK(contains(error_of([&] { write(folder, k_set); }), "other files"));
  CHECK(contains(support::read_file(folder / "pod.yaml", k_max), "mine"));
  write(folder, k_set, true);
  CHECK(support::read_file(folder / "pod.yaml", k_max) == "one\n");
}

TEST_CASE("other files are neither lost nor overwritten") {
  const ScratchFolder scratch;
  const fs::path folder = scratch.path() / "out";
  fs::create_directories(folder / "notes");
  std::ofstream(folder / "notes/a") << "precious";
  CHECK(contains(error_of([&] { write(folder, k_set); }), "--output") == false);
  CHECK(contains(error_of([&] { write(folder, k_set); }), "other files"));
  CHECK(entries(scratch.path()) == 1);
  write(folder, k_set, true);
  CHECK(support::read_file(folder / "notes/a", k_max) == "precious");
  CHECK(support::read_file(folder / "pod.yaml", k_max) == "one\n");
  CHECK(entries(scratch.path()) == 1);
}

TEST_CASE("other files outlive --force beside a damaged record") {
  const ScratchFolder scratch;
  const fs::path folder = scratch.path() / "out";
  fs::create_directories(folder / "notes");
  std::ofstream(folder / "notes/a") << "precious";
  std::ofstream(folder / generate::k_record_file) << "{";
  CHECK(contains(error_of([&] { write(folder, k_set); }), "other files"));
  write(folder, k_set, true);
  CHECK(support::read_file(folder / "notes/a", k_max) == "precious");
  CHECK(support::read_file(folder / "pod.yaml", k_max) == "one\n");
  CHECK(entries(scratch.path()) == 1);
}

TEST_CASE("when the set cannot be finished the old one stays and nothing else") {
  const ScratchFolder scratch;
  const fs::path folder = scratch.path() / "out";
  write(folder, k_set);
  {
    OutputFolder output(folder, false, false, remove_tree);
    output.write({{"pod.yaml", "half"}});
  }
  CHECK(support::read_file(folder / "pod.yaml", k_max) == "one\n");
  CHECK(entries(scratch.path()) == 1);
}

TEST_CASE("an output that is not a directory of its own is refused") {
  const ScratchFolder scratch;
  const auto refusal = [](const fs::path& folder) {
    return error_of([&] { write(generate::resolve_output(folder), k_set, true); });
  };
  std::ofstream(scratch.path() / "file") << "x";
  fs::create_directory_symlink(scratch.path(), scratch.path() / "link");
  CHECK(contains(refusal(scratch.path() / "file"), "not a directory"));
  CHECK(contains(refusal(scratch.path() / "link"), "not a directory"));
  CHECK(contains(refusal("/"), "root directory"));
  CHECK(contains(refusal("."), "working directory"));
  CHECK(contains(refusal(".."), "above"));
  CHECK(contains(refusal(support::home_folder()), ""));
  CHECK(fs::exists(scratch.path() / "file"));
}

} // namespace
} // namespace agentbox
