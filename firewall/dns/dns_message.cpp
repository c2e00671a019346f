// SPDX-License-Identifier: Apache-2.0
#include "firewall/dns/dns_message.hpp"

#include <fmt/format.h>

#include "support/ascii.hpp"

namespace agentbox::firewall::dns {
namespace {

constexpr std::size_t k_header = 12;
constexpr std::size_t k_max_name = 255; // RFC 1035 §2.3.4, on the wire
constexpr std::uint16_t k_flag_response = 0x8000;
constexpr std::uint16_t k_flag_recursion_desired = 0x0100;
constexpr std::uint16_t k_flag_recursion_available = 0x0080;
constexpr std::uint16_t k_mask_opcode = 0x7800;
constexpr unsigned k_max_additional = 4;

/// Reads big-endian numbers. A read past the end returns 0 and clears good().
class DnsReader {
public:
  explicit DnsReader(std::string_view bytes) : m_bytes(bytes) {}

  std::uint8_t u8() {
    if (m_offset >= m_bytes.size()) {
      m_good = false;
      return 0;
    }
    return static_cast<std::uint8_t>(m_bytes[m_offset++]);
  }
  std::uint16_t u16() {
    const unsigned high = u8();
    return static_cast<std::uint16_t>((high << 8U) | u8());
  }
  std::uint32_t u32() {
    const std::uint32_t high = u16();
    return (high << 16U) | u16();
  }
  std::string_view take(std::size_t size) {
    if (size > m_bytes.size() - m_offset) {
      m_good = false;
      return {};
    }
    m_offset += size;
    return m_bytes.substr(m_offset - size, size);
  }
  bool good() const { return m_good; }
  bool at_end() const { return m_offset == m_bytes.size(); }
  std::size_t offset() const { return m_offset; }

private:
  std::string_view m_bytes;
  std::size_t m_offset = 0;
  bool m_good = true;
};

void append_label(std::string& name, std::string_view label) {
  if (!name.empty()) {
    name += '.';
  }
  for (const char byte : label) {
    if (support::is_letter(byte) || support::is_digit(byte) || byte == '-' || byte == '_') {
      name += byte;
    } else { // a dot inside a label must differ from one between labels
      name += fmt::format("\\{:03}", static_cast<unsigned>(static_cast<unsigned char>(byte)));
    }
  }
}

/// Reads the question's name. Compression is invalid there: a question has nothing before it to point to.
bool read_name(DnsReader& reader, std::string& name) {
  std::size_t length = 1;
  for (;;) {
    const std::uint8_t size = reader.u8();
    if (!reader.good() || size > 63) {
      return false;
    }
    if (size == 0) {
      return true;
    }
    length += size + 1U;
    const std::string_view label = reader.take(size);
    if (!reader.good() || length > k_max_name) {
      return false;
    }
    append_label(name, label);
  }
}

bool skip_owner(DnsReader& reader) {
  for (;;) {
    const std::uint8_t size = reader.u8();
    if (!reader.good()) {
      return false;
    }
    if (size == 0) {
      return true;
    }
    if ((size & 0xC0U) == 0xC0U) { // a compressed owner ends with its pointer, which is not followed
      reader.u8();
      return reader.good();
    }
    if (size > 63) {
      return false;
    }
    reader.take(size);
  }
}

struct Edns {
  bool present = false;
  std::uint8_t version = 0;
};

/// Reads the additional records. All but OPT are skipped, and only one OPT is allowed (RFC 6891 §6.1.1).
bool read_additional(DnsReader& reader, unsigned count, Edns& edns) {
  if (count > k_max_additional) {
    return false;
  }
  for (unsigned i = 0; i < count; ++i) {
    if (!skip_owner(reader)) {
      return false;
    }
    const std::uint16_t type = reader.u16();
    reader.u16(); // class, or the sender's UDP size
    const std::uint32_t ttl = reader.u32();
    reader.take(reader.u16());
    if (!reader.good() || (type == k_type_opt && edns.present)) {
      return false;
    }
    if (type == k_type_opt) {
      edns = {true, static_cast<std::uint8_t>((ttl >> 16U) & 0xFFU)};
    }
  }
  return true;
}

} // namespace

ParsedQuery parse_query(std::string_view message) {
  if (message.size() < k_header) {
    return Unanswerable{};
  }
  DnsReader reader(message);
  DnsQuery query;
  query.id = reader.u16();
  const std::uint16_t flags = reader.u16();
  if ((flags & k_flag_response) != 0) {
    return Unanswerable{};
  }
  query.recursion_desired = (flags & k_flag_recursion_desired) != 0;
  MalformedQuery malformed{query.id, query.recursion_desired, Rcode::format_error, false};
  if ((flags & k_mask_opcode) != 0) {
    malformed.rcode = Rcode::not_implemented;
    return malformed;
  }
  const unsigned questions = reader.u16();
  const unsigned answers = reader.u16();
  const unsigned authorities = reader.u16();
  const unsigned additional = reader.u16();
  if (questions != 1 || answers != 0 || authorities != 0 || !read_name(reader, query.name)) {
    return malformed;
  }
  query.type = reader.u16();
  query.klass = reader.u16();
  query.question = message.substr(k_header, reader.offset() - k_header);
  Edns edns;
  if (!reader.good() || !read_additional(reader, additional, edns) || !reader.at_end()) {
    return malformed;
  }
  query.edns = edns.present;
  if (edns.version != 0) {
    malformed.rcode = Rcode::bad_version;
    malformed.edns = true;
    return malformed;
  }
  return query;
}

namespace {

void put16(std::string& out, unsigned value) {
  out += static_cast<char>((value >> 8U) & 0xFFU);
  out += static_cast<char>(value & 0xFFU);
}

void put32(std::string& out, std::uint32_t value) {
  put16(out, value >> 16U);
  put16(out, value & 0xFFFFU);
}

struct Counts {
  unsigned questions = 0;
  unsigned answers = 0;
  unsigned authorities = 0;
};

std::string header(std::uint16_t id, bool recursion_desired, Rcode rcode, Counts counts, bool edns) {
  std::string out;
  out.reserve(512);
  put16(out, id);
  put16(out, k_flag_response | k_flag_recursion_available | (recursion_desired ? k_flag_recursion_desired : 0U) |
                 (static_cast<unsigned>(rcode) & 0xFU));
  put16(out, counts.questions);
  put16(out, counts.answers);
  put16(out, counts.authorities);
  put16(out, edns ? 1 : 0);
  return out;
}

void put_opt(std::string& out, Rcode rcode) {
  out += '\0';
  put16(out, k_type_opt);
  put16(out, 1232); // our UDP payload size (RFC 9715)
  put32(out, (static_cast<std::uint32_t>(rcode) >> 4U) << 24U);
  put16(out, 0);
}

void put_record_head(std::string& out, std::uint16_t type, std::uint32_t ttl, std::size_t size) {
  put16(out, 0xC00C); // the question's name
  put16(out, type);
  put16(out, k_class_in);
  put32(out, ttl);
  put16(out, static_cast<unsigned>(size));
}

/// Appends the SOA of the root: the stub answers for every name.
void put_soa(std::string& out) {
  out += '\0';
  put16(out, k_type_soa);
  put16(out, k_class_in);
  put32(out, k_negative_ttl);
  put16(out, 1 + 1 + 20); // two root names, five numbers
  out.append(2, '\0');
  put32(out, 1);              // serial
  put32(out, 3600);           // refresh
  put32(out, 3600);           // retry
  put32(out, 3600);           // expire
  put32(out, k_negative_ttl); // minimum, which is the negative TTL (RFC 2308)
}

} // namespace

std::string write_response(const DnsQuery& query, const DnsAnswer& answer) {
  const bool positive = answer.address || answer.loopback6 || answer.text;
  const bool negative = !positive && (answer.rcode == Rcode::no_error || answer.rcode == Rcode::no_such_name);
  std::string out =
      header(query.id, query.recursion_desired, answer.rcode, {1, positive ? 1U : 0U, negative ? 1U : 0U}, query.edns);
  out += query.question;
  if (answer.address) {
    put_record_head(out, k_type_a, answer.ttl, 4);
    put32(out, *answer.address);
  } else if (answer.loopback6) {
    put_record_head(out, k_type_aaaa, answer.ttl, 16);
    out.append(15, '\0');
    out += '\1';
  } else if (answer.text) {
    const std::string text = answer.text->substr(0, 255);
    put_record_head(out, k_type_txt, answer.ttl, text.size() + 1);
    out += static_cast<char>(static_cast<unsigned char>(text.size()));
    out += text;
  }
  if (negative) {
    put_soa(out);
  }
  if (query.edns) {
    put_opt(out, answer.rcode);
  }
  return out;
}

std::string write_response(const MalformedQuery& malformed) {
  std::string out = header(malformed.id, malformed.recursion_desired, malformed.rcode, {}, malformed.edns);
  if (malformed.edns) {
    put_opt(out, malformed.rcode);
  }
  return out;
}

} // namespace agentbox::firewall::dns
