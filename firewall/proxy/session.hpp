// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "firewall/audit/audit_record.hpp"
#include "firewall/io/await.hpp"
#include "firewall/proxy/reach.hpp"
#include "firewall/proxy/relay.hpp"
#include "firewall/proxy/services.hpp"
#include "firewall/tls/client_hello.hpp"

namespace agentbox::firewall::proxy {

/// One connection of the box: which name it means, whether that is allowed, and the bytes both ways. Writes exactly one
/// audit record when it ends.
class Session : public std::enable_shared_from_this<Session> {
public:
  using Clock = std::chrono::steady_clock;

  Session(Services& services, asio::ip::tcp::socket client);
  ~Session() = default;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  Session(Session&&) = delete;
  Session& operator=(Session&&) = delete;

  /// Has `ended` called once, when the connection is over and its sockets are closed.
  void on_end(std::function<void()> ended) { m_ended = std::move(ended); }

  /// The whole life of the connection.
  asio::awaitable<void> run();

  /// Called about once a second: ends the connection when it is over time.
  void tick(Clock::time_point now);

  /// Ends the connection now; `reason` and `text` go into the record.
  void stop(std::string_view reason, std::string_view text);

  /// Ends the connection if the rules, which have changed, do not allow it any more.
  void recheck();

private:
  static constexpr std::chrono::seconds k_farewell_time{1}; ///< for the client to read why, before the cut

  /// How a refused client is told.
  enum class Farewell { reset, alert, page };

  bool identify();
  asio::awaitable<bool> check_policy();
  asio::awaitable<bool> check_hello();
  bool check_server_name(const tls::ClientHello& hello);
  asio::awaitable<bool> check_head();
  asio::awaitable<bool> connect();
  bool check_budget();
  bool over_budget();

  policy::EgressDecision decide() const;
  asio::awaitable<void> upload(FlowEnd end);
  bool checks_server_names() const;
  /// Reads the server's answer to a ClientHello into m_surplus; true when it asks for another one.
  asio::awaitable<bool> await_retry();
  asio::awaitable<FlowEnd> check_second_hello();
  asio::awaitable<FlowEnd> send_buffer();
  asio::awaitable<void> download();
  void leg_ended(bool broken);
  void look_at_client(Clock::time_point now);

  /// Reads once more into m_buffer. False at the end of the stream, when the time is up, or on failure.
  asio::awaitable<bool> read_more();
  asio::awaitable<void> say_farewell();

  /// Whether only a request of known length goes up (port 80).
  bool one_request() const noexcept { return m_upload_limit.has_value(); }

  /// Notes a refusal by policy. Always false.
  bool deny(std::string_view reason, std::string text, Farewell farewell = Farewell::reset);
  /// Notes that what the policy allows did not come about. Always false.
  bool fail(std::string_view reason, std::string text);
  /// Writes the record and closes both sides; with `reset`, so that both learn of it at once.
  void end(bool reset);

  Services& m_services;
  std::function<void()> m_ended;
  asio::ip::tcp::socket m_client;
  std::optional<asio::ip::tcp::socket> m_upstream;
  std::shared_ptr<const names::Entry> m_entry; ///< held, so that the address keeps its name as long as we live
  Target m_target;
  std::uint64_t* m_budget = nullptr; ///< what may still be sent; none: any number of bytes
  std::string m_surplus;             ///< what the host sent before the relay started
  audit::AuditRecord m_record;
  Clock::time_point m_started = Clock::now();
  Clock::time_point m_deadline;
  Clock::duration m_idle_limit{};
  std::string m_held;          ///< what came behind the first ClientHello
  bool m_second_hello = false; ///< the server asked for one, and its name is still to be checked
  bool m_unanswered = false;   ///< the server's answer to the ClientHello is waited for, and nobody reads the client
  bool m_client_done = false;  ///< meanwhile the client closed its sending side
  unsigned m_legs = 0;         ///< directions that still run
  bool m_active = false;       ///< bytes moved since the last tick
  bool m_kept_alive = false;   ///< the kernel asks a silent host whether it is still there
  bool m_over = false;         ///< end() was called
  bool m_closing = false;      ///< the answer to the one request is complete; the client may go
  Farewell m_farewell = Farewell::reset;
  std::string m_buffer; ///< what the client sent so far; once checked: what is sent on before the relay starts
  std::optional<std::uint64_t> m_upload_limit; ///< bytes that may follow m_buffer; unlimited if not set
};

} // namespace agentbox::firewall::proxy
