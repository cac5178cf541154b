#include "server/http_answer_parser.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cstdint>
#include <exception>
#include <utility>

namespace midge::server {

namespace http = boost::beast::http;

namespace {

constexpr std::uint32_t kHeadMax = 32 * 1024;

std::string joined(const http::fields& fields, http::field name) {
  std::string text;
  const auto [begin, end] = fields.equal_range(name);
  for (auto field = begin; field != end; ++field) {
    if (!text.empty()) text += ", ";
    text.append(field->value().data(), field->value().size());
  }
  return text;
}

}  // namespace

struct HttpAnswerParser::Machine {
  http::response_parser<http::string_body> parser;
  const std::size_t body_max;

  explicit Machine(std::size_t body_max) : body_max(body_max) {
    parser.eager(true);
    parser.header_limit(kHeadMax);
    parser.body_limit(body_max);
  }
};

HttpAnswerParser::HttpAnswerParser(std::size_t body_max)
    : machine_(std::make_unique<Machine>(body_max)) {}
HttpAnswerParser::~HttpAnswerParser() = default;

Result<bool> HttpAnswerParser::feed(std::string_view bytes) try {
  input_.append(bytes);
  auto& parser = machine_->parser;
  while (!parser.is_done() && !input_.empty()) {
    boost::beast::error_code error;
    const std::size_t used = parser.put(boost::asio::buffer(input_), error);
    input_.erase(0, used);
    // Beast's own limit does not hold for a body that the connection's end ends.
    const bool is_too_long = parser.get().body().size() > machine_->body_max;
    if (error == http::error::body_limit || error == http::error::header_limit || is_too_long)
      return failure("answer is too large", ErrorCode::kTooLarge);
    if (error == http::error::need_more) break;
    if (error) return failure("malformed HTTP response: " + error.message(), ErrorCode::kInvalid);
  }
  return parser.is_done();
} catch (const std::exception& wrong) {
  return failure(std::string("malformed HTTP response: ") + wrong.what(), ErrorCode::kInvalid);
}

Result<void> HttpAnswerParser::end() {
  auto& parser = machine_->parser;
  boost::beast::error_code error;
  if (!parser.got_some()) return failure("EOF", ErrorCode::kClosed);
  if (!parser.is_done()) parser.put_eof(error);
  if (error) return failure("unexpected EOF", ErrorCode::kClosed);
  return {};
}

HttpAnswer HttpAnswerParser::take() {
  auto message = machine_->parser.release();
  HttpAnswer answer;
  answer.status = message.result_int();
  answer.reason.assign(message.reason().data(), message.reason().size());
  answer.content_type = joined(message, http::field::content_type);
  answer.cache_control = joined(message, http::field::cache_control);
  answer.expires = joined(message, http::field::expires);
  answer.location = joined(message, http::field::location);
  answer.body = std::move(message.body());
  return answer;
}

}  // namespace midge::server
