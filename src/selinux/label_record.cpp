// SPDX-License-Identifier: Apache-2.0
#include "selinux/label_record.hpp"

#include <nlohmann/json.hpp>

#include "support/digest.hpp"
#include "support/error.hpp"
#include "support/file.hpp"
#include "support/json_integer.hpp"

namespace agentbox::selinux {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::size_t k_max_record = 65536;

fs::path file_of(const fs::path& directory, const fs::path& path) {
  return directory / (support::sha256_hex(path.native()).substr(0, 32) + ".json");
}

} // namespace

std::optional<LabelRecord> read_label_record(const fs::path& directory, const fs::path& path) {
  try {
    const auto text = support::read_file_if_exists(file_of(directory, path), k_max_record);
    const json document = text ? json::parse(*text) : json();
    const auto identity = protocol::parse_file_id(document.at("identity").get<std::string>());
    if (!identity || document.at("path") != path.string()) {
      return std::nullopt;
    }
    return LabelRecord{*identity,
                       {document.at("type"), document.at("level")},
                       support::json_integer<std::int64_t>(document.at("time"))};
  } catch (const json::exception&) {
    return std::nullopt;
  } catch (const support::Error&) {
    return std::nullopt;
  }
}

void write_label_record(const fs::path& directory, const fs::path& path, const LabelRecord& what) {
  const json document = {{"path", path.string()},
                         {"identity", protocol::to_text(what.identity)},
                         {"type", what.label.type},
                         {"level", what.label.level},
                         {"time", what.time}};
  support::make_private_directory(directory);
  support::write_file(file_of(directory, path), document.dump(2) + "\n");
}

} // namespace agentbox::selinux
