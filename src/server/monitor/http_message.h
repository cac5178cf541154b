// An HTTP request as the monitor sees it, and the answer it gives. Pure data; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace midge::server {

struct HttpRequest {
  std::string raw_path;  // as it came, without query
  std::string path;      // percent-decoded
  std::string query;     // as it came, without `?`
  bool head = false;     // the answer goes without its body
  bool http_1_0 = false;
  bool keep_alive = true;
};

struct HttpResponse {
  int status = 200;
  std::string content_type;
  bool any_origin = false;  // browsers on other sites may read it
  bool no_sniff = false;
  std::string location;  // of a redirect
  std::string headers;   // more of them, each with its line end
  std::string body;
  std::vector<std::string> more;  // of a long body: what follows

  static HttpResponse json(std::string body, int status = 200);
  static HttpResponse json(std::vector<std::string> pieces);
  // Metrics in Prometheus' text format.
  static HttpResponse metrics(std::string body);
  static HttpResponse text(std::string body, int status);
  static HttpResponse html(std::string body, int status = 200);
  static HttpResponse not_found();
  static HttpResponse redirect(std::string location);

  [[nodiscard]] std::size_t body_size() const;
};

// The bytes to send, without what follows the body.
[[nodiscard]] std::string render(const HttpResponse& response, const HttpRequest& request,
                                 WallTime now);
// What a request that cannot be understood is answered before the connection closes; `detail` may
// be empty.
[[nodiscard]] std::string render_refusal(int status, std::string_view detail);

// `Wed, 25 Nov 2026 08:38:08 GMT`
[[nodiscard]] std::string http_date(WallTime time);

// The path without empty, `.` and `..` elements; a final slash stays.
[[nodiscard]] std::string clean_path(std::string_view path);

}  // namespace midge::server
