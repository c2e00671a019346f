// SPDX-License-Identifier: Apache-2.0
#include "config/agent_file.hpp"

#include <algorithm>
#include <charconv>

#include "config/toml_reader.hpp"
#include "support/lines.hpp"
#include "support/sorted.hpp"
#include "support/text.hpp"

namespace agentbox::config {
namespace {

using agents::AgentData;

constexpr std::size_t k_max_agent_file = 64U << 10U;
constexpr std::size_t k_max_agent_text = 200;
constexpr std::size_t k_max_agent_list = 64;
constexpr std::string_view k_quiet = "{quiet}";

/// Reads one table of the file. Each value has been checked.
class AgentTable {
public:
  explicit AgentTable(TomlTable table) : m_table(std::move(table)) {}

  /// Returns an optional string.
  std::string text(std::string_view key) {
    const auto value = m_table.string(key);
    return value ? checked(*value) : std::string();
  }
  bool flag(std::string_view key) {
    const auto value = m_table.boolean(key);
    return value && value->value;
  }
  std::vector<std::string> list(std::string_view key) {
    std::vector<std::string> values;
    for (const Located<std::string>& value : m_table.strings(key)) {
      values.push_back(checked(value));
    }
    if (values.size() > k_max_agent_list) {
      m_table.mistake(m_table.where(key), m_table.full_name(key) + " has more than 64 values");
    }
    return values;
  }
  /// Returns a list of paths below a directory.
  std::vector<std::string> paths(std::string_view key) {
    std::vector<std::string> values = list(key);
    for (const std::string& path : values) {
      const auto parts = support::split(path, '/');
      if (std::any_of(parts.begin(), parts.end(),
                      [](std::string_view part) { return part.empty() || part == "." || part == ".."; })) {
        m_table.mistake(m_table.where(key), support::in_quotes(path) + " is not a path below the home directory");
      }
    }
    return values;
  }
  std::map<std::string, std::string> texts(std::string_view key) {
    std::map<std::string, std::string> values;
    if (auto inner = m_table.table(key)) {
      AgentTable table(*inner);
      for (const Located<std::string>& name : table.m_table.keys()) {
        values[checked(name)] = table.text(name.value);
      }
    }
    return values;
  }
  std::size_t number(std::string_view key, std::size_t max) {
    const auto value = m_table.text_or_number(key, "a number");
    const auto number = value ? parse_digits(value->value, max) : std::nullopt;
    if (value && !number) {
      m_table.mistake(value->where, m_table.full_name(key) + " must be a number from 1 to " + std::to_string(max));
    }
    return number.value_or(0);
  }
  TomlTable& toml() { return m_table; }

private:
  static std::optional<std::size_t> parse_digits(std::string_view text, std::size_t max) {
    std::size_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size() && value >= 1 && value <= max ? std::optional(value)
                                                                                                  : std::nullopt;
  }
  std::string checked(const Located<std::string>& text) {
    if (text.value.empty() || text.value.size() > k_max_agent_text ||
        std::any_of(text.value.begin(), text.value.end(), [](char c) { return c < ' ' || c > '~'; })) {
      m_table.mistake(text.where, "a string must have 1 to 200 bytes of printable ASCII");
      return {};
    }
    return text.value;
  }

  TomlTable m_table;
};

agents::NpmSource read_npm(TomlTable npm) {
  AgentTable table(npm);
  agents::NpmSource source{table.text("package"), table.text("version"), table.texts("platforms"),
                           table.text("prefix"),  table.list("only"),    table.list("leave_out"),
                           table.text("program")};
  const std::vector<std::string> known = {"any", "linux-arm64", "linux-arm64-musl", "linux-x64", "linux-x64-musl"};
  for (const auto& [platform, package] : source.platforms) {
    if (!support::contains(known, platform)) {
      npm.mistake(npm.where("platforms"),
                  support::in_quotes(platform) + " is not a platform" + support::did_you_mean(platform, known),
                  "the platforms are: " + support::join(known, ", "));
    }
    if (package.find("@{version}") == std::string::npos) {
      npm.mistake(npm.where("platforms"), support::in_quotes(package) + " is not NAME@{version}");
    }
  }
  if (source.package.empty() || source.platforms.empty() || source.program.empty()) {
    npm.mistake(npm.where(), "npm needs a package, platforms and a program");
  }
  table.toml().finish();
  return source;
}

agents::LoginKind read_login(TomlTable login, const std::string& agent) {
  using Lock = agents::LoginKind::Lock;
  AgentTable table(std::move(login));
  agents::LoginKind kind;
  kind.agent = agent;
  kind.variable = table.text("variable");
  kind.home_directory = table.text("directory");
  kind.file = table.text("file");
  kind.format = table.text("format");
  kind.box_variable = table.text("box_variable");
  kind.lock = table.text("lock");
  const std::string type = table.text("lock_type");
  kind.lock_type = type == "directory" ? Lock::directory : Lock::file;
  kind.only = table.text("only");
  kind.hosts = table.list("hosts");
  kind.renewed = table.list("renewed");
  kind.sign_in = table.list("sign_in");
  kind.sign_in_variable = table.text("sign_in_variable");
  kind.sign_in_hosts = table.list("sign_in_hosts");
  kind.browser_sign_in = table.list("browser_sign_in");
  kind.callback_port = table.number("callback_port", 65535);
  kind.token_variable = table.text("token_variable");
  kind.token = table.text("token");
  const std::vector<std::string> formats = {"claude", "codex", "google"};
  if (kind.token_variable.empty() != support::contains(formats, kind.format)) {
    table.toml().mistake(table.toml().where(),
                         "login needs a token_variable, or a format: " + support::join(formats, ", "));
  }
  if (type != "directory" && type != "file" && !(type.empty() && kind.lock.empty())) {
    table.toml().mistake(table.toml().where("lock_type"), "login.lock_type must be \"directory\" or \"file\"");
  }
  if (kind.variable.empty() || kind.home_directory.empty() || kind.file.empty() || kind.sign_in.empty()) {
    table.toml().mistake(table.toml().where(), "login needs a variable, a directory, a file and a sign_in");
  }
  if (kind.browser_sign_in.empty() != (kind.callback_port == 0)) {
    table.toml().mistake(table.toml().where(), "login.browser_sign_in needs login.callback_port, and the reverse");
  }
  table.toml().finish();
  return kind;
}

std::vector<std::string> with_quiet(const std::vector<std::string>& words, const std::vector<std::string>& quiet) {
  std::vector<std::string> result;
  for (const std::string& word : words) {
    if (word == k_quiet) {
      result.insert(result.end(), quiet.begin(), quiet.end());
    } else {
      result.push_back(word);
    }
  }
  return result;
}

void read_command(AgentTable& table, AgentData& agent) {
  const std::vector<std::string> quiet = table.list("quiet");
  agent.command = with_quiet(table.list("command"), quiet);
  agent.prompt = with_quiet(table.list("prompt"), quiet);
  agent.continue_last = table.list("continue");
  agent.resume = table.list("resume");
  agent.model = table.list("model");
  agent.models = table.list("models");
  agent.about = table.list("about");
  agent.env = table.texts("env");
}

void read_vendor(AgentTable& table, AgentData& agent) {
  agent.default_hosts = table.list("default_hosts");
  agent.hosts = table.list("hosts");
  agent.hosts_with_key = table.list("hosts_with_key");
  agent.key_variables = table.list("key_variables");
  agent.provider_variables = table.list("provider_variables");
  agent.unneeded = table.texts("unneeded");
  for (TomlTable& one : table.toml().tables("known_requests")) {
    AgentTable request(one);
    agent.known_requests.push_back({request.text("host"), request.number("lookups", 99)});
    request.toml().finish();
  }
}

} // namespace

AgentData parse_agent_file(std::string_view name, std::string_view text, const std::string& file,
                           policy::Diagnostics& diagnostics) {
  AgentData agent;
  agent.name = name;
  if (text.size() > k_max_agent_file) {
    diagnostics.push_back({file + ":1:1", "an agent's file has at most 64 KB", ""});
    return agent;
  }
  const auto document = parse_toml(text, file, diagnostics);
  if (!document) {
    return agent;
  }
  AgentTable table(TomlTable(*document, "", file, diagnostics));
  agent.title = table.text("title");
  agent.in_default_image = table.flag("in_default_image");
  agent.is_runtime = table.flag("is_runtime");
  agent.glibc_only = table.flag("glibc_only");
  agent.runtime = table.text("runtime");
  if (auto npm = table.toml().table("npm")) {
    agent.npm = read_npm(*std::move(npm));
  }
  read_command(table, agent);
  agent.auth = table.paths("auth");
  agent.history = table.paths("history");
  agent.instructions = table.paths("instructions");
  agent.home_files = table.paths("home_files");
  read_vendor(table, agent);
  if (auto login = table.toml().table("login")) {
    agent.login = read_login(*std::move(login), agent.name);
  }
  if (agent.title.empty() || agent.command.empty() != agent.is_runtime || agent.npm.program.empty()) {
    table.toml().mistake(table.toml().where(), "an agent needs a title, a command and [npm]");
  }
  table.toml().finish();
  return agent;
}

} // namespace agentbox::config
