// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "policy/types.hpp"

namespace agentbox::config {

/// A value and its place: "/path/config.toml:12:3" or "--allow".
template <typename Value>
struct Located {
  Value value;
  std::string where;

  bool operator==(const Located&) const = default;
};

/// Describes what is wrong with a value, for a message.
struct ValueProblem {
  std::string message;
  std::string hint;
};

/// Parses a size in bytes: "512MB", "1.5g", "64KiB" or "4096": K, M, G and T are powers of 1024 with "iB", "B" or no
/// suffix (as in Podman), in upper or lower case. At most 2^63.
std::optional<std::uint64_t> parse_size(std::string_view text);

/// Parses a number of CPUs, "1.5" or "2", with at most three digits after the point. Returns thousandths.
std::optional<std::uint32_t> parse_cpus(std::string_view text);

/// Parses a decimal number without sign, blanks or leading zeros.
std::optional<std::uint64_t> parse_number(std::string_view text);

/// Parses a limit that must fit into Number: a size ("--memory", "limits.memory"), CPUs, or a whole number.
template <typename Number, typename Parse>
std::optional<Number> parse_limit(std::string_view text, Parse parse) {
  const auto value = parse(text);
  return value && *value <= std::numeric_limits<Number>::max() ? std::optional(static_cast<Number>(*value))
                                                               : std::nullopt;
}

/// A requested mount, before its paths are looked up.
struct MountText {
  std::string source;
  std::string destination;
  bool read_only = false;
  bool label = false;

  bool operator==(const MountText&) const = default;
};

/// Parses `SRC:DST` and `SRC:DST:OPTION[,OPTION]` with the options ro, rw and label. Only ':' is special in a path (a
/// comma is a comma): it is written `\:`, a backslash `\\`. [[mounts]] in a configuration needs no escapes.
std::variant<MountText, ValueProblem> parse_mount(std::string_view text);

/// Parses `HOST_PORT:BOX_PORT` and `ADDRESS:HOST_PORT:BOX_PORT` (an IPv6 address in brackets). The address is 127.0.0.1
/// when missing.
std::variant<policy::PublishedPort, ValueProblem> parse_publish(std::string_view text);

/// Returns `text` as a TOML basic string, in quotes.
std::string quote_toml(std::string_view text);

/// One variable of --env or of an --env-file; without a value it comes from the caller's environment.
struct EnvText {
  std::string name;
  std::optional<std::string> value;

  bool operator==(const EnvText&) const = default;
};

/// Parses `NAME=VALUE` (the value may be empty) or `NAME`.
std::variant<EnvText, ValueProblem> parse_env(std::string_view text);

} // namespace agentbox::config
