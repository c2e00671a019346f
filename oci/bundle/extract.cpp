// SPDX-License-Identifier: Apache-2.0
#include "oci/bundle/extract.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <cerrno>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "support/error.hpp"
#include "support/text.hpp"

namespace agentbox::oci::bundle {
namespace {

using support::Error;
using support::ExitCode;

constexpr std::size_t k_block_bytes = 1U << 18U;
constexpr int k_flags = ARCHIVE_EXTRACT_OWNER | ARCHIVE_EXTRACT_PERM | ARCHIVE_EXTRACT_TIME | ARCHIVE_EXTRACT_XATTR |
                        ARCHIVE_EXTRACT_SPARSE | ARCHIVE_EXTRACT_SECURE_SYMLINKS | ARCHIVE_EXTRACT_SECURE_NODOTDOT |
                        ARCHIVE_EXTRACT_SECURE_NOABSOLUTEPATHS;

struct FreeArchive {
  void operator()(archive* handle) const { archive_free(handle); }
};
using Archive = std::unique_ptr<archive, FreeArchive>;

std::string error_text(archive* handle) {
  const char* text = archive_error_string(handle);
  return support::escape_untrusted(text == nullptr ? "unknown error" : text);
}

Error refused(archive_entry* entry, const std::string& why) {
  const char* path = archive_entry_pathname(entry);
  return {ExitCode::refused, "the image has an entry " + support::in_quotes(path == nullptr ? "" : path) + ": " + why,
          "such an image is broken or hostile; do not use it"};
}

la_int64_t mapped(la_int64_t id, const std::vector<IdMapping>& ids, archive_entry* entry) {
  for (const auto& [container_id, host_id, size] : ids) {
    if (id >= container_id && id - container_id < size) {
      return host_id + (id - container_id);
    }
  }
  throw refused(entry, "it belongs to id " + std::to_string(id) + ", which the box's user namespace does not have");
}

bool keeps_attribute(std::string_view name) {
  return name == "security.capability" ||
         (name.starts_with("user.") && !name.starts_with("user.overlay.") && !name.starts_with("user.containers."));
}

void filter_attributes(archive_entry* entry) {
  std::vector<std::pair<std::string, std::string>> kept;
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  archive_entry_xattr_reset(entry);
  while (archive_entry_xattr_next(entry, &name, &value, &size) == ARCHIVE_OK) {
    if (keeps_attribute(name)) {
      kept.emplace_back(name, std::string(static_cast<const char*>(value), size));
    }
  }
  archive_entry_xattr_clear(entry);
  for (const auto& [kept_name, kept_value] : kept) {
    archive_entry_xattr_add_entry(entry, kept_name.c_str(), kept_value.data(), kept_value.size());
  }
}

/// Checks `entry` against everything but its path, which libarchive checks, and maps its owner.
void prepare(archive_entry* entry, const std::vector<IdMapping>& ids, const ExtractLimits& limits,
             ExtractLimits& used) {
  if (++used.entries > limits.entries) {
    throw Error(ExitCode::refused, "the image has more than " + std::to_string(limits.entries) + " entries");
  }
  const auto type = archive_entry_filetype(entry);
  if (archive_entry_hardlink(entry) == nullptr && type != AE_IFREG && type != AE_IFDIR && type != AE_IFLNK &&
      type != AE_IFIFO) {
    throw refused(entry, "it is a device, or something else that is not a file, directory, link or FIFO");
  }
  const la_int64_t size = archive_entry_size(entry);
  if (size < 0 || static_cast<std::uint64_t>(size) > limits.file_bytes) {
    throw refused(entry, "it is larger than " + std::to_string(limits.file_bytes) + " bytes");
  }
  used.bytes += static_cast<std::uint64_t>(size);
  if (used.bytes > limits.bytes) {
    throw refused(entry, "it makes the image larger than " + std::to_string(limits.bytes) + " bytes");
  }
  if (!ids.empty()) {
    archive_entry_set_uid(entry, mapped(archive_entry_uid(entry), ids, entry));
    archive_entry_set_gid(entry, mapped(archive_entry_gid(entry), ids, entry));
  }
  filter_attributes(entry);
}

Error cannot_write(archive* disk, archive_entry* entry, const std::string& hint = {}) {
  return {ExitCode::failed,
          "cannot write " + support::in_quotes(archive_entry_pathname(entry)) + ": " + error_text(disk), hint};
}

// Only one failure does not matter: no support for extended attributes, as on a tmpfs.
void require_written(int result, archive* disk, archive_entry* entry) {
  if (result == ARCHIVE_OK || (result == ARCHIVE_WARN && archive_errno(disk) == EOPNOTSUPP)) {
    return;
  }
  switch (archive_errno(disk)) {
  case ENOSPC:
  case EDQUOT:
  case EIO:
  case EROFS: throw cannot_write(disk, entry);
  case EINVAL: // an id that the user namespace does not have
  case EOVERFLOW:
    throw cannot_write(disk, entry, "you may have too few subordinate IDs: agentbox doctor shows how to get 65536");
  default: throw refused(entry, error_text(disk));
  }
}

void copy_data(archive* tar, archive* disk, archive_entry* entry) {
  const void* block = nullptr;
  std::size_t size = 0;
  la_int64_t offset = 0;
  int result = ARCHIVE_OK;
  while ((result = archive_read_data_block(tar, &block, &size, &offset)) == ARCHIVE_OK) {
    if (archive_write_data_block(disk, block, size, offset) < ARCHIVE_OK) {
      throw cannot_write(disk, entry);
    }
  }
  if (result != ARCHIVE_EOF) {
    throw Error(ExitCode::failed, "the exported image is damaged: " + error_text(tar));
  }
}

} // namespace

void extract(int tar, const std::vector<IdMapping>& ids, const ExtractLimits& limits) {
  const Archive in(archive_read_new());
  const Archive disk(archive_write_disk_new());
  archive_read_support_format_tar(in.get());
  archive_write_disk_set_options(disk.get(), ids.empty() ? k_flags & ~ARCHIVE_EXTRACT_OWNER : k_flags);
  ExtractLimits used{0, 0, 0};
  archive_entry* entry = nullptr;
  int result = archive_read_open_fd(in.get(), tar, k_block_bytes);
  while (result >= ARCHIVE_WARN && (result = archive_read_next_header(in.get(), &entry)) != ARCHIVE_EOF) {
    if (result < ARCHIVE_WARN) { // warnings are about character sets
      break;
    }
    prepare(entry, ids, limits, used);
    require_written(archive_write_header(disk.get(), entry), disk.get(), entry);
    copy_data(in.get(), disk.get(), entry);
    require_written(archive_write_finish_entry(disk.get()), disk.get(), entry);
  }
  if (result != ARCHIVE_EOF) {
    throw Error(ExitCode::failed, "the exported image is damaged: " + error_text(in.get()));
  }
  if (used.entries == 0) {
    throw Error(ExitCode::failed, "the exported image is damaged: it has no entries");
  }
  if (archive_write_close(disk.get()) < ARCHIVE_OK) { // sets the modes and times of directories
    throw Error(ExitCode::failed, "cannot extract the image: " + error_text(disk.get()));
  }
}

} // namespace agentbox::oci::bundle
