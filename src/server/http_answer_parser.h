// Reads one HTTP answer from bytes as they come, with Beast's parser. Thread: one at a time.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "server/http_client.h"

namespace midge::server {

class HttpAnswerParser {
 public:
  // `body_max`: more is an error.
  explicit HttpAnswerParser(std::size_t body_max);
  ~HttpAnswerParser();

  // More bytes. True: the answer is whole. Errors: it is no HTTP, or too large.
  Result<bool> feed(std::string_view bytes);
  // No more bytes come. Errors: the answer is cut off.
  Result<void> end();
  // Of a whole answer.
  [[nodiscard]] HttpAnswer take();

 private:
  struct Machine;
  std::string input_;  // not yet parsed
  std::unique_ptr<Machine> machine_;
};

}  // namespace midge::server
