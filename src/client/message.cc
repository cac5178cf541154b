#include "midge/message.h"

#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

#include "client/message_block.h"
#include "proto/message_headers.h"

namespace midge {

namespace detail {

MessageBlock* MessageBlock::copy_of(const MessageBlock& block) {
  const std::size_t size =
      block.subject.size() + block.reply.size() + block.headers.size() + block.data.size();
  void* memory = std::malloc(sizeof(MessageBlock) + size);
  if (memory == nullptr) std::abort();
  auto* copy = new (memory) MessageBlock{.references = 1};
  char* at = static_cast<char*>(memory) + sizeof(MessageBlock);
  const auto keep = [&at](std::string_view bytes) {
    char* const begin = at;
    if (!bytes.empty()) std::memcpy(begin, bytes.data(), bytes.size());
    at += bytes.size();
    return std::string_view(begin, bytes.size());
  };
  copy->subject = keep(block.subject);
  copy->reply = keep(block.reply);
  copy->headers = keep(block.headers);
  copy->data = keep(block.data);
  return copy;
}

void MessageBlock::release() {
  if (references.load(std::memory_order_relaxed) == 0) return;  // not ours
  if (references.fetch_sub(1, std::memory_order_acq_rel) == 1) std::free(this);
}

}  // namespace detail

namespace {

const detail::MessageBlock kNothing;

const detail::MessageBlock& block_or_nothing(const detail::MessageBlock* block) {
  return block != nullptr ? *block : kNothing;
}

}  // namespace

Message::Message(const Message& other) : block_(other.block_) {
  if (block_ == nullptr) return;
  if (block_->references.load(std::memory_order_relaxed) == 0)
    block_ = detail::MessageBlock::copy_of(*block_);
  else
    block_->references.fetch_add(1, std::memory_order_relaxed);
}

// Only owned ones are moved: borrowed ones are const to whoever sees them.
Message::Message(Message&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}

Message& Message::operator=(Message other) noexcept {
  std::swap(block_, other.block_);
  return *this;
}

Message::~Message() {
  if (block_ != nullptr) block_->release();
}

std::string_view Message::subject() const { return block_or_nothing(block_).subject; }
std::string_view Message::reply() const { return block_or_nothing(block_).reply; }
std::string_view Message::data() const { return block_or_nothing(block_).data; }
bool Message::has_headers() const { return !block_or_nothing(block_).headers.empty(); }

std::optional<std::string_view> Message::header(std::string_view name) const {
  return proto::find_header(block_or_nothing(block_).headers, name);
}

std::vector<std::string_view> Message::header_values(std::string_view name) const {
  return proto::header_values(block_or_nothing(block_).headers, name);
}

std::vector<Message::Field> Message::header_fields() const {
  std::vector<Field> fields;
  proto::for_each_header_field(block_or_nothing(block_).headers, [&](proto::HeaderField field) {
    fields.push_back({field.name, field.value});
  });
  return fields;
}

int Message::status() const { return proto::header_status(block_or_nothing(block_).headers).code; }

std::string_view Message::description() const {
  return proto::header_status(block_or_nothing(block_).headers).description;
}

Headers& Headers::add(std::string_view name, std::string_view value) {
  if (!proto::check_header_field(name, value)) {
    fault_ = "a header's name or value cannot be sent";
    return *this;
  }
  lines_.append(name).append(": ").append(value).append("\r\n");
  return *this;
}

Headers& Headers::set(std::string_view name, std::string_view value) {
  std::string kept;
  std::string_view rest = lines_;
  for (std::string_view line; proto::take_header_line(rest, line);)
    if (line.substr(0, line.find(':')) != name) kept.append(line).append("\r\n");
  lines_ = std::move(kept);
  return add(name, value);
}

}  // namespace midge
