// Asks for a page of the monitoring port again and again, on a thread of its own that gives way to
// the generator's traffic, and notes how long each answer takes, all of it included.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

namespace midge::load {

class PageAsker {
 public:
  // `times`: how often; a pause as long as `pause_ns` lies between an answer and the next request.
  PageAsker(std::uint16_t port, std::string path, int times, std::int64_t pause_ns);
  ~PageAsker();

  [[nodiscard]] bool is_over() const { return over_.load(); }
  // Once it is over.
  [[nodiscard]] double median_ms() const;
  [[nodiscard]] double longest_ms() const;
  [[nodiscard]] double answer_bytes() const { return static_cast<double>(bytes_); }

 private:
  void run();
  // The bytes of the answer, head included.
  [[nodiscard]] std::size_t ask() const;

  std::uint16_t port_;
  std::string path_;
  int times_;
  std::int64_t pause_ns_;
  std::vector<double> took_ms_;
  std::size_t bytes_ = 0;
  std::atomic<bool> over_{false};
  std::thread thread_;
};

}  // namespace midge::load
