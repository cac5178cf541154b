// What a client library is asked to do in the benchmark of clients; one program per library
// implements it, and client_role.cc is the same for all.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace midge::bench {

[[noreturn]] void fail(const std::string& text);

inline constexpr int kWindow = 500;  // of publishes without an acknowledgement, and of a fetch
inline constexpr char kStream[] = "BENCH", kConsumer[] = "bench", kStoredSubject[] = "stored.a";

class ClientUnderTest {
 public:
  virtual ~ClientUnderTest() = default;
  virtual void publish(std::string_view subject, std::string_view data) = 0;
  virtual void flush() = 0;
  // Called for each message, on whatever thread.
  virtual void subscribe(std::string_view subject, std::function<void()> on_message) = 0;
  // Answers every request with its own bytes.
  virtual void serve(std::string_view subject) = 0;
  virtual void request(std::string_view subject, std::string_view data) = 0;

  // kStream anew, of `stored.>`, in memory, with kConsumer; only one library need know how.
  virtual void make_stream() { fail("another library makes the stream"); }
  // Into the stream; waits while kWindow are without an acknowledgement.
  virtual void store(std::string_view subject, std::string_view data) = 0;
  virtual void await_stored() = 0;
  // Prepares fetch(), which takes up to kWindow messages of kConsumer, acknowledges each, and says
  // how many there were.
  virtual void bind() = 0;
  virtual std::size_t fetch() = 0;
};

// Ends the program with a text if it cannot connect.
std::unique_ptr<ClientUnderTest> connect(const std::string& url);

}  // namespace midge::bench
