#include "page_asker.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "clock.h"
#include "fail.h"

namespace midge::load {

PageAsker::PageAsker(std::uint16_t port, std::string path, int times, std::int64_t pause_ns)
    : port_(port), path_(std::move(path)), times_(times), pause_ns_(pause_ns), thread_([this] {
        run();
      }) {}

PageAsker::~PageAsker() { thread_.join(); }

void PageAsker::run() {
  const sched_param no_priority{};
  ::sched_setscheduler(0, SCHED_BATCH, &no_priority);
  for (int i = 0; i < times_; ++i) {
    const std::int64_t begin = now_ns();
    bytes_ = ask();
    took_ms_.push_back(static_cast<double>(now_ns() - begin) / 1e6);
    const timespec pause{pause_ns_ / kSecond, pause_ns_ % kSecond};
    ::nanosleep(&pause, nullptr);
  }
  over_ = true;
}

std::size_t PageAsker::ask() const {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port_);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    fail("no monitoring port");
  const std::string request =
      "GET " + path_ + " HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n";
  if (::send(fd, request.data(), request.size(), MSG_NOSIGNAL) < 0) fail("cannot ask");
  static thread_local std::array<char, 1 << 18> chunk;
  std::string head;
  std::size_t all = 0;
  ssize_t count = 0;
  while ((count = ::recv(fd, chunk.data(), chunk.size(), 0)) > 0) {
    if (head.size() < 32) head.append(chunk.data(), std::min<std::size_t>(32, count));
    all += static_cast<std::size_t>(count);
  }
  ::close(fd);
  if (!head.starts_with("HTTP/1.1 200")) fail("the page is not answered: " + head);
  return all;
}

double PageAsker::median_ms() const {
  std::vector<double> sorted = took_ms_;
  std::ranges::sort(sorted);
  return sorted[sorted.size() / 2];
}

double PageAsker::longest_ms() const { return *std::ranges::max_element(took_ms_); }

}  // namespace midge::load
