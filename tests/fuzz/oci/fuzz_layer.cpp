// SPDX-License-Identifier: Apache-2.0
// The layers of a hostile image: raw bytes, or (so that the fuzzer gets past tar's checksums) entries whose names and
// targets are put together from telling words. Whatever happens, nothing outside the root filesystem changes, and
// nothing in it is a device.
#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <sys/stat.h>
#include <vector>

#include "../require.hpp"
#include "oci/bundle/image_layer.hpp"
#include "support/error.hpp"
#include "support/file.hpp"
#include "unit/generate/tar.hpp"

namespace {

namespace fs = std::filesystem;
namespace bundle = agentbox::oci::bundle;
using agentbox::fuzz::require;
using agentbox::tests::TarEntry;

/// Takes the input apart.
class Input {
public:
  Input(const std::uint8_t* data, std::size_t size) : m_data(data), m_size(size) {}
  bool empty() const { return m_at >= m_size; }
  std::uint8_t byte() { return empty() ? std::uint8_t{0} : m_data[m_at++]; }
  std::string path() {
    constexpr std::array<const char*, 16> k_words = {"a",     "b",      "link",      "..",          ".", "/",
                                                     "/",     "dev",    "outside",   ".wh.",        "c", "/..",
                                                     "../..", "/etc/x", "bystander", ".wh..wh..opq"};
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

void unpack(const std::string& layer, const fs::path& root, bundle::UnpackProgress& progress) {
  bundle::UnpackLimits limits;
  limits.bytes = 1U << 20U;
  limits.file_bytes = 1U << 20U;
  limits.sparse_bytes = 1U << 16U;
  limits.entries = 256;
  bundle::Rootfs rootfs(root, {}, {});
  std::size_t at = 0;
  const bundle::ReadBytes read = [&](char* buffer, std::size_t size) {
    const std::size_t count = std::min(size, layer.size() - at);
    std::copy_n(layer.data() + at, count, buffer);
    at += count;
    return count;
  };
  try {
    bundle::unpack_layer(read, layer.size(), rootfs, limits, progress);
  } catch (const agentbox::support::Error& error) {
    require(!agentbox::fuzz::has_control_bytes(error.what()), "a message cannot steer a terminal");
  }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 4096) {
    return 0;
  }
  const agentbox::tests::ScratchFolder folder;
  const fs::path root = folder.path() / "root";
  fs::create_directory(root);
  fs::create_directory(folder.path() / "outside");
  agentbox::support::write_file(folder.path() / "bystander", "untouched");

  bundle::UnpackProgress progress;
  Input input(data + 1, size - 1);
  if (data[0] == 0) {
    unpack(std::string(agentbox::fuzz::text_of(data + 1, size - 1)), root, progress);
  } else {
    for (unsigned layers = 1U + data[0] % 3U; layers > 0; --layers) {
      unpack(layer_of(input), root, progress);
    }
  }

  require(agentbox::support::read_file(folder.path() / "bystander", 64) == "untouched", "the bystander is untouched");
  require(fs::hard_link_count(folder.path() / "bystander") == 1, "no link to the bystander");
  require(fs::is_empty(folder.path() / "outside"), "nothing is written outside");
  require(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()) == 3,
          "nothing appears beside");
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(root)) {
    const fs::file_type type = entry.symlink_status().type();
    require(type != fs::file_type::block && type != fs::file_type::character && type != fs::file_type::socket,
            "no devices");
  }
  return 0;
}
