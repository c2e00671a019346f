// SPDX-License-Identifier: Apache-2.0
#include "image/state.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "support/error.hpp"
#include "support/file.hpp"

namespace agentbox::image {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

constexpr std::size_t k_max_bytes = 4U << 20U;
constexpr std::size_t k_max_entries = 64;

bool is_id(const std::string& text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

} // namespace

std::string fingerprint_directory(const fs::path& directory) {
  std::vector<std::string> lines;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(directory, fs::directory_options::follow_directory_symlink, error), end;
       !error && entry != end; entry.increment(error)) {
    if (!entry->is_directory()) {
      lines.push_back(entry->path().string() + " " + support::fingerprint(entry->path()) + "\n");
    }
  }
  std::sort(lines.begin(), lines.end());
  std::string text;
  for (const std::string& line : lines) {
    text += line;
  }
  return text;
}

ImagesState::ImagesState(fs::path path) : m_path(std::move(path)) {
  std::optional<std::string> text;
  try {
    text = support::read_file_if_exists(m_path, k_max_bytes);
  } catch (const support::Error&) {
    return;
  }
  const json document = json::parse(text.value_or(""), nullptr, false);
  if (!document.is_object() || document.value("version", json()) != 1) {
    return;
  }
  try {
    for (const json& item : document.at("images")) {
      Entry entry{
          item.at("key"), {item.at("id"), item.at("tag")}, item.at("files").get<std::map<std::string, std::string>>()};
      if (is_id(entry.image.id)) {
        m_entries.push_back(std::move(entry));
      }
    }
  } catch (const json::exception&) {
    m_entries.clear();
  }
}

ImagesState ImagesState::load() {
  return ImagesState(support::cache_directory() / "images.json");
}

const ImagesState::Entry* ImagesState::entry(const std::string& key) const {
  const auto found =
      std::find_if(m_entries.begin(), m_entries.end(), [&](const Entry& candidate) { return candidate.key == key; });
  return found == m_entries.end() ? nullptr : &*found;
}

std::optional<ImageRef> ImagesState::find(const std::string& key) const {
  const Entry* found = entry(key);
  return found == nullptr ? std::nullopt : std::optional(found->image);
}

const std::map<std::string, std::string>& ImagesState::files(const std::string& key) const {
  static const std::map<std::string, std::string> none;
  const Entry* found = entry(key);
  return found == nullptr ? none : found->files;
}

void ImagesState::remember(const std::string& key, const ImageRef& image,
                           const std::map<std::string, std::string>& files) {
  std::erase_if(m_entries, [&](const Entry& candidate) { return candidate.key == key; });
  m_entries.push_back({key, image, files});
  if (m_entries.size() > k_max_entries) {
    m_entries.erase(m_entries.begin());
  }
  write();
}

void ImagesState::write() const {
  json images = json::array();
  for (const Entry& entry : m_entries) {
    images.push_back({{"key", entry.key}, {"id", entry.image.id}, {"tag", entry.image.tag}, {"files", entry.files}});
  }
  support::make_private_directory(m_path.parent_path());
  support::write_file(m_path, json{{"version", 1}, {"images", std::move(images)}}.dump(1) + "\n");
}

} // namespace agentbox::image
