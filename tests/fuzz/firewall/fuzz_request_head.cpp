// SPDX-License-Identifier: Apache-2.0
// The head of an HTTP request: the forwarded head is parsed to the same request again, and names one host.
#include <algorithm>

#include "firewall/http/request_head.hpp"
#include "require.hpp"

namespace http = agentbox::firewall::http;
using agentbox::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) { // NOLINT(*-identifier-naming)
  const std::string_view bytes = agentbox::fuzz::text_of(data, size);
  const http::RequestHead head = http::parse_request_head(bytes);
  require((head.state == http::RequestHead::State::invalid) == !head.problem.empty(), "a refusal has a reason");
  require(head.state != http::RequestHead::State::incomplete || size < http::k_max_head, "there is an end to waiting");
  if (head.state != http::RequestHead::State::complete) {
    return 0;
  }
  require(http::parse_request_head(bytes.substr(0, head.size - 1)).state == http::RequestHead::State::incomplete,
          "a head ends with its last byte");
  require(head.body <= http::k_max_body, "a body has a length");
  require(head.forward.ends_with("\r\nConnection: close\r\n\r\n"), "the server is told to close");
  require(head.forward.find('\n') != std::string::npos &&
              std::count(head.forward.begin(), head.forward.end(), '\n') ==
                  std::count(head.forward.begin(), head.forward.end(), '\r'),
          "every line ends with CR LF");
  if (head.forward.size() < http::k_max_head) {
    const http::RequestHead again = http::parse_request_head(head.forward);
    require(again.state == http::RequestHead::State::complete && again.size == head.forward.size(),
            "the forwarded bytes are one complete head");
    require(again.host == head.host && again.body == head.body && again.forward == head.forward,
            "the forwarded head means the same");
  }
  const std::string page = http::denial_response("box", head.host, agentbox::policy::k_http_port, head.problem);
  require(page.starts_with("HTTP/1.1 403 Forbidden\r\n"), "a denial is a response");
  return 0;
}
