// SPDX-License-Identifier: Apache-2.0
// Attacks that need handcrafted bytes, sent to the proxy and the resolver as a listed host's client would. They
// are rows of the same table as the product's (src/attacks), for the system tests only: the host they
// abuse, allowed.example, is the test internet's.
#pragma once
#include <span>
#include <string>
#include <string_view>

#include "attacks/attack.hpp"

namespace agentbox::wire {

using attacks::Attack;
using attacks::AttackFamily;
using attacks::AttackResult;
using attacks::Expected;
using attacks::Verdict;

/// Returns a marker that identifies `attack`. The attack's bytes contain it, so that a server outside recognizes them.
std::string marker(std::string_view attack);

/// The pace at which bytes are sent.
enum class Pace {
  whole,     ///< in one call
  bytewise,  ///< each byte in a separate segment
  in_halves, ///< two segments with a pause between
};

/// Connects to `host`:`port` by its name, sends `bytes`, and judges the reply: a reply from the server means that the
/// attack was allowed; a TLS alert, a 403, a hang-up or a reset, that it was stopped.
AttackResult send_to(const char* host, std::uint16_t port, const std::string& bytes, Pace pace = Pace::whole);

/// Like send_to(), for a server that greets first: judges what comes after the greeting. If the server sends no more
/// and keeps the connection, the attack was allowed.
AttackResult send_to_greeter(const char* host, std::uint16_t port, const std::string& bytes, Pace pace = Pace::whole);

/// Like send_to(), then sends `second` on the same connection after the first answer, and judges whether a second
/// answer comes. The first request is expected to pass.
AttackResult send_second(const char* host, std::uint16_t port, const std::string& first, const std::string& second);

/// Returns the address that the box's resolver gives for `name`, as text for address_of(); empty when there is none.
std::string resolve(std::string_view name);

AttackFamily tls_attacks();
AttackFamily http_attacks();
AttackFamily dns_attacks();
AttackFamily host_attacks();

} // namespace agentbox::wire
