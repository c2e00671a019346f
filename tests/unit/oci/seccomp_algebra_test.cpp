// SPDX-License-Identifier: Apache-2.0
#include "oci/seccomp/algebra.hpp"

#include "catch.hpp"

namespace agentbox::oci::seccomp {
namespace {

Comparison eq(std::uint32_t index, std::uint64_t value) {
  return {index, Operator::eq, value, 0};
}
Comparison ne(std::uint32_t index, std::uint64_t value) {
  return {index, Operator::ne, value, 0};
}
Comparison gt(std::uint32_t index, std::uint64_t value) {
  return {index, Operator::gt, value, 0};
}
Comparison mask(std::uint32_t index, std::uint64_t bits, std::uint64_t value) {
  return {index, Operator::masked_eq, bits, value};
}

TEST_CASE("an equality decides every other comparison of its argument") {
  CHECK(intersect({eq(0, 2)}, {ne(0, 16)}) == Conjunction{eq(0, 2)});
  CHECK(intersect({ne(0, 16)}, {eq(0, 2)}) == Conjunction{eq(0, 2)});
  CHECK_FALSE(intersect({eq(0, 16)}, {ne(0, 16)}));
  CHECK(intersect({eq(0, 5)}, {gt(0, 4)}) == Conjunction{eq(0, 5)});
  CHECK_FALSE(intersect({eq(0, 4)}, {gt(0, 4)}));
  CHECK(intersect({eq(0, 6)}, {mask(0, 3, 2)}) == Conjunction{eq(0, 6)});
  CHECK_FALSE(intersect({eq(0, 7)}, {mask(0, 3, 2)}));
}

TEST_CASE("comparisons of different arguments are kept side by side") {
  CHECK(intersect({eq(2, 0)}, {eq(0, 16)}) == Conjunction{eq(0, 16), eq(2, 0)});
  CHECK(intersect({}, {eq(0, 1)}) == Conjunction{eq(0, 1)});
}

TEST_CASE("two masks make one") {
  CHECK(intersect({mask(0, 0xF0, 0)}, {mask(0, 0x0F, 0)}) == Conjunction{mask(0, 0xFF, 0)});
  CHECK_FALSE(intersect({mask(0, 0xF0, 0x10)}, {mask(0, 0x10, 0)}));
}

TEST_CASE("what a filter cannot express is dropped, which only refuses more") {
  CHECK_FALSE(intersect({ne(0, 1)}, {ne(0, 2)}));
  CHECK_FALSE(intersect({gt(0, 1)}, {mask(0, 1, 1)}));
}

TEST_CASE("disjoint only if it is certain") {
  CHECK(disjoint({eq(0, 16), eq(2, 0)}, {eq(0, 16), eq(2, 9)}));
  CHECK_FALSE(disjoint({eq(0, 16)}, {eq(0, 16), eq(2, 9)}));
  CHECK_FALSE(disjoint({ne(0, 1)}, {ne(0, 2)}));
  CHECK_FALSE(disjoint({eq(0, 1)}, {eq(1, 2)}));
}

TEST_CASE("a narrower alternative to a wider one is redundant") {
  CHECK(without_redundant({{eq(0, 2), ne(2, 9)}, {eq(0, 2)}, {eq(0, 2)}}) == std::vector<Conjunction>{{eq(0, 2)}});
  CHECK(without_redundant({{eq(0, 2)}, {eq(0, 1)}}).size() == 2);
}

TEST_CASE("the complement of listed values is every gap and everything above") {
  CHECK(complement({{eq(0, 1)}, {eq(0, 3)}}) == std::vector<Conjunction>{{eq(0, 0)}, {eq(0, 2)}, {gt(0, 3)}});
  CHECK(complement({{eq(0, 0), eq(2, 1)}}) ==
        std::vector<Conjunction>{{gt(0, 0)}, {eq(0, 0), eq(2, 0)}, {eq(0, 0), gt(2, 1)}});
}

TEST_CASE("the complement of a clear mask is each of its bits") {
  CHECK(complement({{mask(0, 0x5, 0)}}) == std::vector<Conjunction>{{mask(0, 1, 1)}, {mask(0, 4, 4)}});
}

TEST_CASE("a complement that a filter cannot express is left out") {
  CHECK(complement({}).empty());
  CHECK(complement({{}}).empty());
  CHECK(complement({{eq(0, 0)}, {eq(0, 0xFFFFFFFF)}}).empty());
  CHECK(complement({{ne(0, 1)}}).empty());
  // Whatever is in it never overlaps what is kept.
  const std::vector<Conjunction> kept = {{eq(0, 1), eq(1, 0)}, {eq(0, 1), eq(2, 0)}};
  for (const Conjunction& refused : complement(kept)) {
    CHECK(disjoint(refused, kept[0]));
    CHECK(disjoint(refused, kept[1]));
  }
}

} // namespace
} // namespace agentbox::oci::seccomp
