// SPDX-License-Identifier: Apache-2.0
#include "image/fetch.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <curl/curl.h>
#include <dlfcn.h>
#include <exception>
#include <fcntl.h>
#include <initializer_list>
#include <memory>
#include <string_view>
#include <unistd.h>
#include <utility>

#include "support/digest.hpp"
#include "support/error.hpp"
#include "support/fd.hpp"
#include "support/file.hpp"
#include "support/text.hpp"

namespace agentbox::image {
namespace {

using support::Error;
using support::ExitCode;
using support::Fd;

template <typename Function>
void load(void* library, Function*& function, const char* name) {
  function = reinterpret_cast<Function*>(dlsym(library, name)); // NOLINT(*-reinterpret-cast): what dlsym(3) is for
  if (function == nullptr) {
    throw Error(ExitCode::failed, std::string("libcurl has no function ") + name, "install a newer libcurl");
  }
}

/// libcurl, loaded by the first Fetcher: linked, its 23 libraries would add 7 ms (measured) to every start of agentbox.
struct Libcurl {
  decltype(&curl_easy_init) easy_init;
  decltype(&curl_easy_setopt) easy_setopt;
  decltype(&curl_easy_strerror) easy_strerror;
  decltype(&curl_easy_cleanup) easy_cleanup;
  decltype(&curl_multi_init) multi_init;
  decltype(&curl_multi_add_handle) multi_add_handle;
  decltype(&curl_multi_perform) multi_perform;
  decltype(&curl_multi_poll) multi_poll;
  decltype(&curl_multi_info_read) multi_info_read;
  decltype(&curl_multi_cleanup) multi_cleanup;

  Libcurl() {
    void* const library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) {
      throw Error(ExitCode::failed, std::string("cannot load libcurl: ") + dlerror(), // NOLINT(concurrency-mt-unsafe)
                  "sudo apt-get install libcurl4, or: sudo dnf install libcurl");
    }
    decltype(&curl_global_init) global_init = nullptr;
    load(library, global_init, "curl_global_init");
    load(library, easy_init, "curl_easy_init");
    load(library, easy_setopt, "curl_easy_setopt");
    load(library, easy_strerror, "curl_easy_strerror");
    load(library, easy_cleanup, "curl_easy_cleanup");
    load(library, multi_init, "curl_multi_init");
    load(library, multi_add_handle, "curl_multi_add_handle");
    load(library, multi_perform, "curl_multi_perform");
    load(library, multi_poll, "curl_multi_poll");
    load(library, multi_info_read, "curl_multi_info_read");
    load(library, multi_cleanup, "curl_multi_cleanup");
    unsetenv("SSLKEYLOGFILE"); // libcurl would write the keys of our connections there
    global_init(CURL_GLOBAL_DEFAULT);
  }
};

const Libcurl& libcurl() {
  static const Libcurl loaded;
  return loaded;
}

struct FreeCurl {
  void operator()(CURL* handle) const { libcurl().easy_cleanup(handle); }
};
struct FreeMulti {
  void operator()(CURLM* handle) const { libcurl().multi_cleanup(handle); }
};

/// The data that on_body() needs. Exceptions must not pass through libcurl's C code.
struct Transfer {
  const std::function<void(std::string_view)>& receive;
  std::uint64_t left;
  bool too_long = false;
  std::exception_ptr failure = nullptr;
};

std::size_t on_body(const char* bytes, std::size_t /*one*/, std::size_t count, void* context) {
  auto& transfer = *static_cast<Transfer*>(context);
  transfer.too_long = count > transfer.left;
  if (transfer.too_long) {
    return CURL_WRITEFUNC_ERROR;
  }
  transfer.left -= count;
  try {
    transfer.receive({bytes, count});
    return count;
  } catch (...) {
    transfer.failure = std::current_exception();
    return CURL_WRITEFUNC_ERROR;
  }
}

/// Runs the transfer of `easy` and calls `poll` ten times a second, even while a name is looked up.
CURLcode perform(CURL* easy, const std::function<void()>& poll) {
  constexpr int k_interval_ms = 100;
  const std::unique_ptr<CURLM, FreeMulti> multi(libcurl().multi_init());
  CURLMcode code = libcurl().multi_add_handle(multi.get(), easy);
  for (int running = 1; code == CURLM_OK && running > 0;) {
    poll();
    code = libcurl().multi_perform(multi.get(), &running);
    if (code == CURLM_OK && running > 0) {
      code = libcurl().multi_poll(multi.get(), nullptr, 0, k_interval_ms, nullptr);
    }
  }
  int left = 0;
  const CURLMsg* message = libcurl().multi_info_read(multi.get(), &left);
  return message == nullptr ? CURLE_FAILED_INIT : message->data.result; // NOLINT(*-union-access): libcurl's
}

std::string hint_for(CURLcode code) {
  switch (code) {
  case CURLE_COULDNT_RESOLVE_PROXY:
  case CURLE_COULDNT_RESOLVE_HOST:
  case CURLE_COULDNT_CONNECT:
  case CURLE_OPERATION_TIMEDOUT: return "check the network and the proxy; npm_config_registry selects another registry";
  case CURLE_HTTP_RETURNED_ERROR: return "the version may no longer be published; run: agentbox update";
  case CURLE_SSL_CONNECT_ERROR:
  case CURLE_PEER_FAILED_VERIFICATION:
  case CURLE_SSL_CACERT_BADFILE: return "if the network has its own CA: --ca-bundle FILE";
  default: return "try again; the download starts over";
  }
}

/// Returns the first of `names` that is set in `environment`; "" when none is.
std::string first_of(const std::map<std::string, std::string>& environment, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (const auto found = environment.find(name); found != environment.end() && !found->second.empty()) {
      return found->second;
    }
  }
  return "";
}

} // namespace

Fetcher::Fetcher(std::map<std::string, std::string> environment, std::optional<std::filesystem::path> ca_bundle,
                 std::function<void()> poll)
    : m_environment(std::move(environment)), m_ca_bundle(std::move(ca_bundle)), m_poll(std::move(poll)) {
  libcurl();
}

void Fetcher::transfer(const std::string& address, std::uint64_t max_bytes,
                       const std::function<void(std::string_view)>& receive) const {
  const std::unique_ptr<CURL, FreeCurl> handle(libcurl().easy_init());
  const auto set = [&](CURLoption option, auto value) {
    if (libcurl().easy_setopt(handle.get(), option, value) != CURLE_OK) { // NOLINT(*-vararg)
      throw Error(ExitCode::failed, "internal error: libcurl does not support option " + std::to_string(option));
    }
  };
  const bool plain = address.starts_with("http://");
  const std::string proxy = plain ? first_of(m_environment, {"http_proxy", "all_proxy", "ALL_PROXY"})
                                  : first_of(m_environment, {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"});
  const std::string ca_file =
      m_ca_bundle ? m_ca_bundle->string() : first_of(m_environment, {"CURL_CA_BUNDLE", "SSL_CERT_FILE"});
  const std::string ca_directory = first_of(m_environment, {"SSL_CERT_DIR"});
  Transfer transfer{receive, max_bytes};
  std::array<char, CURL_ERROR_SIZE> reason{};
  set(CURLOPT_URL, address.c_str());
  set(CURLOPT_PROTOCOLS_STR, plain ? "http,https" : "https");
  set(CURLOPT_REDIR_PROTOCOLS_STR, "https");
  set(CURLOPT_FOLLOWLOCATION, 1L);
  set(CURLOPT_MAXREDIRS, 5L);
  set(CURLOPT_FAILONERROR, 1L);
  set(CURLOPT_CONNECTTIMEOUT, 20L);
  set(CURLOPT_LOW_SPEED_LIMIT, 1000L);
  set(CURLOPT_LOW_SPEED_TIME, 30L);
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_USERAGENT, "agentbox/" AGENTBOX_VERSION);
  set(CURLOPT_PROXY, proxy.c_str()); // "": none, even when the environment of this process names one
  set(CURLOPT_NOPROXY, first_of(m_environment, {"no_proxy", "NO_PROXY"}).c_str());
  if (!ca_file.empty()) {
    set(CURLOPT_CAINFO, ca_file.c_str());
  }
  if (!m_ca_bundle && !ca_directory.empty()) {
    set(CURLOPT_CAPATH, ca_directory.c_str());
  }
  set(CURLOPT_ERRORBUFFER, reason.data());
  set(CURLOPT_WRITEFUNCTION, on_body);
  set(CURLOPT_WRITEDATA, &transfer);
  set(CURLOPT_QUICK_EXIT, 1L); // do not wait for a name server when `m_poll` throws
  const CURLcode code = perform(handle.get(), m_poll);
  if (transfer.failure) {
    std::rethrow_exception(transfer.failure);
  }
  if (transfer.too_long) {
    throw Error(ExitCode::failed, address + " sent more than " + std::to_string(max_bytes) + " bytes",
                "check npm_config_registry");
  }
  if (code != CURLE_OK) {
    const std::string why = reason[0] != '\0' ? reason.data() : libcurl().easy_strerror(code);
    throw Error(ExitCode::failed, "cannot download " + address + ": " + support::escape_untrusted(why), hint_for(code));
  }
}

std::string Fetcher::text(const std::string& address, std::uint64_t max_bytes) const {
  std::string body;
  transfer(address, max_bytes, [&](std::string_view piece) { body.append(piece); });
  return body;
}

std::string Fetcher::file(const std::string& address, const std::filesystem::path& path,
                          std::uint64_t max_bytes) const {
  const Fd file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file) {
    throw support::system_error(ExitCode::failed, "cannot create " + path.string(), errno);
  }
  support::Sha512 digest;
  try {
    transfer(address, max_bytes, [&](std::string_view piece) {
      digest.update(piece);
      support::write_all(file.get(), piece, path);
    });
  } catch (...) {
    unlink(path.c_str());
    throw;
  }
  return digest.base64();
}

} // namespace agentbox::image
