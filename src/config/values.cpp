// SPDX-License-Identifier: Apache-2.0
#include "config/values.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <vector>

#include "support/ascii.hpp"
#include "support/lines.hpp"
#include "support/numbers.hpp"
#include "support/text.hpp"

namespace agentbox::config {
namespace {

using support::in_quotes;

using support::is_digit;

/// Parses "12.345" as thousandths: at least one digit before the point, at most three after it.
std::optional<std::uint64_t> parse_thousandths(std::string_view text) {
  const auto point = text.find('.');
  const auto whole = parse_number(text.substr(0, point));
  if (!whole || *whole > std::numeric_limits<std::uint64_t>::max() / 2000) {
    return std::nullopt;
  }
  std::uint64_t value = *whole * 1000;
  if (point == std::string_view::npos) {
    return value;
  }
  const std::string_view fraction = text.substr(point + 1);
  if (fraction.empty() || fraction.size() > 3 || !std::all_of(fraction.begin(), fraction.end(), is_digit)) {
    return std::nullopt;
  }
  std::uint64_t unit = 100;
  for (const char digit : fraction) {
    value += unit * static_cast<std::uint64_t>(digit - '0');
    unit /= 10;
  }
  return value;
}

/// Returns the power of two of a unit: "" 0, "K", "KB" and "KiB" 10, …
std::optional<unsigned> unit_shift(std::string_view unit) {
  const std::string lower = support::lower(unit);
  if (lower.empty() || lower == "b") {
    return 0;
  }
  const auto power = std::string_view("kmgt").find(lower.front());
  const std::string rest = lower.substr(1);
  if (power == std::string_view::npos || !(rest.empty() || rest == "b" || rest == "ib")) {
    return std::nullopt;
  }
  return static_cast<unsigned>(power + 1) * 10;
}

/// Splits `text` at colons and unescapes `\:` and `\\`.
std::optional<std::vector<std::string>> split_escaped(std::string_view text) {
  std::vector<std::string> parts(1);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == ':') {
      parts.emplace_back();
      continue;
    }
    if (text[i] == '\\' && (++i == text.size() || (text[i] != ':' && text[i] != '\\'))) {
      return std::nullopt;
    }
    parts.back() += text[i];
  }
  return parts;
}

} // namespace

std::optional<std::uint64_t> parse_number(std::string_view text) {
  return support::parse_decimal<std::uint64_t>(text);
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  const auto digits_end = std::find_if_not(text.begin(), text.end(), [](char c) { return is_digit(c) || c == '.'; });
  const auto length = static_cast<std::size_t>(digits_end - text.begin());
  const auto thousandths = parse_thousandths(text.substr(0, length));
  const auto shift = unit_shift(text.substr(length));
  if (!thousandths || !shift) {
    return std::nullopt;
  }
  // The fraction is computed separately, so that the product cannot overflow.
  const std::uint64_t whole = *thousandths / 1000;
  if (whole > (std::numeric_limits<std::uint64_t>::max() >> 1U) >> *shift) {
    return std::nullopt;
  }
  return (whole << *shift) + ((*thousandths % 1000) << *shift) / 1000;
}

std::optional<std::uint32_t> parse_cpus(std::string_view text) {
  const auto thousandths = parse_thousandths(text);
  if (!thousandths || *thousandths > std::numeric_limits<std::uint32_t>::max()) {
    return std::nullopt;
  }
  return static_cast<std::uint32_t>(*thousandths);
}

std::variant<MountText, ValueProblem> parse_mount(std::string_view text) {
  const std::string hint = R"(write SRC:DST or SRC:DST:ro,label; a ':' in a path is written "\:")";
  const auto parts = split_escaped(text);
  if (!parts) {
    return ValueProblem{in_quotes(text) + ": a backslash is only allowed before ':' or another backslash", hint};
  }
  if (parts->size() < 2 || parts->size() > 3 || parts->at(0).empty() || parts->at(1).empty()) {
    return ValueProblem{in_quotes(text) + " is not a valid mount", hint};
  }
  MountText mount{parts->at(0), parts->at(1), false};
  std::vector<std::string_view> options;
  if (parts->size() == 3) {
    options = support::split(parts->at(2), ',');
  }
  for (auto option = options.begin(); option != options.end(); ++option) {
    if (*option != "ro" && *option != "rw" && *option != "label") {
      const bool is_podmans = *option == "z" || *option == "Z";
      return ValueProblem{in_quotes(text) + ": " + in_quotes(*option) + R"( is not one of "ro", "rw" and "label")",
                          is_podmans ? R"(the option that labels a mount for SELinux is "label")" : hint};
    }
    if (std::find_if(options.begin(), option, [&](auto other) { return (other == "label") == (*option == "label"); }) !=
        option) {
      return ValueProblem{in_quotes(text) + ": " + in_quotes(*option) + " repeats or contradicts another option", hint};
    }
    mount.read_only = mount.read_only || *option == "ro";
    mount.label = mount.label || *option == "label";
  }
  return mount;
}

std::variant<policy::PublishedPort, ValueProblem> parse_publish(std::string_view text) {
  const ValueProblem problem{in_quotes(text) + " is not a valid pair of ports",
                             "write HOST_PORT:BOX_PORT or ADDRESS:HOST_PORT:BOX_PORT"};
  policy::PublishedPort port;
  std::string_view rest = text;
  if (rest.starts_with('[')) {
    const auto end = rest.find("]:");
    if (end == std::string_view::npos) {
      return problem;
    }
    port.address = std::string(rest.substr(1, end - 1));
    rest.remove_prefix(end + 2);
  } else if (std::count(rest.begin(), rest.end(), ':') == 2) {
    port.address = std::string(rest.substr(0, rest.find(':')));
    rest.remove_prefix(rest.find(':') + 1);
  }
  const auto colon = rest.find(':');
  if (colon == std::string_view::npos) {
    return problem;
  }
  const auto host = support::parse_decimal_port(rest.substr(0, colon));
  const auto box = support::parse_decimal_port(rest.substr(colon + 1));
  if (!host || !box) {
    return problem;
  }
  port.host_port = *host;
  port.box_port = *box;
  return port;
}

std::variant<EnvText, ValueProblem> parse_env(std::string_view text) {
  const auto equals = text.find('=');
  EnvText env;
  env.name = std::string(text.substr(0, equals));
  if (env.name.empty()) {
    return ValueProblem{"a variable has no name", "write NAME=VALUE, or NAME to pass your own"};
  }
  if (equals != std::string_view::npos) {
    env.value = std::string(text.substr(equals + 1));
  }
  return env;
}

std::string quote_toml(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      result += '\\';
    }
    const auto byte = static_cast<unsigned char>(c);
    result += byte < 0x20 || byte == 0x7F ? fmt::format("\\u{:04X}", static_cast<unsigned>(byte)) : std::string(1, c);
  }
  return result + "\"";
}

} // namespace agentbox::config
