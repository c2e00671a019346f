// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <ares.h>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "firewall/io/await.hpp"
#include "firewall/upstream/lookup.hpp"

namespace agentbox::firewall::upstream {

/// A c-ares channel driven by Asio, for one set of name servers.
class AresChannel : public std::enable_shared_from_this<AresChannel> {
public:
  using Done = std::function<void(Lookup::FamilyAnswer)>;

  /// Makes a channel to `servers`, as resolv_conf.hpp returns them. Throws support::Error(failed).
  static std::shared_ptr<AresChannel> make(asio::io_context& context, const std::vector<std::string>& servers,
                                           std::uint32_t mark);
  ~AresChannel();
  AresChannel(const AresChannel&) = delete;
  AresChannel& operator=(const AresChannel&) = delete;

  /// Queries the addresses of `name` in one family, at most 32. Calls `done` at most once, from the event loop; the
  /// channel lives until then.
  void query(const std::string& name, Lookup::Family family, Done done);

private:
  class Watch;
  struct OpenQuestion;

  AresChannel(asio::io_context& context, std::uint32_t mark) : m_context(context), m_mark(mark), m_timer(context) {}
  void open(const std::vector<std::string>& servers);
  void watch(ares_socket_t fd, bool readable, bool writable);
  void process(ares_socket_t readable, ares_socket_t writable);
  void arm_timer();
  static void on_socket_state(void* self, ares_socket_t fd, int readable, int writable);
  static int on_new_socket(ares_socket_t fd, int type, void* self);
  static void on_answer(void* query, int status, int timeouts, ares_addrinfo* result);

  asio::io_context& m_context;
  std::uint32_t m_mark;
  asio::steady_timer m_timer;
  ares_channel m_ares = nullptr;
  std::map<ares_socket_t, std::shared_ptr<Watch>> m_watches;
};

} // namespace agentbox::firewall::upstream
