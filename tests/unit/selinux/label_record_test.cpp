// SPDX-License-Identifier: Apache-2.0
#include "selinux/label_record.hpp"

#include "catch.hpp"
#include "temp_directory.hpp"

using namespace agentbox;
using namespace agentbox::selinux;

TEST_CASE("what was labelled is remembered for one path") {
  const tests::TempDirectory directory;
  const LabelRecord what{{1, 2}, {"container_file_t", "s0:c1,c2"}, 1'700'000'000'000'000'000};
  CHECK_FALSE(read_label_record(directory / "selinux", "/home/user/a"));
  write_label_record(directory / "selinux", "/home/user/a", what);
  CHECK(read_label_record(directory / "selinux", "/home/user/a") == what);
  CHECK_FALSE(read_label_record(directory / "selinux", "/home/user/b"));
}

TEST_CASE("a damaged record counts as none") {
  const tests::TempDirectory directory;
  write_label_record(directory.path(), "/a", {{1, 2}, {"t", "s0"}, 1});
  for (const auto& entry : std::filesystem::directory_iterator(directory.path())) {
    std::ofstream(entry.path()) << R"({"path": "/a", "identity": "1:2", "type": 5})";
  }
  CHECK_FALSE(read_label_record(directory.path(), "/a"));
}
