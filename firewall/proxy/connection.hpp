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
#include <variant>

#include "firewall/audit/audit_record.hpp"
#include "firewall/io/await.hpp"
#include "firewall/proxy/reach.hpp"
#include "firewall/proxy/relay.hpp"
#include "firewall/proxy/services.hpp"
#include "firewall/tls/client_hello.hpp"

namespace agentbox::firewall::proxy {

/// Selects how a client learns that it was denied.
enum class DenialReply {
  reset,
  alert, ///< TLS alert access_denied
  page,  ///< HTTP response 403
};

/// The reason why a connection was denied, or why it was allowed and failed.
struct Denial {
  audit::Reason reason = audit::Reason::none;
  std::string detail = {};
  DenialReply reply = DenialReply::reset;
  audit::Verdict verdict = audit::Verdict::deny;
  audit::DecidedBy by = audit::DecidedBy::firewall;
};

/// Selects how the client's first bytes are checked.
enum class Check {
  none,
  hello,     ///< as a ClientHello (port 443)
  head,      ///< as a request head (port 80)
  detect,    ///< by the protocol they belong to; the server may already send
  long_word, ///< a first word that is too long to be checked; it may be the method of a request
};

/// The client's checked first bytes, and what may follow them.
struct Opening {
  ConnectTarget target;
  Check check = Check::none;         ///< of the first bytes, after they were inspected
  std::string first;                 ///< sent to the host first
  std::size_t sent = 0;              ///< bytes at the start of `first` that the inspection has already sent
  std::string held;                  ///< came after the ClientHello; the host's answer decides how it is checked
  std::optional<std::uint64_t> rest; ///< bytes that may follow `first` (port 80); unlimited if not set
  std::uint64_t* budget = nullptr;   ///< bytes the box may still send to this host; unlimited if null
};

/// One TCP connection of the box, from accept(2) to its audit record. run() goes through the phases below. ProxyServer
/// may end a connection in any phase (tick, stop, recheck); run() then sees closed sockets and is_over().
class Connection : public std::enable_shared_from_this<Connection> {
public:
  using Clock = std::chrono::steady_clock;

  Connection(ProxyServices& services, asio::ip::tcp::socket client);
  ~Connection() = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Sets the function to call a single time, when both sockets are closed and the record is written.
  void on_end(std::function<void()> ended) { m_ended = std::move(ended); }

  /// Serves the connection until it is over. Throws nothing.
  asio::awaitable<void> run();

  /// Ends the connection if it has been silent for too long. Called once a second.
  void tick(Clock::time_point now);

  /// Ends the connection with a reset; `reason` and `detail` go into the record unless it has a denial already.
  void stop(audit::Reason reason, std::string_view detail = {}) noexcept;

  /// Ends the connection if the changed rules no longer allow it.
  void recheck();

private:
  static constexpr std::chrono::seconds k_reply_time{1}; ///< for the client to read the answer
  static constexpr std::chrono::seconds k_dial_time{120};

  /// Waits for the client's ClientHello or request head, or for a client that is told why it is denied.
  struct Reading {
    Clock::time_point deadline;
  };
  /// Resolver, dialler and upstream proxy have their own time limits; this one applies if those fail.
  struct Dialling {
    Clock::time_point deadline;
  };
  struct Relaying {
    Clock::duration idle_limit;
    Clock::time_point deadline;
    unsigned directions = 2;
    bool kept_alive = false; ///< the kernel probes a silent server
  };
  /// The host is connected, and the client's protocol is not known yet.
  struct Inspecting {
    Relaying relaying;
    Opening* opening;
    std::size_t seen = 0; ///< bytes that the client had sent at the last tick
  };
  /// The ClientHello is sent and the server's answer decides what may follow. Nothing is read from the client.
  struct AwaitingServer {
    Clock::time_point deadline;
    bool client_has_more = false; ///< than its ClientHello
    bool client_done = false;     ///< the client has closed its sending side
  };
  /// The answer to the one request is complete; the client may still read it.
  struct Closing {
    Clock::time_point deadline;
  };
  struct Over {};

  /// Returns whether the record does not have a reason for the end yet.
  bool is_in_force() const noexcept {
    return m_record.reason == audit::Reason::none || m_record.reason == audit::Reason::allowed;
  }
  bool is_over() const noexcept { return std::holds_alternative<Over>(m_phase); }
  /// Enters `phase`. Returns false, and stays, if the connection is over.
  template <typename Phase>
  bool enter(Phase phase) {
    if (is_over()) {
      return false;
    }
    m_phase = std::move(phase);
    return true;
  }
  Relaying relaying() const;

  // Each returns the denial, or nullopt to continue.
  asio::awaitable<std::optional<Denial>> open(Opening& opening, std::string& surplus);
  std::optional<Denial> identify(Opening& opening);
  asio::awaitable<std::optional<Denial>> check(Opening& opening);
  asio::awaitable<std::optional<Denial>> check_hello(Opening& opening);
  std::optional<Denial> check_server_name(const tls::ClientHello& hello) const;
  asio::awaitable<std::optional<Denial>> check_head(Opening& opening);
  asio::awaitable<std::optional<Denial>> inspect_first_bytes(Opening& opening, std::string& surplus);
  asio::awaitable<bool> await_first_bytes(Opening& opening, std::string& surplus);
  asio::awaitable<bool> relay_greeting(const std::string& greeting);
  asio::awaitable<FlowEnd> send_long_word(Opening& opening);
  void send_undecided(Opening& opening);
  std::optional<Denial> check_budget(Opening& opening);
  Denial over_budget() const;
  asio::awaitable<std::optional<Denial>> dial(Opening& opening, std::string& surplus);

  asio::awaitable<void> serve();
  asio::awaitable<void> send_denial(const Denial& denial, std::string& received);
  bool checks_server_names(const Opening& opening) const;
  asio::awaitable<bool> server_asks_again(std::string& surplus);
  asio::awaitable<FlowEnd> send_first(std::string& bytes, std::uint64_t* budget);
  asio::awaitable<FlowEnd> send_second_hello(Opening& opening);
  asio::awaitable<void> upload(Opening& opening, FlowEnd sent, bool second_hello);
  asio::awaitable<void> download(std::string surplus, bool one_request);
  /// Appends what the client sends next. False at the end of the stream, when the time is up, or on failure.
  asio::awaitable<bool> read_more(std::string& into);

  void tick_phase(Reading& phase, Clock::time_point now);
  void tick_phase(Dialling& phase, Clock::time_point now);
  void tick_phase(Inspecting& phase, Clock::time_point now);
  void tick_phase(AwaitingServer& phase, Clock::time_point now);
  void tick_phase(Relaying& phase, Clock::time_point now);
  void tick_phase(Closing& phase, Clock::time_point now);
  void tick_phase(Over& phase, Clock::time_point now);

  void note(const Denial& denial);
  void note_allowed();
  void direction_ended(bool broken);
  /// Closes both sockets and writes the record; with `reset`, both sides learn of it immediately.
  void end(bool reset) noexcept;

  ProxyServices& m_services;
  std::function<void()> m_ended;
  asio::ip::tcp::socket m_client;
  asio::ip::tcp::socket m_upstream;                   ///< open once the host is connected
  std::shared_ptr<const names::NamedAddress> m_entry; ///< keeps the virtual address for this name
  audit::AuditRecord m_record;
  Clock::time_point m_started = Clock::now();
  bool m_active = false; ///< bytes moved since the last tick
  std::variant<Reading, Dialling, Inspecting, AwaitingServer, Relaying, Closing, Over> m_phase;
};

} // namespace agentbox::firewall::proxy
