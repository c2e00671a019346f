// SPDX-License-Identifier: Apache-2.0
#include "image/image_store.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <chrono>
#include <memory>

#include "image/archive_reader.hpp"
#include "support/command.hpp"
#include "support/lines.hpp"
#include "support/text.hpp"

namespace agentbox::image {
namespace {

/// Copying a large image's layers takes time on a slow disk.
constexpr support::CaptureLimits k_patient{16U << 20U, std::chrono::minutes(20)};

std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

} // namespace

std::string first_file_of_tar(std::string_view text) {
  const ArchiveReader reader(archive_read_new());
  archive_read_support_format_tar(reader.get());
  if (archive_read_open_memory(reader.get(), text.data(), text.size()) != ARCHIVE_OK) {
    return {};
  }
  archive_entry* entry = nullptr;
  while (archive_read_next_header(reader.get(), &entry) == ARCHIVE_OK) {
    if (archive_entry_filetype(entry) != AE_IFREG) {
      continue;
    }
    std::string content(64U << 10U, '\0');
    const la_ssize_t count = archive_read_data(reader.get(), content.data(), content.size());
    content.resize(count < 0 ? 0 : static_cast<std::size_t>(count));
    return content;
  }
  return {};
}

std::optional<std::string> ImageStore::id_of(const std::string& name) const {
  const support::Captured result =
      support::capture(m_podman.command({"image", "inspect", "--format", "{{.Id}}", "--", name}));
  if (!result.status.ok()) {
    return std::nullopt;
  }
  return first_line(result.out);
}

void ImageStore::tag(const std::string& id, const std::string& tag) const {
  m_podman.capture({"tag", id, tag});
}

void ImageStore::try_untag(const std::string& tag) const {
  support::capture(m_podman.command({"untag", tag, tag}));
}

std::vector<std::string> ImageStore::with_label(const std::string& label) const {
  const support::Captured result =
      support::capture(m_podman.command({"images", "--all", "--no-trunc", "--quiet", "--filter", "label=" + label}));
  std::vector<std::string> ids;
  for (std::string_view line : support::words(result.out)) {
    if (constexpr std::string_view k_prefix = "sha256:"; line.starts_with(k_prefix)) {
      line.remove_prefix(k_prefix.size());
    }
    ids.emplace_back(line);
  }
  return ids;
}

void ImageStore::try_remove(const std::string& id) const {
  support::capture(m_podman.command({"rmi", "--force=false", id}));
}

void ImageStore::prune(const std::string& label) const {
  support::capture(m_podman.command({"image", "prune", "--force", "--filter", "label=" + label}));
}

void ImageStore::remove_container(const std::string& name) const {
  support::capture(m_podman.command({"rm", "--force", "--ignore", "--time=0", name}));
}

void ImageStore::remove_working_containers(const std::string& image) const {
  const support::Captured result = support::capture(
      m_podman.command({"ps", "--all", "--external", "--quiet", "--filter", "name=^" + image + "-working-container"}));
  for (const std::string_view id : support::words(result.out)) {
    support::capture(m_podman.command({"rm", "--force", std::string(id)}));
  }
}

void ImageStore::create(const std::string& id, const std::vector<std::string>& options) const {
  std::vector<std::string> args = {"create",    "--pull=never", "--network=none",
                                   "--replace", "--name",       k_build_container};
  args.insert(args.end(), options.begin(), options.end());
  args.insert(args.end(), {"--entrypoint", "/bin/true", id});
  m_podman.capture(args, k_patient);
}

std::string ImageStore::os_release(const std::string& id) const {
  create(id, {});
  std::string text;
  for (const std::string path : {"/usr/lib/os-release", "/etc/os-release"}) {
    const support::Captured result =
        support::capture(m_podman.command({"cp", std::string(k_build_container) + ":" + path, "-"}));
    if (text = first_file_of_tar(result.out); result.status.ok() && !text.empty()) {
      break;
    }
  }
  remove_container(k_build_container);
  return text;
}

void ImageStore::map_for_boxes(const std::string& id) const {
  create(id, {"--userns=keep-id:uid=1000,gid=1000"});
  remove_container(k_build_container);
}

} // namespace agentbox::image
