// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "policy/types.hpp"

namespace agentbox::config {

/// What is wrong with a value, in words for a message.
struct ValueProblem {
  std::string message;
  std::string hint;
};

/// Bytes of "512MB", "1.5g", "64KiB" or "4096": K, M, G and T are powers of 1024 whether "iB", "B" or nothing follows
/// (as Podman reads them), in upper or lower case. Nothing for anything else, or past 2^63.
std::optional<std::uint64_t> parse_size(std::string_view text);

/// Thousandths of a core of "1.5" or "2"; at most three digits after the point. Nothing for anything else.
std::optional<std::uint32_t> parse_cpus(std::string_view text);

/// A decimal number without sign, blanks or leading zeros.
std::optional<std::uint64_t> parse_number(std::string_view text);

/// A mount as it was asked for; the paths are not looked up yet.
struct MountText {
  std::string source;
  std::string destination;
  bool read_only = false;

  bool operator==(const MountText&) const = default;
};

/// Parses `SRC:DST`, `SRC:DST:ro` or `SRC:DST:rw`. The parts are separated by ':' and nothing else means anything
/// (a comma is a comma); a ':' in a path is written `\:`, a backslash `\\`. Fewer or more parts, an empty part, or a
/// backslash before anything else are mistakes. [[mounts]] in a configuration needs no such writing.
std::variant<MountText, ValueProblem> parse_mount(std::string_view text);

/// Parses `HOST:BOX` and `ADDRESS:HOST:BOX` (ports; an IPv6 address in brackets). The address is 127.0.0.1 when
/// missing.
std::variant<policy::PublishedPort, ValueProblem> parse_publish(std::string_view text);

/// `text` as a TOML basic string, in quotes.
std::string quote_toml(std::string_view text);

/// One variable of --env or of an --env-file; without a value it is to be taken from the caller's environment.
struct EnvText {
  std::string name;
  std::optional<std::string> value;

  bool operator==(const EnvText&) const = default;
};

/// Parses `NAME=VALUE` (the value may be empty) or `NAME`.
std::variant<EnvText, ValueProblem> parse_env(std::string_view text);

} // namespace agentbox::config
