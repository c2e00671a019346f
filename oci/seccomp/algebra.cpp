// SPDX-License-Identifier: Apache-2.0
#include "oci/seccomp/algebra.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace agentbox::oci::seccomp {
namespace {

/// Maximum of the largest value kept for which the gaps below it are listed one by one.
constexpr std::uint64_t k_max_enumerated = 64;

bool holds(const Comparison& comparison, std::uint64_t argument) {
  switch (comparison.op) {
  case Operator::ne: return argument != comparison.value;
  case Operator::lt: return argument < comparison.value;
  case Operator::le: return argument <= comparison.value;
  case Operator::eq: return argument == comparison.value;
  case Operator::ge: return argument >= comparison.value;
  case Operator::gt: return argument > comparison.value;
  case Operator::masked_eq: return (argument & comparison.value) == comparison.value_two;
  }
  return false;
}

enum class Overlap { none, exact, unknown };

struct Both {
  Overlap overlap = Overlap::unknown;
  Comparison comparison; ///< when exact
};

Both intersect_masks(const Comparison& a, const Comparison& b) {
  if ((a.value_two & b.value) != (b.value_two & a.value)) {
    return {Overlap::none, {}};
  }
  return {Overlap::exact, {a.index, Operator::masked_eq, a.value | b.value, a.value_two | b.value_two}};
}

/// Returns the intersection of two comparisons of the same argument.
Both intersect(const Comparison& a, const Comparison& b) {
  if (a == b) {
    return {Overlap::exact, a};
  }
  if (a.op == Operator::eq) {
    return holds(b, a.value) ? Both{Overlap::exact, a} : Both{Overlap::none, {}};
  }
  if (b.op == Operator::eq) {
    return holds(a, b.value) ? Both{Overlap::exact, b} : Both{Overlap::none, {}};
  }
  if (a.op == Operator::masked_eq && b.op == Operator::masked_eq) {
    return intersect_masks(a, b);
  }
  return {};
}

const Comparison* find(const Conjunction& conjunction, std::uint32_t index) {
  const auto found =
      std::find_if(conjunction.begin(), conjunction.end(), [&](const auto& c) { return c.index == index; });
  return found == conjunction.end() ? nullptr : &*found;
}

/// Returns whether every call that matches `narrow` matches `wide`.
bool covers(const Conjunction& wide, const Conjunction& narrow) {
  return std::all_of(wide.begin(), wide.end(), [&](const Comparison& comparison) {
    const Comparison* other = find(narrow, comparison.index);
    return other != nullptr && (*other == comparison || (other->op == Operator::eq && holds(comparison, other->value)));
  });
}

/// Returns comparisons of argument `index` that together match every value that is not in `values`.
std::vector<Comparison> gaps(std::uint32_t index, const std::set<std::uint64_t>& values) {
  if (values.empty() || *values.rbegin() > k_max_enumerated) {
    return {};
  }
  std::vector<Comparison> result;
  for (std::uint64_t value = 0; value < *values.rbegin(); ++value) {
    if (!values.contains(value)) {
      result.push_back({index, Operator::eq, value, 0});
    }
  }
  result.push_back({index, Operator::gt, *values.rbegin(), 0});
  return result;
}

/// Returns the complement of "none of these bits is set": "this one is set" for each bit.
std::vector<Conjunction> each_bit(const Comparison& none_set) {
  std::vector<Conjunction> result;
  for (unsigned bit = 0; bit < 64; ++bit) {
    const std::uint64_t value = std::uint64_t{1} << bit;
    if ((none_set.value & value) != 0) {
      result.push_back({{none_set.index, Operator::masked_eq, value, value}});
    }
  }
  return result;
}

bool is_equality(const Comparison& comparison) {
  return comparison.op == Operator::eq;
}

/// Returns whether all alternatives are equalities of the same first argument, some with an equality of one second
/// argument.
bool is_table(const std::vector<Conjunction>& kept) {
  return std::all_of(kept.begin(), kept.end(), [&](const Conjunction& alternative) {
    return !alternative.empty() && alternative.size() <= 2 && alternative[0].index == kept.front()[0].index &&
           std::all_of(alternative.begin(), alternative.end(), is_equality);
  });
}

} // namespace

std::optional<Conjunction> intersect(const Conjunction& a, const Conjunction& b) {
  Conjunction result = a;
  for (const Comparison& comparison : b) {
    const auto same =
        std::find_if(result.begin(), result.end(), [&](const auto& c) { return c.index == comparison.index; });
    if (same == result.end()) {
      result.push_back(comparison);
      continue;
    }
    const Both both = intersect(*same, comparison);
    if (both.overlap != Overlap::exact) {
      return std::nullopt;
    }
    *same = both.comparison;
  }
  std::sort(result.begin(), result.end());
  return result;
}

bool disjoint(const Conjunction& a, const Conjunction& b) {
  return std::any_of(b.begin(), b.end(), [&](const Comparison& comparison) {
    const Comparison* other = find(a, comparison.index);
    return other != nullptr && intersect(*other, comparison).overlap == Overlap::none;
  });
}

std::vector<Conjunction> without_redundant(std::vector<Conjunction> alternatives) {
  std::sort(alternatives.begin(), alternatives.end());
  alternatives.erase(std::unique(alternatives.begin(), alternatives.end()), alternatives.end());
  std::vector<Conjunction> result;
  for (const Conjunction& candidate : alternatives) {
    const bool covered = std::any_of(alternatives.begin(), alternatives.end(), [&](const Conjunction& other) {
      return other != candidate && covers(other, candidate);
    });
    if (!covered) {
      result.push_back(candidate);
    }
  }
  return result;
}

std::vector<Conjunction> complement(const std::vector<Conjunction>& kept) {
  if (kept.size() == 1 && kept[0].size() == 1 && kept[0][0].op == Operator::masked_eq && kept[0][0].value_two == 0) {
    return each_bit(kept[0][0]);
  }
  if (kept.empty() || kept[0].empty() || !is_table(kept)) {
    return {};
  }
  std::set<std::uint64_t> firsts;
  std::map<std::pair<std::uint64_t, std::uint32_t>, std::set<std::uint64_t>> seconds;
  for (const Conjunction& alternative : kept) {
    firsts.insert(alternative[0].value);
    if (alternative.size() == 2) {
      seconds[{alternative[0].value, alternative[1].index}].insert(alternative[1].value);
    }
  }
  std::vector<Conjunction> result;
  const std::uint32_t index = kept[0][0].index;
  for (const Comparison& gap : gaps(index, firsts)) {
    result.push_back({gap});
  }
  for (const auto& [key, values] : seconds) {
    for (const Comparison& gap : gaps(key.second, values)) {
      result.push_back({{index, Operator::eq, key.first, 0}, gap});
    }
  }
  std::erase_if(result, [&](const Conjunction& refused) {
    return !std::all_of(kept.begin(), kept.end(), [&](const Conjunction& k) { return disjoint(refused, k); });
  });
  return result;
}

} // namespace agentbox::oci::seccomp
