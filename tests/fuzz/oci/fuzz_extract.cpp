// SPDX-License-Identifier: Apache-2.0
// The exported tar of a hostile image: raw bytes, or (so that the fuzzer gets past tar's checksums) entries whose names
// and targets are built from interesting words. Whatever happens, nothing outside the root filesystem changes, and
// nothing in it is a device.
#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include "../require.hpp"
#include "oci/bundle/extract.hpp"
#include "support/error.hpp"
#include "support/fd.hpp"
#include "support/file.hpp"
#include "unit/generate/tar.hpp"

namespace {

namespace fs = std::filesystem;
namespace bundle = agentbox::oci::bundle;
using agentbox::fuzz::require;
using agentbox::tests::TarEntry;

/// Consumes the input piece by piece.
class Input {
public:
  Input(const std::uint8_t* data, std::size_t size) : m_data(data), m_size(size) {}
  bool empty() const { return m_at >= m_size; }
  std::uint8_t byte() { return empty() ? std::uint8_t{0} : m_data[m_at++]; }
  std::string path() {
    constexpr std::array<const char*, 16> k_words = {
        "a", "b", "link", "..", ".", "/", "/", "dev", "outside", "d", "c", "/..", "../..", "/etc/x", "bystander", "e"};
    std::string text;
    for (unsigned count = byte() % 6U; count > 0; --count) {
      text += k_words[byte() % k_words.size()];
    }
    return text;
  }

private:
  const std::uint8_t* m_data;
  std::size_t m_size;
  std::size_t m_at = 0;
};

std::string layer_of(Input& input) {
  constexpr std::array<unsigned, 8> k_types = {AE_IFREG, AE_IFDIR, AE_IFLNK, AE_IFREG,
                                               AE_IFIFO, AE_IFCHR, AE_IFBLK, AE_IFSOCK};
  std::vector<TarEntry> entries;
  while (!input.empty() && entries.size() < 24) {
    TarEntry entry;
    const std::uint8_t kind = input.byte();
    entry.type = k_types[kind % k_types.size()];
    entry.path = input.path();
    entry.content = entry.type == AE_IFLNK ? input.path() : std::string(kind, 'x');
    entry.mode = 0644U | ((kind & 0x80U) != 0 ? 04000U : 0U);
    if (kind % k_types.size() == 3) {
      entry.hard_link = input.path();
    }
    if (!entry.path.empty() && !(entry.type == AE_IFLNK && entry.content.empty())) {
      entries.push_back(std::move(entry));
    }
  }
  return agentbox::tests::make_tar(entries);
}

void unpack(const std::string& tar, const fs::path& root) {
  bundle::ExtractLimits limits{1U << 20U, 1U << 20U, 256};
  const agentbox::support::Fd file(memfd_create("tar", MFD_CLOEXEC));
  require(write(file.get(), tar.data(), tar.size()) == static_cast<ssize_t>(tar.size()), "written");
  require(lseek(file.get(), 0, SEEK_SET) == 0, "at its beginning");
  fs::current_path(root);
  try {
    bundle::extract(file.get(), {}, limits);
  } catch (const agentbox::support::Error& error) {
    require(!agentbox::fuzz::has_control_bytes(error.what()), "a message cannot steer a terminal");
  }
  fs::current_path("/");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 4096) {
    return 0;
  }
  const agentbox::tests::ScratchDirectory directory;
  const fs::path root = directory.path() / "root";
  fs::create_directory(root);
  fs::create_directory(directory.path() / "outside");
  agentbox::support::write_file(directory.path() / "bystander", "untouched");

  Input input(data + 1, size - 1);
  unpack(data[0] == 0 ? std::string(agentbox::fuzz::text_of(data + 1, size - 1)) : layer_of(input), root);

  require(agentbox::support::read_file(directory.path() / "bystander", 64) == "untouched",
          "the bystander is untouched");
  require(fs::hard_link_count(directory.path() / "bystander") == 1, "no link to the bystander");
  require(fs::is_empty(directory.path() / "outside"), "nothing is written outside");
  require(std::distance(fs::directory_iterator(directory.path()), fs::directory_iterator()) == 3,
          "nothing appears next to it");
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(root)) {
    const fs::file_type type = entry.symlink_status().type();
    require(type != fs::file_type::block && type != fs::file_type::character && type != fs::file_type::socket,
            "no devices");
  }
  return 0;
}
