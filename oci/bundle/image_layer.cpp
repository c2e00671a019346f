// SPDX-License-Identifier: Apache-2.0
#include "oci/bundle/image_layer.hpp"

#include <algorithm>
#include <archive.h>
#include <archive_entry.h>
#include <array>
#include <cerrno>
#include <memory>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include <unordered_set>

#include "support/error.hpp"
#include "support/text.hpp"

namespace agentbox::oci::bundle {
namespace {

using support::Error;
using support::ExitCode;

constexpr std::size_t k_block = 1U << 18U;

Error refused(const EntryPath& path, const std::string& why) {
  return {ExitCode::refused, "the image has an entry " + support::in_quotes(path.text()) + ": " + why,
          "such an image is broken or hostile; do not use it"};
}

/// libarchive's view of a ReadBytes. Exceptions wait here: they must not cross C code.
struct Source {
  const ReadBytes& read;
  std::array<char, k_block> buffer{};
  std::exception_ptr problem;
};

la_ssize_t read_block(archive* handle, void* data, const void** block) {
  auto& source = *static_cast<Source*>(data);
  *block = source.buffer.data();
  try {
    return static_cast<la_ssize_t>(source.read(source.buffer.data(), source.buffer.size()));
  } catch (...) {
    source.problem = std::current_exception();
    archive_set_error(handle, EIO, "read");
    return -1;
  }
}

struct Free {
  void operator()(archive* handle) const { archive_read_free(handle); }
};
using Archive = std::unique_ptr<archive, Free>;

class Layer {
public:
  Layer(const ReadBytes& read, std::uint64_t packed_bytes, Rootfs& rootfs, const UnpackLimits& limits,
        UnpackProgress& progress)
      : m_source{read, {}, nullptr}, m_packed(packed_bytes), m_rootfs(rootfs), m_limits(limits), m_progress(progress),
        m_archive(archive_read_new()) {}

  void unpack() {
    archive_read_support_format_tar(m_archive.get());
    archive_read_support_filter_gzip(m_archive.get());
    archive_read_support_filter_zstd(m_archive.get());
    if (archive_read_open(m_archive.get(), &m_source, nullptr, read_block, nullptr) != ARCHIVE_OK) {
      fail();
    }
    archive_entry* entry = nullptr;
    while (next(entry)) {
      one(entry);
    }
  }

private:
  [[noreturn]] void fail() {
    if (m_source.problem) {
      std::rethrow_exception(m_source.problem);
    }
    const char* text = archive_error_string(m_archive.get());
    throw Error(ExitCode::failed,
                "a layer of the image is damaged: " + support::escape_untrusted(text == nullptr ? "" : text));
  }

  bool next(archive_entry*& entry) {
    const int result = archive_read_next_header(m_archive.get(), &entry);
    if (result == ARCHIVE_EOF) {
      return false;
    }
    if (result != ARCHIVE_OK && result != ARCHIVE_WARN) { // warnings are about character sets
      fail();
    }
    return true;
  }

  void one(archive_entry* entry) {
    if (++m_progress.entries > m_limits.entries) {
      throw Error(ExitCode::refused, "the image has more than " + std::to_string(m_limits.entries) + " entries");
    }
    const char* text = archive_entry_pathname(entry);
    const EntryPath path = parse_entry_path(text == nullptr ? "" : text);
    const auto [kind, hidden] = parse_whiteout(path.name);
    switch (kind) {
    case Whiteout::Kind::opaque:
      m_rootfs.clear(folder_of(path), [this](const std::string& below) { return is_ours(below); });
      return;
    case Whiteout::Kind::one: {
      EntryPath target = path;
      target.name = hidden;
      if (!is_ours(target.text())) { // it hides what lies below this layer, not what this layer brings
        m_rootfs.remove(target);
      }
      return;
    }
    case Whiteout::Kind::none: break;
    }
    put(entry, path);
    remember(path);
  }

  static EntryPath folder_of(const EntryPath& path) {
    EntryPath result = path;
    result.name.clear();
    if (!result.folders.empty()) {
      result.name = result.folders.back();
      result.folders.pop_back();
    }
    return result;
  }

  bool is_ours(const std::string& path) const { return m_ours.contains(std::hash<std::string>()(path)); }

  void remember(const EntryPath& path) {
    std::string text;
    for (const std::string& folder : path.folders) { // and the folders that it needs
      text += folder;
      m_ours.insert(std::hash<std::string>()(text));
      text += "/";
    }
    m_ours.insert(std::hash<std::string>()(text + path.name));
  }

  void put(archive_entry* entry, const EntryPath& path) {
    if (const char* target = archive_entry_hardlink(entry)) {
      m_rootfs.hard_link(path, parse_entry_path(target));
      return;
    }
    switch (archive_entry_filetype(entry)) {
    case AE_IFREG: put_file(entry, path); return;
    case AE_IFDIR: m_rootfs.folder(path, attributes(entry, path)); return;
    case AE_IFLNK: put_link(entry, path); return;
    case AE_IFIFO: m_rootfs.fifo(path, attributes(entry, path)); return;
    case AE_IFCHR:
      if (is_plain_device(entry, path)) {
        return;
      }
      throw refused(path, "it is a device");
    case AE_IFBLK: throw refused(path, "it is a device");
    default: throw refused(path, "it is neither file, folder nor link");
    }
  }

  /// The devices that the runtime makes in every container's own /dev. Images made by debootstrap and the like have
  /// them.
  static bool is_plain_device(archive_entry* entry, const EntryPath& path) {
    struct Device {
      std::string_view path;
      unsigned major;
      unsigned minor;
    };
    constexpr std::array k_devices = {
        Device{"dev/null", 1, 3},    Device{"dev/zero", 1, 5}, Device{"dev/full", 1, 7},    Device{"dev/random", 1, 8},
        Device{"dev/urandom", 1, 9}, Device{"dev/tty", 5, 0},  Device{"dev/console", 5, 1}, Device{"dev/ptmx", 5, 2}};
    const std::string text = path.text();
    return std::any_of(k_devices.begin(), k_devices.end(), [&](const Device& device) {
      return text == device.path && archive_entry_rdevmajor(entry) == device.major &&
             archive_entry_rdevminor(entry) == device.minor;
    });
  }

  void put_link(archive_entry* entry, const EntryPath& path) {
    constexpr std::size_t k_max = 4095;
    const char* text = archive_entry_symlink(entry);
    const std::string target = text == nullptr ? "" : text;
    if (target.empty() || target.size() > k_max) {
      throw refused(path, "it is a symbolic link to nowhere");
    }
    m_rootfs.symbolic_link(path, target, attributes(entry, path));
  }

  void put_file(archive_entry* entry, const EntryPath& path) {
    const auto size = static_cast<std::uint64_t>(std::max<la_int64_t>(archive_entry_size(entry), 0));
    const bool sparse = archive_entry_sparse_reset(entry) > 0;
    if (sparse && size > m_limits.sparse_bytes) {
      throw refused(path, "it is a sparse file of " + std::to_string(size) + " bytes");
    }
    if (size > m_limits.file_bytes) {
      throw refused(path, "it has " + std::to_string(size) + " bytes");
    }
    account(size, path);
    const Attributes wanted = attributes(entry, path);
    const support::Fd file = m_rootfs.file(path);
    copy(file, size, sparse, path);
    m_rootfs.finish(path, file, wanted);
  }

  void account(std::uint64_t size, const EntryPath& path) {
    m_progress.bytes += size;
    m_layer_bytes += size;
    if (m_progress.bytes > m_limits.bytes) {
      throw refused(path, "with it the image has more than " + std::to_string(m_limits.bytes) + " bytes");
    }
    if (m_layer_bytes > m_limits.ratio_free && m_layer_bytes / m_limits.ratio > m_packed) {
      throw refused(path, "the layer unpacks to more than " + std::to_string(m_limits.ratio) + " times its size");
    }
  }

  void copy(const support::Fd& file, std::uint64_t size, bool sparse, const EntryPath& path) {
    const void* block = nullptr;
    std::size_t count = 0;
    la_int64_t offset = 0;
    std::uint64_t end = 0;
    for (int result = ARCHIVE_OK;
         (result = archive_read_data_block(m_archive.get(), &block, &count, &offset)) != ARCHIVE_EOF;) {
      if (result != ARCHIVE_OK && result != ARCHIVE_WARN) {
        fail();
      }
      const char* bytes = static_cast<const char*>(block);
      while (count > 0) {
        const ssize_t written = pwrite(file.get(), bytes, count, offset);
        if (written < 0 && errno != EINTR) {
          throw support::system_error(ExitCode::failed, "cannot write " + support::in_quotes(path.text()), errno);
        }
        const std::size_t step = written < 0 ? 0 : static_cast<std::size_t>(written);
        bytes += step;
        count -= step;
        offset += static_cast<la_int64_t>(step);
      }
      end = static_cast<std::uint64_t>(offset);
    }
    if (end > size) {
      throw refused(path, "it is longer than it says");
    }
    if (end < size && !sparse) {
      throw Error(ExitCode::failed,
                  "a layer of the image is damaged: it ends within " + support::in_quotes(path.text()));
    }
    if (end < size && ftruncate(file.get(), static_cast<off_t>(size)) != 0) { // a hole at its end
      throw support::system_error(ExitCode::failed, "cannot write " + support::in_quotes(path.text()), errno);
    }
  }

  static Attributes attributes(archive_entry* entry, const EntryPath& path) {
    const auto id = [&](la_int64_t value) {
      if (value < 0 || value > UINT32_MAX) {
        throw refused(path, "its owner has no valid number");
      }
      return static_cast<std::uint32_t>(value);
    };
    Attributes result;
    result.uid = id(archive_entry_uid(entry));
    result.gid = id(archive_entry_gid(entry));
    result.mode = archive_entry_perm(entry);
    result.modified = {archive_entry_mtime(entry), archive_entry_mtime_nsec(entry)};
    const char* name = nullptr;
    const void* value = nullptr;
    std::size_t size = 0;
    archive_entry_xattr_reset(entry);
    while (archive_entry_xattr_next(entry, &name, &value, &size) == ARCHIVE_OK) {
      const std::string_view key = name;
      if (key == "security.selinux" || key == "security.ima" || key == "security.evm") {
        continue; // the host's to say
      }
      if (key.starts_with("user.overlay.") || key.starts_with("trusted.overlay.") ||
          key.starts_with("user.containers.")) {
        continue; // notes of the overlay filesystem the image was on: Podman 4.3 saves them. They must not steer
                  // another
      }
      if (key != "security.capability" && !key.starts_with("user.")) {
        throw refused(path, "it has the extended attribute " + support::in_quotes(key));
      }
      result.xattrs[name] = std::string(static_cast<const char*>(value), size);
    }
    return result;
  }

  Source m_source;
  std::uint64_t m_packed;
  Rootfs& m_rootfs;
  const UnpackLimits& m_limits;
  UnpackProgress& m_progress;
  Archive m_archive;
  std::uint64_t m_layer_bytes = 0;
  std::unordered_set<std::size_t> m_ours; ///< hashes of the paths that this layer has brought
};

} // namespace

void unpack_layer(const ReadBytes& read, std::uint64_t packed_bytes, Rootfs& rootfs, const UnpackLimits& limits,
                  UnpackProgress& progress) {
  const auto layer = std::make_unique<Layer>(read, packed_bytes, rootfs, limits, progress); // its buffer is large
  layer->unpack();
}

} // namespace agentbox::oci::bundle
