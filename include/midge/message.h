// A message as it came, or a header block to send.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#pragma GCC visibility push(default)

namespace midge {

namespace detail {
struct MessageBlock;
}

// Header fields to send, in the order they were added. A name may come again.
//
//   midge::Headers headers;
//   headers.add("Nats-Msg-Id", "42");
class Headers {
 public:
  // One more field. Returns itself, so that calls can follow each other.
  Headers& add(std::string_view name, std::string_view value);
  // Replaces all values of that name.
  Headers& set(std::string_view name, std::string_view value);
  [[nodiscard]] bool empty() const { return lines_.empty(); }
  // The fields as they are sent: `Name: value\r\n` each.
  [[nodiscard]] const std::string& lines() const { return lines_; }
  // Why a name or a value cannot be sent: it holds a colon or a line's end. "" = it can.
  [[nodiscard]] std::string_view fault() const { return fault_; }

 private:
  std::string lines_;
  std::string_view fault_;
};

// A handle of one pointer. What a callback gets lies in the receive buffer; copying it keeps it,
// and copies of copies share their bytes. Thread: one at a time for one handle; copies are
// independent.
class Message {
 public:
  Message() = default;  // none: all views are empty
  Message(const Message& other);
  Message(Message&& other) noexcept;
  Message& operator=(Message other) noexcept;
  ~Message();

  // Views are good for as long as the message is.
  [[nodiscard]] std::string_view subject() const;
  [[nodiscard]] std::string_view reply() const;  // "" = none
  [[nodiscard]] std::string_view data() const;

  [[nodiscard]] bool has_headers() const;
  // The first value of that name, letter by letter.
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const;
  [[nodiscard]] std::vector<std::string_view> header_values(std::string_view name) const;
  struct Field {
    std::string_view name, value;
  };
  [[nodiscard]] std::vector<Field> header_fields() const;
  // Of a server's answer: `503`; 0 = none. And the words behind it: `No Responders`.
  [[nodiscard]] int status() const;
  [[nodiscard]] std::string_view description() const;

 private:
  friend struct detail::MessageBlock;
  explicit Message(detail::MessageBlock* block) : block_(block) {}
  detail::MessageBlock* block_ = nullptr;
};

}  // namespace midge

#pragma GCC visibility pop
