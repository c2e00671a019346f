// SPDX-License-Identifier: Apache-2.0
#include "support/digest.hpp"

#include "catch.hpp"

namespace support = agentbox::support;

TEST_CASE("sha256 of the standard's examples") {
  CHECK(support::sha256_hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(support::sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_CASE("a digest in parts is the digest of the whole, and the object starts anew") {
  support::Sha256 digest;
  digest.update("a");
  digest.update("bc");
  CHECK(digest.hex() == support::sha256_hex("abc"));
  CHECK(digest.hex() == support::sha256_hex(""));
}

TEST_CASE("sha512 in base64, as npm writes integrity") {
  support::Sha512 digest;
  digest.update("abc");
  CHECK(digest.base64() == "3a81oZNherrMQXNJriBBMRLm+k6JqX6iCp7u5ktV05ohkpkqJ0/BqDa6PCOj/uu9RU1EI2Q86A4qmslPpUyknw==");
}
