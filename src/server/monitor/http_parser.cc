#include "server/monitor/http_parser.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/optional.hpp>
#include <cstdint>
#include <exception>
#include <limits>
#include <string_view>
#include <utility>

#include "server/monitor/query.h"

namespace midge::server {

namespace http = boost::beast::http;

namespace {

using BeastError = boost::beast::error_code;

// A body of which only the size is kept.
struct ForgottenBody {
  struct value_type {
    std::uint64_t size = 0;
  };

  class reader {
   public:
    template <bool is_request, class Fields>
    reader(http::header<is_request, Fields>&, value_type& body) : body_(body) {}
    void init(const boost::optional<std::uint64_t>&, BeastError& error) { error = {}; }
    template <class Buffers>
    std::size_t put(const Buffers& buffers, BeastError& error) {
      error = {};
      const std::size_t bytes = boost::asio::buffer_size(buffers);
      body_.size += bytes;
      return bytes;
    }
    void finish(BeastError& error) { error = {}; }

   private:
    value_type& body_;
  };
};

using BeastParser = http::request_parser<ForgottenBody>;

std::string_view view(boost::beast::string_view text) { return {text.data(), text.size()}; }

bool body_is_too_long(const BeastParser& parser) {
  if (!parser.is_header_done()) return false;
  if (parser.get().body().size > HttpParser::kBodyBytesMax) return true;
  const auto remaining = parser.content_length_remaining();
  return remaining && *remaining > HttpParser::kBodyBytesMax;
}

// `GET / HTTP/3.0`, against what is no HTTP at all.
bool first_line_names_version(std::string_view input) {
  const std::string_view line = input.substr(0, input.find_first_of("\r\n"));
  constexpr std::string_view kForm = "HTTP/1.1";
  if (line.size() < kForm.size()) return false;
  const std::string_view last = line.substr(line.size() - kForm.size());
  return last.starts_with("HTTP/") && last[6] == '.';
}

}  // namespace

struct HttpParser::Machine {
  BeastParser parser;

  Machine() {
    parser.eager(true);
    parser.header_limit(HttpParser::kHeaderBytesMax);
    // parse() bounds the body: it answers instead of failing.
    parser.body_limit(std::numeric_limits<std::uint64_t>::max());
  }
};

HttpParser::HttpParser() : machine_(std::make_unique<Machine>()) {}
HttpParser::~HttpParser() = default;

HttpParser::Status HttpParser::parse(std::string& input) try {
  auto& parser = machine_->parser;
  while (!parser.is_done() && !body_is_too_long(parser)) {
    if (input.empty()) return Status::kNeedMore;
    BeastError error;
    const std::size_t used = parser.put(boost::asio::buffer(input), error);
    if (error == http::error::need_more) {
      input.erase(0, used);
      return Status::kNeedMore;
    }
    if (error == http::error::header_limit) return refuse(431);
    if (error == http::error::bad_version && first_line_names_version(input))
      return refuse(505, "unsupported protocol version");
    if (error) return refuse(400);
    input.erase(0, used);
  }
  return finish();
} catch (const std::exception&) {
  return refuse(400);
}

HttpParser::Status HttpParser::finish() {
  const auto& parser = machine_->parser;
  const auto& message = parser.get();
  const auto hosts = message.count(http::field::host);
  if (hosts == 0 && message.version() >= 11) return refuse(400, "missing required Host header");
  if (hosts > 1) return refuse(400);
  // Where such a body ends nobody knows.
  if (message.count(http::field::transfer_encoding) > 0 && !message.chunked()) return refuse(501);

  std::string_view target = view(message.target());
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!target.starts_with(scheme)) continue;
    target.remove_prefix(scheme.size());
    const std::size_t slash = target.find('/');
    target = slash == std::string_view::npos ? "/" : target.substr(slash);
  }
  if (!target.starts_with('/')) return refuse(400);

  const std::size_t mark = target.find('?');
  request_ = {};
  request_.raw_path = target.substr(0, mark);
  if (mark != std::string_view::npos) request_.query = target.substr(mark + 1);
  auto path = percent_decoded(request_.raw_path, PlusSign::kLiteral);
  if (!path) return refuse(400);
  request_.path = *std::move(path);
  request_.head = message.method() == http::verb::head;
  request_.http_1_0 = message.version() == 10;
  request_.keep_alive = message.keep_alive() && parser.is_done();
  return Status::kRequest;
}

bool HttpParser::has_begun() const { return machine_->parser.got_some(); }

HttpRequest HttpParser::take_request() {
  machine_ = std::make_unique<Machine>();
  return std::move(request_);
}

HttpParser::Status HttpParser::refuse(int status, std::string_view detail) {
  refusal_ = render_refusal(status, detail);
  return Status::kRefused;
}

}  // namespace midge::server
