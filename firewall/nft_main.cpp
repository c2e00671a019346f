// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later
// agentbox-nft: runs each line of its input, a document of libnftables-json(5), and prints what libnftables lists. Ends
// with status 1 and libnftables' message at the first document that fails.
//
// A separate program that shares no code with the others, because libnftables is licensed under GPL version 2 only.
// With nft(8) a box would start 3 ms later: it reads one document per start, and is linked with more libraries.
#include <cstddef>
#include <cstdio>
#include <cstdlib>
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
  bool ok = true;
  while (ok && getline(&line, &room, stdin) > 0) {
    ok = nft_run_cmd_from_buffer(nft, line) == 0;
  }
  ok = ok && std::ferror(stdin) == 0 && std::fflush(stdout) == 0;
  std::_Exit(ok ? 0 : 1); // the kernel frees the context's memory with the process
}
