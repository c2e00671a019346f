// SPDX-License-Identifier: Apache-2.0
#include "image/mirrors.hpp"

#include <algorithm>
#include <array>

#include "policy/public_suffix.hpp"
#include "support/error.hpp"
#include "support/file.hpp"
#include "support/lines.hpp"
#include "support/text.hpp"

namespace agentbox::image {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t k_max_sources = 256U << 10U;
constexpr std::size_t k_max_files = 64;

std::string_view without_comment(std::string_view line) {
  return line.substr(0, line.find('#'));
}

} // namespace

std::vector<policy::AllowEntry> official_mirrors(const fs::path& data, Family family) {
  const fs::path list = data / "agent/mirrors" / (std::string(name_of(family)) + ".txt");
  const std::string text = support::read_file(list, k_max_sources);
  std::vector<policy::AllowEntry> entries;
  for (const std::string_view line : support::lines(text)) {
    for (const std::string_view word : support::words(without_comment(line))) {
      policy::AllowResult result = policy::parse_listed_entry(word);
      if (const auto* problem = std::get_if<policy::EntryProblem>(&result)) {
        throw support::Error(support::ExitCode::failed, list.string() + ": " + problem->message, problem->hint);
      }
      entries.push_back(std::get<policy::AllowEntry>(std::move(result)));
    }
  }
  return entries;
}

std::vector<policy::AllowEntry> mirrors_in(std::string_view text) {
  std::vector<policy::AllowEntry> entries;
  for (const std::string_view line : support::lines(text)) {
    std::string_view rest = without_comment(line);
    for (std::size_t at = rest.find("://"); at != std::string_view::npos; at = rest.find("://")) {
      const bool plain = rest.substr(0, at).ends_with("http");
      const bool web = plain || rest.substr(0, at).ends_with("https");
      rest.remove_prefix(at + 3);
      const std::string authority(rest.substr(0, rest.find_first_of("/ \t\r\"',$")));
      const std::string host = authority.substr(authority.rfind('@') + 1);
      const bool has_port = host.find(':', host.rfind(']') + 1) != std::string::npos;
      policy::AllowResult entry = policy::parse_listed_entry(has_port ? host : host + (plain ? ":80" : ":443"));
      if (auto* found = std::get_if<policy::AllowEntry>(&entry); web && found != nullptr) {
        entries.push_back(std::move(*found));
      }
    }
  }
  return entries;
}

std::vector<policy::AllowEntry> host_mirrors(const fs::path& root) {
  std::vector<fs::path> files = {root / "etc/apt/sources.list", root / "etc/apk/repositories",
                                 root / "etc/pacman.d/mirrorlist"};
  for (const char* directory : {"etc/apt/sources.list.d", "etc/yum.repos.d", "etc/zypp/repos.d"}) {
    std::error_code error;
    for (fs::directory_iterator file(root / directory, error), end; !error && file != end; file.increment(error)) {
      files.push_back(file->path());
    }
  }
  files.resize(std::min(files.size(), k_max_files));
  std::vector<policy::AllowEntry> entries;
  for (const fs::path& file : files) {
    try {
      const std::string text = support::read_file_if_exists(file, k_max_sources).value_or("");
      for (policy::AllowEntry& entry : mirrors_in(text)) {
        entries.push_back(std::move(entry));
      }
    } catch (const support::Error&) { // unreadable or too long: its mirrors are not allowed
      continue;
    }
  }
  return entries;
}

} // namespace agentbox::image
