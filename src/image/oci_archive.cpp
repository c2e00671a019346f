// SPDX-License-Identifier: Apache-2.0
#include "image/oci_archive.hpp"

#include <algorithm>
#include <archive.h>
#include <archive_entry.h>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <sys/stat.h>
#include <unistd.h>

#include "support/digest.hpp"
#include "support/error.hpp"
#include "support/fd.hpp"
#include "support/file.hpp"

namespace agentbox::image {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using support::Error;
using support::ExitCode;

constexpr std::size_t k_tar_block = 10240;
constexpr const char* k_epoch = "1970-01-01T00:00:00Z";
constexpr const char* k_manifest_type = "application/vnd.oci.image.manifest.v1+json";
constexpr const char* k_config_type = "application/vnd.oci.image.config.v1+json";
// Uncompressed: it is loaded on this machine, and Podman stores layers uncompressed.
constexpr const char* k_layer_type = "application/vnd.oci.image.layer.v1.tar";

struct Freed {
  void operator()(archive_entry* entry) const noexcept { archive_entry_free(entry); }
  void operator()(archive* writer) const noexcept { archive_write_free(writer); }
};

la_ssize_t append_bytes(archive* /*writer*/, void* target, const void* bytes, std::size_t count) {
  static_cast<std::string*>(target)->append(static_cast<const char*>(bytes), count);
  return static_cast<la_ssize_t>(count);
}

/// A tar in memory whose bytes depend only on its content.
class TarInMemory {
public:
  TarInMemory() : m_writer(archive_write_new()) {
    archive_write_set_format_pax_restricted(m_writer.get());
    archive_write_add_filter_none(m_writer.get());
    archive_write_set_bytes_per_block(m_writer.get(), k_tar_block);
    check(archive_write_open2(m_writer.get(), &m_bytes, nullptr, append_bytes, nullptr, nullptr));
  }

  void add_directory(const std::string& path, std::uint32_t mode) { add_header(path, AE_IFDIR, mode, 0); }

  void add_file(const std::string& path, std::uint32_t mode, std::string_view content) {
    add_header(path, AE_IFREG, mode, content.size());
    add_data(content);
  }

  void add_copy(const std::string& path, std::uint32_t mode, const fs::path& source) {
    const support::Fd fd(open(source.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    struct stat info {};
    if (!fd || fstat(fd.get(), &info) != 0) {
      throw support::system_error(ExitCode::failed, "cannot open " + source.string(), errno);
    }
    if (!S_ISREG(info.st_mode)) {
      throw Error(ExitCode::failed, source.string() + " is not a regular file");
    }
    auto left = static_cast<std::uint64_t>(info.st_size);
    add_header(path, AE_IFREG, mode, left);
    std::array<char, 65536> buffer{};
    while (true) {
      const ssize_t count = read(fd.get(), buffer.data(), buffer.size());
      if (count < 0 && errno == EINTR) {
        continue;
      }
      if (count < 0 || static_cast<std::uint64_t>(count) > left || (count == 0 && left != 0)) {
        throw Error(ExitCode::failed, source.string() + " changed while it was read");
      }
      if (count == 0) {
        return;
      }
      left -= static_cast<std::uint64_t>(count);
      add_data({buffer.data(), static_cast<std::size_t>(count)});
    }
  }

  /// Returns the archive. Nothing can be added afterwards.
  std::string finish() {
    check(archive_write_close(m_writer.get()));
    return std::move(m_bytes);
  }

private:
  void add_header(const std::string& path, unsigned type, std::uint32_t mode, std::uint64_t size) {
    const std::unique_ptr<archive_entry, Freed> entry(archive_entry_new());
    archive_entry_set_pathname(entry.get(), path.c_str());
    archive_entry_set_filetype(entry.get(), type);
    archive_entry_set_perm(entry.get(), mode);
    archive_entry_set_uid(entry.get(), 0);
    archive_entry_set_gid(entry.get(), 0);
    archive_entry_set_mtime(entry.get(), 0, 0);
    archive_entry_set_size(entry.get(), static_cast<la_int64_t>(size));
    check(archive_write_header(m_writer.get(), entry.get()));
  }

  void add_data(std::string_view bytes) {
    if (archive_write_data(m_writer.get(), bytes.data(), bytes.size()) != static_cast<la_ssize_t>(bytes.size())) {
      throw Error(ExitCode::failed, std::string("cannot write the image: ") + archive_error_string(m_writer.get()));
    }
  }

  void check(int result) {
    if (result != ARCHIVE_OK) {
      throw Error(ExitCode::failed, std::string("cannot write the image: ") + archive_error_string(m_writer.get()));
    }
  }

  std::string m_bytes;
  std::unique_ptr<archive, Freed> m_writer; // closed, and thereby flushed into m_bytes, first
};

void require_paths(const std::vector<ImageEntry>& entries) {
  std::set<std::string> seen;
  for (const ImageEntry& entry : entries) {
    const fs::path path(entry.path);
    if (!path.is_absolute() || path.lexically_normal() != path || !path.has_filename()) {
      throw Error(ExitCode::failed, "internal error: \"" + entry.path + "\" is not a valid path in an image");
    }
    if (!seen.insert(entry.path).second) {
      throw Error(ExitCode::failed, "internal error: " + entry.path + " occurs twice in the image");
    }
  }
}

void add_missing_parents(std::vector<ImageEntry>& entries) {
  std::set<std::string> present;
  for (const ImageEntry& entry : entries) {
    present.insert(entry.path);
  }
  for (std::size_t i = 0; i < entries.size(); ++i) { // the loop adds entries
    const std::string parent = fs::path(entries[i].path).parent_path().string();
    if (parent != "/" && present.insert(parent).second) {
      entries.push_back({parent, 0755, ImageEntry::Directory{}});
    }
  }
}

std::string layer_of(std::vector<ImageEntry> entries) {
  require_paths(entries);
  add_missing_parents(entries);
  std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  TarInMemory tar;
  for (const ImageEntry& entry : entries) {
    const std::string path = entry.path.substr(1);
    if (const auto* text = std::get_if<ImageEntry::Text>(&entry.what)) {
      tar.add_file(path, entry.mode, text->content);
    } else if (const auto* copy = std::get_if<ImageEntry::Copy>(&entry.what)) {
      tar.add_copy(path, entry.mode, copy->source);
    } else {
      tar.add_directory(path, entry.mode);
    }
  }
  return tar.finish();
}

std::string config_of(const ImageConfig& config, const std::string& layer_digest) {
  return json{
      {"architecture", oci::seccomp::arch_names(config.arch).go},
      {"os", "linux"},
      {"created", k_epoch},
      {"config",
       {{"Entrypoint", config.entrypoint}, {"User", config.user}, {"WorkingDir", "/"}, {"Labels", config.labels}}},
      {"rootfs", {{"type", "layers"}, {"diff_ids", json::array({"sha256:" + layer_digest})}}},
      {"history", json::array({{{"created", k_epoch}, {"created_by", "agentbox"}}})}}
      .dump();
}

json descriptor(const char* type, const std::string& digest, std::size_t size) {
  return {{"mediaType", type}, {"digest", "sha256:" + digest}, {"size", size}};
}

std::string manifest_of(const json& config, const json& layer) {
  return json{
      {"schemaVersion", 2}, {"mediaType", k_manifest_type}, {"config", config}, {"layers", json::array({layer})}}
      .dump();
}

std::string index_of(json manifest) {
  return json{{"schemaVersion", 2}, {"manifests", json::array({std::move(manifest)})}}.dump();
}

} // namespace

ImageArchive write_image_archive(const fs::path& archive, std::vector<ImageEntry> entries, const ImageConfig& config) {
  const std::string layer = layer_of(std::move(entries));
  const std::string layer_digest = support::sha256_hex(layer);
  const std::string config_text = config_of(config, layer_digest);
  const std::string config_digest = support::sha256_hex(config_text);
  const std::string manifest = manifest_of(descriptor(k_config_type, config_digest, config_text.size()),
                                           descriptor(k_layer_type, layer_digest, layer.size()));
  const std::string manifest_digest = support::sha256_hex(manifest);

  constexpr std::uint32_t k_mode = 0644;
  TarInMemory tar;
  tar.add_file("oci-layout", k_mode, R"({"imageLayoutVersion":"1.0.0"})");
  tar.add_file("index.json", k_mode, index_of(descriptor(k_manifest_type, manifest_digest, manifest.size())));
  tar.add_file("blobs/sha256/" + manifest_digest, k_mode, manifest);
  tar.add_file("blobs/sha256/" + config_digest, k_mode, config_text);
  tar.add_file("blobs/sha256/" + layer_digest, k_mode, layer);
  support::write_file(archive, tar.finish());
  return {config_digest, manifest_digest, layer.size()};
}

} // namespace agentbox::image
