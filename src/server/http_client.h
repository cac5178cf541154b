// One HTTP request and its whole answer: http and https, HTTP/1.1, a connection each.
//
// Thread: any; blocks until the answer is there or the time is over, so the pool's or the start's,
// never a loop's.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "io/clock.h"
#include "io/net.h"
#include "tls/context.h"

namespace midge::server {

struct HttpHeader {
  std::string name, value;
};

struct HttpCall {  // HttpRequest is what the monitor answers
  std::string method = "GET";
  std::string url;                  // `http://…` or `https://…`
  std::vector<HttpHeader> headers;  // besides Host, User-Agent, Connection and Content-Length
  std::string body;                 // of a POST
  Duration timeout = seconds(5);    // of all of it, redirects included
  std::size_t limit = 1 << 20;      // of the answer's body, in bytes
  int redirects_max = 0;            // how many are followed; beyond, a 3xx is the answer
  // Whom https believes (Context::Use::kClient). Null: the machine's roots.
  tls::ContextPtr trust;
};

struct HttpAnswer {
  int status = 0;
  std::string reason;  // `Not Found`
  std::string body;
  std::string content_type;   // "" = none was given, as with those below
  std::string cache_control;  // joined with ", " where it came more than once
  std::string expires;
  std::string location;

  [[nodiscard]] bool is_ok() const { return status == 200; }
  // `404 Not Found`
  [[nodiscard]] std::string status_text() const;
};

// An answer of any status is a success. Errors: a URL that is none, no connection, a certificate
// that is not believed, no answer within the time, one that is too large or is no HTTP; the text
// begins with the method and URL, without a password in it: `Get "http://a/b": …`.
Result<HttpAnswer> fetch(io::Net& net, io::Clock& clock, const HttpCall& call);

}  // namespace midge::server
