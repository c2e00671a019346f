// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later
// agentbox-nft: runs each line of its input, a document of libnftables-json(5), and prints what libnftables lists. Ends
// with status 1 and libnftables' message at the first document that fails.
//
// A separate program that shares no code with the others, because libnftables is licensed under GPL version 2 only.
// With nft(8) a box would start 3 ms later: it reads one document per start, and is linked with more libraries.
#include <cstddef>
#include <cstdio>
#include <nftables/libnftables.h>

int main() {
  nft_ctx* const nft = nft_ctx_new(NFT_CTX_DEFAULT);
  if (nft == nullptr) {
    std::fputs("cannot open libnftables\n", stderr);
    return 1;
  }
  nft_ctx_output_set_flags(nft, NFT_CTX_OUTPUT_JSON | NFT_CTX_OUTPUT_NUMERIC_PRIO | NFT_CTX_OUTPUT_NUMERIC_PROTO);
  char* line = nullptr;
  std::size_t room = 0;
  while (getline(&line, &room, stdin) > 0) {
    if (nft_run_cmd_from_buffer(nft, line) != 0) {
      return 1;
    }
  }
  return std::ferror(stdin) == 0 && std::fflush(stdout) == 0 ? 0 : 1;
}
