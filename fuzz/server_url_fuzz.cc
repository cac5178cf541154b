// Goal: whatever stands where a server's URL should (servers send such of their cluster), reading
// ends in an error or in a URL that is fit to dial and whose text reads the same, names and
// passwords left out. Input: one byte that chooses the scheme, then the text.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "codec/server_url.h"

namespace {

using namespace midge::codec;

void require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

void check(ServerUrl url) {
  require(!url.host.empty() && url.port != 0, "nowhere to dial");
  const auto is_bad = [](char letter) {
    return static_cast<unsigned char>(letter) <= ' ' || letter == 0x7f;
  };
  require(std::ranges::none_of(url.text(), is_bad), "a line break or a blank");
  const auto again = parse_server_url(url.text());
  url.user.reset();
  url.password.reset();
  require(again && *again == url, "another URL by its text");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  // Memory of exactly the text's size: the sanitizer sees a read beyond it.
  const auto bytes = std::make_unique<char[]>(size - 1);
  std::copy(data + 1, data + size, bytes.get());
  const std::string_view text(bytes.get(), size - 1);
  if (const auto url = parse_server_url(text, static_cast<ServerScheme>(data[0] % 4))) check(*url);
  if (const auto urls = parse_server_urls(text)) std::ranges::for_each(*urls, check);
  return 0;
}
