// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string_view>

namespace agentbox::oci::seccomp {

/// The machine that a filter is for.
enum class Arch { x86_64, aarch64, ppc64le, s390x, riscv64 };

/// Returns the machine that this program was compiled for.
constexpr Arch native_arch() {
#if defined(__x86_64__)
  return Arch::x86_64;
#elif defined(__aarch64__)
  return Arch::aarch64;
#elif defined(__powerpc64__)
  return Arch::ppc64le;
#elif defined(__s390x__)
  return Arch::s390x;
#elif defined(__riscv)
  return Arch::riscv64;
#else
#error "this machine is not known: add it here, in arch_names() and to the clone rules of taken_away.json"
#endif
}

/// A machine's names in the specifications.
struct ArchNames {
  std::string_view go;    ///< "amd64": the host profile's includes.arches
  std::string_view scmp;  ///< "SCMP_ARCH_X86_64": OCI linux.seccomp.architectures
  std::string_view uname; ///< "x86_64": taken_away.json
};

/// Returns the names of `arch`.
constexpr ArchNames arch_names(Arch arch) {
  switch (arch) {
  case Arch::x86_64: return {"amd64", "SCMP_ARCH_X86_64", "x86_64"};
  case Arch::aarch64: return {"arm64", "SCMP_ARCH_AARCH64", "aarch64"};
  case Arch::ppc64le: return {"ppc64le", "SCMP_ARCH_PPC64LE", "ppc64le"};
  case Arch::s390x: return {"s390x", "SCMP_ARCH_S390X", "s390x"};
  case Arch::riscv64: return {"riscv64", "SCMP_ARCH_RISCV64", "riscv64"};
  }
  return {};
}

} // namespace agentbox::oci::seccomp
