// SPDX-License-Identifier: Apache-2.0
#include "git/reftable.hpp"

#include <string>

#include "git/big_endian.hpp"

namespace agentbox::git {
namespace {

constexpr std::size_t k_table_header = 24;  // REFT, version, block size, two update indexes
constexpr std::size_t k_table_header2 = 28; // version 2: also the hash algorithm
constexpr std::size_t k_block_prefix = 4;   // type, length
constexpr std::size_t k_max_name = 1U << 16U;

/// Returns the size of a record's value, which follows its name and update index; nothing when the type is unknown or
/// the value is truncated.
std::optional<std::size_t> value_length(std::size_t type, std::size_t hash_size, std::string_view rest) {
  if (type <= 2) { // 0: deletion; 1: an object ID; 2: an object ID and that of the peeled tag
    return type * hash_size;
  }
  if (type != 3) {
    return std::nullopt;
  }
  const std::size_t before = rest.size();
  const auto length = take_varint(rest); // of a symbolic ref's target
  return length ? std::optional(before - rest.size() + *length) : std::nullopt;
}

/// Returns whether a name in the records of a ref block begins with `prefix`; nothing when a record is damaged.
std::optional<bool> has_record_with(std::string_view records, std::size_t hash_size, std::string_view prefix) {
  std::string name;
  while (!records.empty()) {
    const auto shared = take_varint(records);
    const auto suffix = take_varint(records);
    const std::size_t length = suffix.value_or(0) >> 3U;
    if (!shared || !suffix || *shared > name.size() || length > records.size() || *shared + length > k_max_name) {
      return std::nullopt;
    }
    name.resize(*shared);
    name += records.substr(0, length);
    records.remove_prefix(length);
    const bool has_update_index = take_varint(records).has_value();
    const auto value = value_length(*suffix & 7U, hash_size, records);
    if (!has_update_index || !value || *value > records.size()) {
      return std::nullopt;
    }
    records.remove_prefix(*value);
    if (name.starts_with(prefix)) {
      return true;
    }
  }
  return false;
}

} // namespace

std::optional<bool> has_ref_with(std::string_view table, std::string_view prefix) {
  if (table.size() < k_table_header || !table.starts_with("REFT") || (table[4] != 1 && table[4] != 2)) {
    return std::nullopt;
  }
  const bool is_version2 = table[4] == 2;
  const std::size_t header_size = is_version2 ? k_table_header2 : k_table_header;
  const std::size_t hash_size = is_version2 && table.substr(k_table_header).starts_with("s256") ? 32 : 20;
  const std::size_t alignment = big_endian(table.substr(5, 3));
  // The first block starts at 0 and includes the file header. Ref blocks come first.
  for (std::size_t block_start = 0, type_at = header_size; type_at < table.size() && table[type_at] == 'r';
       type_at = block_start) {
    const std::string_view rest = table.substr(block_start);
    const std::size_t block_prefix = type_at - block_start + k_block_prefix;
    const std::size_t length = rest.size() < block_prefix ? 0 : big_endian(rest.substr(block_prefix - 3, 3));
    if (length < block_prefix + 2 || length > rest.size()) {
      return std::nullopt;
    }
    const std::size_t restarts = 3 * big_endian(rest.substr(length - 2, 2)) + 2;
    if (restarts > length - block_prefix) {
      return std::nullopt;
    }
    const auto found = has_record_with(rest.substr(block_prefix, length - block_prefix - restarts), hash_size, prefix);
    if (!found || *found) {
      return found;
    }
    block_start += alignment == 0 ? length : (length + alignment - 1) / alignment * alignment;
  }
  return false;
}

} // namespace agentbox::git
