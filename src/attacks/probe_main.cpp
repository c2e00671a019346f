// SPDX-License-Identifier: Apache-2.0
// agentbox-probe: runs every attempt of the table and prints a line for each:
//   NAME <TAB> FAMILY <TAB> WHAT WAS TRIED <TAB> WHAT STOPS IT <TAB> VERDICT <TAB> DETAIL
// and last `end <TAB> COUNT`, without which the output is incomplete. Exit code 1 if a verdict is not good.
//   agentbox-probe [--full-network] [--pids N] [--memory N] [--shm N] [--tmp N] [--landlock N]
#include <array>
#include <charconv>
#include <cstddef>
#include <string_view>
#include <sys/prctl.h>
#include <unistd.h>

#include "attacks/attack.hpp"
#include "attacks/attack_io.hpp"
#include "attacks/runner.hpp"

namespace {

using namespace agentbox::attacks;

constexpr int k_usage = 2;
constexpr int k_attempt_ms = 2000;

/// One write(2) per line, so that other writers to stdout cannot split it.
class Line {
public:
  void add(std::string_view text) {
    for (const char c : text) {
      if (m_length < m_bytes.size()) {
        m_bytes[m_length++] = c == '\t' || c == '\n' ? ' ' : c;
      }
    }
  }
  void tab() { raw('\t'); }
  bool flush() {
    raw('\n');
    const bool whole = write(STDOUT_FILENO, m_bytes.data(), m_length) == static_cast<ssize_t>(m_length);
    m_length = 0;
    return whole;
  }

private:
  void raw(char c) {
    if (m_length < m_bytes.size()) {
      m_bytes[m_length++] = c;
    }
  }
  std::array<char, 1024> m_bytes{};
  std::size_t m_length = 0;
};

bool is_number(std::string_view text, std::uint64_t& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

/// Returns false for anything but the options above.
bool read_options(int argc, char** argv, Expected& expected) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--full-network") {
      expected.filtered = false;
      continue;
    }
    std::uint64_t* const target = word == "--pids"       ? &expected.pids
                                  : word == "--memory"   ? &expected.memory
                                  : word == "--shm"      ? &expected.shm
                                  : word == "--tmp"      ? &expected.tmp
                                  : word == "--landlock" ? &expected.landlock
                                                         : nullptr;
    const std::string_view text = ++i < argc ? argv[i] : "";
    if (target == nullptr || !is_number(text, *target)) {
      return false;
    }
  }
  return true;
}

void add_number(Line& line, unsigned value) {
  std::array<char, 16> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  line.add({digits.data(), static_cast<std::size_t>(end - digits.data())});
}

} // namespace

int main(int argc, char** argv) {
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); // no other process of the box can trace it
  Expected expected;
  if (!read_options(argc, argv, expected)) {
    constexpr std::string_view k_help = "usage: agentbox-probe [--full-network] [--pids N] [--memory N] [--shm N] "
                                        "[--tmp N] [--landlock N]\n";
    [[maybe_unused]] const ssize_t ignored = write(STDERR_FILENO, k_help.data(), k_help.size());
    return k_usage;
  }
  if (is_hosts_root(FileText("/proc/self/uid_map").text(), geteuid())) {
    constexpr std::string_view k_root = "agentbox-probe: refused: as root of the host, its attacks would change this "
                                        "machine; run it in a box, or as an ordinary user\n";
    [[maybe_unused]] const ssize_t ignored = write(STDERR_FILENO, k_root.data(), k_root.size());
    return k_usage;
  }
  bool good = true;
  unsigned count = 0;
  Line line;
  for (const AttackFamily& family : all_attacks()) {
    for (const Attack& attack : family.attacks) {
      const AttackResult result = attempt(attack, expected, k_attempt_ms);
      good = good && is_good(result.verdict);
      ++count;
      for (const std::string_view field :
           {std::string_view(attack.name), std::string_view(family.name), std::string_view(attack.tried),
            std::string_view(attack.defence), verdict_text(result.verdict)}) {
        line.add(field);
        line.tab();
      }
      line.add(result.text.data());
      if (!line.flush()) {
        return k_usage;
      }
    }
  }
  line.add("end");
  line.tab();
  add_number(line, count);
  return line.flush() && good ? 0 : 1;
}
