// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "wire/dns_bytes.hpp"
#include "wire/wire.hpp"

namespace agentbox::wire {
namespace {

constexpr const char* k_good = "allowed.example";
constexpr const char* k_evil = "evil.example";
constexpr std::uint16_t k_https = 443;
constexpr std::uint16_t k_other = 8443;

std::string sized(const std::string& body) {
  std::string bytes;
  put16(bytes, static_cast<unsigned>(body.size()));
  return bytes + body;
}

std::string extension(unsigned kind, const std::string& body) {
  std::string bytes;
  put16(bytes, kind);
  return bytes + sized(body);
}

std::string name_entry(std::string_view name, char type = '\0') {
  return type + sized(std::string(name));
}

std::string server_name(const std::string& entries) {
  return extension(0, sized(entries));
}

/// Returns what our ClientHellos have besides the names, including the marker, an extension with a private number.
std::string common(std::string_view attack) {
  using namespace std::string_literals;
  return extension(10, "\0\4\0\x17\0\x1d"s) + extension(13, "\0\6\4\3\x08\4\4\1"s) + extension(11, "\1\0"s) +
         extension(0xFF77, marker(attack));
}

std::string message(const std::string& extensions, char kind = '\1') {
  using namespace std::string_literals;
  const std::string body = "\3\3"s + std::string(32, 'r') + "\0"s + sized("\xc0\x2b\xc0\x2f\xc0\x23\0\x9c\x13\1"s) +
                           "\1\0"s + sized(extensions);
  return kind + "\0"s + sized(body);
}

std::string records(const std::string& data, std::size_t size = 16384) {
  using namespace std::string_literals;
  std::string bytes;
  for (std::size_t at = 0; at < data.size(); at += size) {
    bytes += "\x16\3\1"s + sized(data.substr(at, size));
  }
  return bytes;
}

std::string hello(std::string_view attack, const std::string& names) {
  return records(message(names + common(attack)));
}

std::string hello_for(std::string_view attack, std::string_view name) {
  return hello(attack, server_name(name_entry(name)));
}

AttackResult tls(const std::string& bytes, Pace pace = Pace::whole) {
  return send_to(k_good, k_https, bytes, pace);
}

/// Sends a valid hello, which the server answers: the positive control for all others.
AttackResult control(std::string_view attack, Pace pace, std::size_t record_size = 16384) {
  const std::string bytes = records(message(server_name(name_entry(k_good)) + common(attack)), record_size);
  const AttackResult result = tls(bytes, pace);
  return result.verdict == Verdict::allowed && result.text[0] == '\x16'
             ? attacks::attack_result(Verdict::works, "answered")
             : attacks::attack_result(Verdict::broken, result.text.data());
}

std::string sslv2_hello() {
  using namespace std::string_literals;
  return "\x80\x2e\1\3\1\0\x15\0\0\0\x10\1\0\x80\3\0\x80\7\0\xc0\6\0\x40\2\0\x80\4\0\x80"s + marker("tls-sslv2");
}

constexpr const char* k_defence = "proxy";
const std::array k_attacks = {
    Attack{"control-tls", "speak TLS with a listed host", "allowed",
           [](const Expected&) { return control("control-tls", Pace::whole); }},
    Attack{"control-tls-bytewise", "speak TLS, byte by byte", "allowed",
           [](const Expected&) { return control("control-tls-bytewise", Pace::bytewise); }},
    Attack{"control-tls-records", "speak TLS, in records of 20 bytes", "allowed",
           [](const Expected&) { return control("control-tls-records", Pace::whole, 20); }},
    Attack{"tls-wrong-name", "name another host (SNI)", k_defence,
           [](const Expected&) { return tls(hello_for("tls-wrong-name", k_evil)); }},
    Attack{"tls-wrong-name-bytewise", "name another host, byte by byte", k_defence,
           [](const Expected&) { return tls(hello_for("tls-wrong-name-bytewise", k_evil), Pace::bytewise); }},
    Attack{"tls-wrong-name-halves", "name another host, in two segments", k_defence,
           [](const Expected&) { return tls(hello_for("tls-wrong-name-halves", k_evil), Pace::in_halves); }},
    Attack{"tls-wrong-name-records", "name another host, in records of 5 bytes", k_defence,
           [](const Expected&) {
             return tls(records(message(server_name(name_entry(k_evil)) + common("tls-wrong-name-records")), 5) +
                        marker("tls-wrong-name-records"));
           }},
    Attack{"tls-no-name", "name no host", k_defence, [](const Expected&) { return tls(hello("tls-no-name", "")); }},
    Attack{"tls-empty-name", "name the empty host", k_defence,
           [](const Expected&) { return tls(hello_for("tls-empty-name", "")); }},
    Attack{"tls-empty-list", "send an empty list of names", k_defence,
           [](const Expected&) { return tls(hello("tls-empty-list", server_name(""))); }},
    Attack{"tls-two-names", "name the listed host, then another", k_defence,
           [](const Expected&) {
             return tls(hello("tls-two-names", server_name(name_entry(k_good) + name_entry(k_evil))));
           }},
    Attack{"tls-two-names-reversed", "name another host, then the listed one", k_defence,
           [](const Expected&) {
             return tls(hello("tls-two-names-reversed", server_name(name_entry(k_evil) + name_entry(k_good))));
           }},
    Attack{"tls-two-extensions", "send two server_name extensions", k_defence,
           [](const Expected&) {
             return tls(hello("tls-two-extensions", server_name(name_entry(k_good)) + server_name(name_entry(k_evil))));
           }},
    Attack{"tls-odd-name-type", "name another host in a name of another type", k_defence,
           [](const Expected&) {
             return tls(hello("tls-odd-name-type", server_name(name_entry(k_evil, '\7') + name_entry(k_good))));
           }},
    Attack{"tls-address", "name an address", k_defence,
           [](const Expected&) { return tls(hello_for("tls-address", "203.0.113.7")); }},
    Attack{"tls-suffix", "name a host that starts like the listed one", k_defence,
           [](const Expected&) { return tls(hello_for("tls-suffix", "allowed.example.evil.example")); }},
    Attack{"tls-prefix", "name a host that ends like the listed one", k_defence,
           [](const Expected&) { return tls(hello_for("tls-prefix", "evil-allowed.example")); }},
    Attack{"tls-subdomain", "name a subdomain of the listed host", k_defence,
           [](const Expected&) { return tls(hello_for("tls-subdomain", "evil.allowed.example")); }},
    Attack{"tls-nul-in-name", "hide another host behind a NUL", k_defence,
           [](const Expected&) {
             using namespace std::string_view_literals;
             return tls(hello_for("tls-nul-in-name", "allowed.example\0.evil.example"sv));
           }},
    Attack{"tls-blank-in-name", "hide another host behind a blank", k_defence,
           [](const Expected&) { return tls(hello_for("tls-blank-in-name", "allowed.example evil.example")); }},
    Attack{"tls-ech", "encrypt the name (ECH)", k_defence,
           [](const Expected&) {
             using namespace std::string_literals;
             return tls(hello("tls-ech", server_name(name_entry(k_good)) + extension(0xFE0D, "\0\0\1\0\1\0\0\0\0\0"s)));
           }},
    Attack{"tls-esni", "encrypt the name (ESNI, the earlier draft)", k_defence,
           [](const Expected&) { return tls(hello("tls-esni", extension(0xFFCE, std::string(64, 'e')))); }},
    Attack{"tls-ech-only", "encrypt the name and leave the outer one out", k_defence,
           [](const Expected&) {
             using namespace std::string_literals;
             return tls(hello("tls-ech-only", extension(0xFE0D, "\0\0\1\0\1\0\0\0\0\0"s)));
           }},
    Attack{"tls-sslv2", "speak SSL 2", k_defence, [](const Expected&) { return tls(sslv2_hello()); }},
    Attack{"tls-other-message", "begin with another handshake message", k_defence,
           [](const Expected&) {
             return tls(records(message(server_name(name_entry(k_good)) + common("tls-other-message"), '\2')));
           }},
    Attack{"tls-alert-first", "begin with an alert", k_defence,
           [](const Expected&) {
             using namespace std::string_literals;
             return tls("\x15\3\1\0\2\1\0"s + hello_for("tls-alert-first", k_good));
           }},
    Attack{"tls-application-data-first", "begin with application data", k_defence,
           [](const Expected&) {
             using namespace std::string_literals;
             return tls("\x17\3\3"s + sized(marker("tls-application-data-first")));
           }},
    Attack{"tls-lying-length", "give the list of names a wrong length", k_defence,
           [](const Expected&) {
             using namespace std::string_literals;
             return tls(hello("tls-lying-length", extension(0, "\xff\xff"s + name_entry(k_good))));
           }},
    Attack{"tls-huge-hello", "send a hello of 200,000 bytes", k_defence,
           [](const Expected&) {
             const std::string filler = extension(0xFF78, std::string(60000, 'x'));
             return tls(records(message(common("tls-huge-hello") + filler + server_name(name_entry(k_evil)))) +
                        std::string(140000, 'y'));
           }},
    Attack{"tls-unended-hello", "stop in the middle of the hello", k_defence,
           [](const Expected&) {
             // Half of it, marker first: nothing may be forwarded before the name is known.
             const std::string whole = records(message(common("tls-unended-hello") + server_name(name_entry(k_evil))));
             const AttackResult result = tls(whole.substr(0, whole.size() - 10));
             return result.verdict == Verdict::inconclusive ? attacks::attack_result(Verdict::stopped, "kept waiting")
                                                            : result;
           }},
    Attack{"control-tls-8443", "speak TLS with a listed host on port 8443", "allowed",
           [](const Expected&) {
             const AttackResult result = send_to_greeter(k_good, k_other, hello_for("control-tls-8443", k_good));
             return result.verdict == Verdict::allowed ? attacks::attack_result(Verdict::works, "taken")
                                                       : attacks::attack_result(Verdict::broken, result.text.data());
           }},
    Attack{"tls-8443-wrong-name", "name another host on port 8443", k_defence,
           [](const Expected&) { return send_to_greeter(k_good, k_other, hello_for("tls-8443-wrong-name", k_evil)); }},
    Attack{"tls-8443-wrong-name-bytewise", "name another host on port 8443, byte by byte", k_defence,
           [](const Expected&) {
             return send_to_greeter(k_good, k_other, hello_for("tls-8443-wrong-name-bytewise", k_evil), Pace::bytewise);
           }},
    Attack{"tls-8443-no-name", "name no host on port 8443", k_defence,
           [](const Expected&) { return send_to_greeter(k_good, k_other, hello("tls-8443-no-name", "")); }},
    Attack{"tls-8443-alert-first", "begin with an alert on port 8443", k_defence,
           [](const Expected&) {
             using namespace std::string_literals;
             return send_to_greeter(k_good, k_other, "\x15\3\1\0\2\1\x5a"s + hello_for("tls-8443-alert-first", k_evil));
           }},
    Attack{"tls-ssh", "speak SSH on 443", k_defence,
           [](const Expected&) { return tls("SSH-2.0-" + marker("tls-ssh") + "\r\n"); }},
    Attack{"tls-http", "speak HTTP on 443", k_defence,
           [](const Expected&) {
             return tls("GET /" + marker("tls-http") + " HTTP/1.1\r\nHost: allowed.example\r\n\r\n");
           }},
    Attack{"tls-garbage", "send no protocol at all on 443", k_defence,
           [](const Expected&) { return tls(std::string(64, '\0') + marker("tls-garbage")); }},
    Attack{"tls-proxy-protocol", "send a PROXY header on 443", k_defence,
           [](const Expected&) {
             return tls("PROXY TCP4 127.0.0.1 198.51.100.10 1 443\r\n" + hello_for("tls-proxy-protocol", k_good));
           }},
    Attack{"tls-socks", "ask for SOCKS on 443", k_defence,
           [](const Expected&) {
             using namespace std::string_literals;
             return tls("\5\1\0\5\1\0\3"s + marker("tls-socks"));
           }},
};

} // namespace

AttackFamily tls_attacks() {
  return {"tls", k_attacks};
}

} // namespace agentbox::wire
