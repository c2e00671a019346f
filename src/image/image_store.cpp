// SPDX-License-Identifier: Apache-2.0
#include "image/image_store.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <chrono>
#include <memory>

#include "image/archive_reader.hpp"
#include "support/command.hpp"

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

std::optional<std::string> Store::id_of(const std::string& name) const {
  const support::Captured result =
      support::capture(m_podman.command({"image", "inspect", "--format", "{{.Id}}", "--", name}));
  if (!result.status.ok()) {
    return std::nullopt;
  }
  return first_line(result.out);
}

void Store::tag(const std::string& id, const std::string& tag) const {
  m_podman.capture({"tag", id, tag});
}

std::vector<std::string> Store::with_label(const std::string& label) const {
  const support::Captured result =
      support::capture(m_podman.command({"images", "--all", "--no-trunc", "--quiet", "--filter", "label=" + label}));
  std::vector<std::string> ids;
  std::string_view rest = result.out;
  while (!rest.empty()) {
    std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    if (constexpr std::string_view k_prefix = "sha256:"; line.starts_with(k_prefix)) {
      line.remove_prefix(k_prefix.size());
    }
    ids.emplace_back(line);
  }
  return ids;
}

void Store::try_remove(const std::string& id) const {
  support::capture(m_podman.command({"rmi", "--force=false", id}));
}

std::string Store::create(const std::string& id, const std::vector<std::string>& options) const {
  std::vector<std::string> args = {"create", "--pull=never", "--network=none"};
  args.insert(args.end(), options.begin(), options.end());
  args.insert(args.end(), {"--entrypoint", "/bin/true", id});
  return first_line(m_podman.capture(args, k_patient));
}

std::string Store::os_release(const std::string& id) const {
  const std::string container = create(id, {});
  std::string text;
  for (const char* path : {"/usr/lib/os-release", "/etc/os-release"}) {
    const support::Captured result = support::capture(m_podman.command({"cp", container + ":" + path, "-"}));
    if (text = first_file_of_tar(result.out); result.status.ok() && !text.empty()) {
      break;
    }
  }
  m_podman.capture({"rm", "--force", container});
  return text;
}

void Store::map_for_boxes(const std::string& id) const {
  m_podman.capture({"rm", "--force", create(id, {"--userns=keep-id:uid=1000,gid=1000"})});
}

} // namespace agentbox::image
