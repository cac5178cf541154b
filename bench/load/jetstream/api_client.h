// Asks the server's API, one request after the other, waiting for each answer. For the set-up, and
// for what is measured one at a time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "frame_reader.h"
#include "scratch.h"
#include "socket.h"

namespace midge::load {

class ApiClient {
 public:
  ApiClient(Socket socket, Scratch& scratch);

  // What comes back; nobody answering, or an answer that says error, ends the run.
  std::string request(std::string_view subject, std::string_view body);
  // The same, and how long it took.
  std::int64_t request_ns(std::string_view subject, std::string_view body, std::string& answer);

 private:
  Socket socket_;
  FrameReader reader_;
};

}  // namespace midge::load
