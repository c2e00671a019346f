// SPDX-License-Identifier: Apache-2.0
#include "config/trust.hpp"

#include <cerrno>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include "support/digest.hpp"
#include "support/error.hpp"
#include "support/file.hpp"
#include "support/text.hpp"

namespace agentbox::config {
namespace {

using support::Error;
using support::ExitCode;

constexpr std::size_t k_max_record = 4U << 20U;
constexpr std::size_t k_max_kept_text = 256U << 10U; // longer texts are not stored: the next change is shown in full

/// Throws unless only the user can write `file`.
void require_ours(const std::filesystem::path& file) {
  struct stat info {};
  if (lstat(file.c_str(), &info) != 0) {
    throw support::system_error(ExitCode::failed, "cannot stat " + file.string(), errno);
  }
  if (!S_ISREG(info.st_mode) || info.st_uid != geteuid() || (info.st_mode & 022U) != 0) {
    throw Error(ExitCode::failed, file.string() + " is not a file that only you can write to",
                "remove it, then: agentbox policy trust");
  }
}

} // namespace

std::filesystem::path trust_directory() {
  return support::state_directory() / "trust";
}

std::filesystem::path TrustStore::file_of(const std::filesystem::path& workspace) const {
  return m_directory / (support::sha256_hex(workspace.native()) + ".json");
}

nlohmann::json TrustStore::read(const std::filesystem::path& workspace) const {
  const std::filesystem::path file = file_of(workspace);
  const auto text = support::read_file_if_exists(file, k_max_record);
  if (!text) {
    return nullptr;
  }
  require_ours(file);
  auto document = nlohmann::json::parse(*text, nullptr, false);
  if (!document.is_object() || document.value("version", nlohmann::json()) != 1 ||
      !document.value("digest", nlohmann::json()).is_string()) {
    throw Error(ExitCode::failed, file.string() + " is damaged", "remove it, then: agentbox policy trust");
  }
  return document;
}

bool TrustStore::agreed(const std::filesystem::path& workspace, std::string_view digest) const {
  const nlohmann::json document = read(workspace);
  return document.is_object() && !digest.empty() && document.at("digest") == digest &&
         document.value("workspace", nlohmann::json()) == workspace.string();
}

std::optional<std::string> TrustStore::last_text(const std::filesystem::path& workspace) const {
  const nlohmann::json document = read(workspace);
  const auto text = document.is_object() ? document.value("text", nlohmann::json()) : nlohmann::json();
  return text.is_string() ? std::optional(text.get<std::string>()) : std::nullopt;
}

void TrustStore::agree(const std::filesystem::path& workspace, std::string_view digest, std::string_view text) const {
  support::make_private_directory(m_directory);
  nlohmann::json document = {{"version", 1}, {"workspace", workspace.string()}, {"digest", digest}};
  if (text.size() <= k_max_kept_text && support::is_utf8(text)) {
    document["text"] = text;
  }
  support::write_file(file_of(workspace), document.dump(2) + "\n");
}

} // namespace agentbox::config
