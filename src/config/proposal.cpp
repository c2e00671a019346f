// SPDX-License-Identifier: Apache-2.0
#include "config/proposal.hpp"

#include <algorithm>
#include <array>
#include <dirent.h>
#include <fcntl.h>
#include <set>
#include <string_view>

#include "support/ascii.hpp"
#include "support/directory.hpp"
#include "support/error.hpp"
#include "support/file.hpp"
#include "support/lines.hpp"
#include "support/text.hpp"

namespace agentbox::config {
namespace {

namespace fs = std::filesystem;

/// The settings that the presence of a file suggests. Lists are separated by spaces.
struct Sign {
  std::string_view file; ///< its name; "*.x": every name with that ending
  std::string_view toolkits;
  std::string_view sets;
  std::string_view base = {}; ///< an image with the language, which no toolkit has
};

constexpr std::array k_signs{
    Sign{"package.json", "web", "@npm"},
    Sign{"pyproject.toml", "python", "@pypi"},
    Sign{"requirements.txt", "python", "@pypi"},
    Sign{"setup.py", "python", "@pypi"},
    Sign{"Pipfile", "python", "@pypi"},
    Sign{"environment.yml", "python", "@conda @pypi"},
    Sign{"*.ipynb", "datascience", "@pypi"},
    Sign{"Cargo.toml", "c_cpp", "@crates", "docker.io/library/rust:1-bookworm"},
    Sign{"rust-toolchain.toml", "", "@rustup"},
    Sign{"go.mod", "", "@go", "docker.io/library/golang:1-bookworm"},
    Sign{"pom.xml", "java", "@maven"},
    Sign{"build.gradle", "java", "@gradle @maven"},
    Sign{"build.gradle.kts", "java", "@gradle @maven"},
    Sign{"settings.gradle", "java", "@gradle @maven"},
    Sign{"settings.gradle.kts", "java", "@gradle @maven"},
    Sign{"Gemfile", "", "@rubygems", "docker.io/library/ruby:3-bookworm"},
    Sign{"composer.json", "", "@packagist", "docker.io/library/php:8-cli-bookworm"},
    Sign{"mix.exs", "", "@hex", "docker.io/library/elixir:1"},
    Sign{"*.csproj", "", "@nuget", "mcr.microsoft.com/dotnet/sdk:8.0-bookworm-slim"},
    Sign{"*.sln", "", "@nuget", "mcr.microsoft.com/dotnet/sdk:8.0-bookworm-slim"},
    Sign{"CMakeLists.txt", "c_cpp", ""},
    Sign{"meson.build", "c_cpp", ""},
    Sign{"configure.ac", "c_cpp", ""},
};

/// Other projects, which are only used here.
constexpr std::array<std::string_view, 5> k_not_entered{"node_modules", "vendor", "target", "venv", "third_party"};

constexpr std::array<std::string_view, 3> k_dockerfiles{"Dockerfile", "Containerfile", "dockerfile"};

bool matches(std::string_view name, std::string_view pattern) {
  return pattern.starts_with('*') ? name.ends_with(pattern.substr(1)) : name == pattern;
}

/// Returns the image of the last FROM line that names one, in any letter case (the stages of a build come first).
std::string base_of(std::string_view dockerfile) {
  std::string base;
  std::set<std::string, std::less<>> stages;
  for (const std::string_view line : support::lines(dockerfile)) {
    std::vector<std::string_view> words = support::words(line);
    if (words.size() < 2 || support::lower(words[0]) != "from") {
      continue;
    }
    const auto image = std::find_if(words.begin() + 1, words.end(), [](auto word) { return !word.starts_with("--"); });
    if (image == words.end()) {
      continue;
    }
    const bool is_name = image->find('$') == std::string_view::npos && *image != "scratch" && !stages.contains(*image);
    base = is_name ? std::string(*image) : base;
    if (words.end() - image == 3 && support::lower(image[1]) == "as") {
      stages.emplace(image[2]);
    }
  }
  return base;
}

class ProjectScan {
public:
  explicit ProjectScan(const fs::path& workspace) : m_workspace(workspace) {}

  Proposal run() {
    look_in({}, 0);
    Proposal proposal;
    proposal.toolkits.assign(m_toolkits.begin(), m_toolkits.end());
    proposal.sets.assign(m_sets.begin(), m_sets.end());
    proposal.reasons = std::move(m_reasons);
    proposal.base = m_dockerfile_base.empty() ? m_base : m_dockerfile_base;
    return proposal;
  }

private:
  void look_in(const fs::path& below, int depth) {
    constexpr std::size_t k_max_names = 20'000;
    support::Fd fd(open((m_workspace / below).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
    if (!fd) {
      return;
    }
    support::DirectoryReader directory(std::move(fd));
    std::set<std::string> files; // sorted, so that the answer does not depend on the file system
    std::set<std::string> directories;
    while (const support::DirectoryEntry* entry = m_names < k_max_names ? directory.next() : nullptr) {
      ++m_names;
      const std::string name(entry->name);
      if (entry->type == DT_REG) {
        files.insert(name);
      } else if (entry->type == DT_DIR && !name.starts_with('.') &&
                 std::find(k_not_entered.begin(), k_not_entered.end(), name) == k_not_entered.end()) {
        directories.insert(name);
      }
    }
    for (const std::string& name : files) {
      look_at(below / name, name);
    }
    if (depth == 0) {
      for (const std::string& name : directories) {
        look_in(below / name, depth + 1);
      }
    }
  }

  void look_at(const fs::path& path, std::string_view name) {
    for (const Sign& sign : k_signs) {
      if (matches(name, sign.file)) {
        add(path, sign);
        return;
      }
    }
    if (std::find(k_dockerfiles.begin(), k_dockerfiles.end(), name) != k_dockerfiles.end() &&
        m_dockerfile_base.empty()) {
      read_dockerfile(path);
    }
  }

  void add(const fs::path& path, const Sign& sign) {
    std::vector<std::string> news;
    for (const std::string_view toolkit : support::words(sign.toolkits)) {
      if (m_toolkits.emplace(toolkit).second) {
        news.push_back("toolkit " + std::string(toolkit));
      }
    }
    for (const std::string_view set : support::words(sign.sets)) {
      if (m_sets.emplace(set).second) {
        news.push_back("hosts " + std::string(set));
      }
    }
    m_base = m_base.empty() ? sign.base : m_base;
    if (!news.empty()) {
      m_reasons.push_back(support::escape_untrusted(path.string(), 200) + ": " + support::join(news, ", "));
    }
  }

  void read_dockerfile(const fs::path& path) {
    constexpr std::size_t k_max_dockerfile = 256U << 10U;
    try {
      m_dockerfile_base = base_of(support::read_file_beneath(m_workspace, path, k_max_dockerfile).value_or(""));
    } catch (const support::Error&) {
      return; // a link or a huge file: it proposes nothing
    }
  }

  fs::path m_workspace;
  std::set<std::string> m_toolkits;
  std::set<std::string> m_sets;
  std::vector<std::string> m_reasons;
  std::string m_base;
  std::string m_dockerfile_base;
  std::size_t m_names = 0;
};

} // namespace

Proposal propose(const fs::path& workspace) {
  return ProjectScan(workspace).run();
}

} // namespace agentbox::config
