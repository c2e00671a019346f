// SPDX-License-Identifier: Apache-2.0
// One include for Catch2 2 (Debian 12) and 3 (everywhere else).
#pragma once
#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#else
#include <catch2/catch.hpp>
#endif
