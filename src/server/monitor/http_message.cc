#include "server/monitor/http_message.h"

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

namespace midge::server {
namespace {

std::string_view reason_phrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 307:
      return "Temporary Redirect";
    case 400:
      return "Bad Request";
    case 404:
      return "Not Found";
    case 408:
      return "Request Timeout";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Unknown";
  }
}

std::string html_escaped(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&#34;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

struct Date {
  std::int64_t year;
  unsigned month, day;  // from 1
};

// Days since 1970 to the Gregorian calendar, counted in eras of 400 years that begin in March.
Date date_of(std::int64_t days) {
  days += 719468;  // to 0000-03-01
  const std::int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  const auto day_of_era = static_cast<unsigned>(days - era * 146097);
  const unsigned year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const unsigned day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const unsigned shifted_month = (5 * day_of_year + 2) / 153;
  const unsigned month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
  return {.year = era * 400 + year_of_era + (month <= 2 ? 1 : 0),
          .month = month,
          .day = day_of_year - (153 * shifted_month + 2) / 5 + 1};
}

}  // namespace

HttpResponse HttpResponse::json(std::string body, int status) {
  return {.status = status,
          .content_type = "application/json",
          .any_origin = true,
          .body = std::move(body)};
}

HttpResponse HttpResponse::json(std::vector<std::string> pieces) {
  HttpResponse response = json(std::string());
  response.more = std::move(pieces);
  return response;
}

std::size_t HttpResponse::body_size() const {
  std::size_t size = body.size();
  for (const std::string& piece : more) size += piece.size();
  return size;
}

HttpResponse HttpResponse::metrics(std::string body) {
  return {.status = 200,
          .content_type = "text/plain; version=0.0.4; charset=utf-8",
          .body = std::move(body)};
}

HttpResponse HttpResponse::text(std::string body, int status) {
  return {.status = status, .content_type = "text/plain; charset=utf-8", .body = std::move(body)};
}

HttpResponse HttpResponse::html(std::string body, int status) {
  return {.status = status, .content_type = "text/html; charset=utf-8", .body = std::move(body)};
}

HttpResponse HttpResponse::not_found() {
  HttpResponse response = text("404 page not found\n", 404);
  response.no_sniff = true;
  return response;
}

HttpResponse HttpResponse::redirect(std::string location) {
  HttpResponse response =
      html("<a href=\"" + html_escaped(location) + "\">Temporary Redirect</a>.\n\n", 307);
  response.location = std::move(location);
  return response;
}

std::string render(const HttpResponse& response, const HttpRequest& request, WallTime now) {
  std::string out = fmt::format("HTTP/1.{} {} {}\r\n", request.http_1_0 ? 0 : 1, response.status,
                                reason_phrase(response.status));
  if (response.any_origin) out += "Access-Control-Allow-Origin: *\r\n";
  out += "Content-Type: " + response.content_type + "\r\n";
  if (!response.location.empty()) out += "Location: " + response.location + "\r\n";
  if (response.no_sniff) out += "X-Content-Type-Options: nosniff\r\n";
  out += response.headers;
  out += "Date: " + http_date(now) + "\r\n";
  out += fmt::format("Content-Length: {}\r\n", response.body_size());
  // Said where it differs from what the version implies.
  if (request.http_1_0 && request.keep_alive) out += "Connection: keep-alive\r\n";
  if (!request.http_1_0 && !request.keep_alive) out += "Connection: close\r\n";
  out += "\r\n";
  if (!request.head) out += response.body;
  return out;
}

std::string render_refusal(int status, std::string_view detail) {
  std::string line = fmt::format("{} {}", status, reason_phrase(status));
  if (!detail.empty()) line.append(": ").append(detail);
  return "HTTP/1.1 " + line +
         "\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n" + line;
}

std::string http_date(WallTime time) {
  static constexpr std::array<std::string_view, 7> kDays = {
      "Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};  // 1970-01-01 first
  static constexpr std::array<std::string_view, 12> kMonths = {
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  constexpr std::int64_t kDay = 24 * 60 * 60;
  std::int64_t seconds = time.ns / 1'000'000'000;
  if (seconds < 0) seconds = 0;
  const std::int64_t days = seconds / kDay;
  const std::int64_t of_day = seconds % kDay;
  const Date date = date_of(days);
  return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT", kDays[days % 7], date.day,
                     kMonths[date.month - 1], date.year, of_day / 3600, of_day / 60 % 60,
                     of_day % 60);
}

std::string clean_path(std::string_view path) {
  std::vector<std::string_view> elements;
  bool ends_in_slash = false;
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    const std::string_view element = path.substr(0, slash);
    ends_in_slash = slash != std::string_view::npos;
    if (element == "..") {
      if (!elements.empty()) elements.pop_back();
    } else if (!element.empty() && element != ".") {
      elements.push_back(element);
    }
    if (!ends_in_slash) break;
    path.remove_prefix(slash + 1);
  }
  std::string clean;
  for (const std::string_view element : elements) clean.append("/").append(element);
  if (clean.empty() || ends_in_slash) clean += '/';
  return clean;
}

}  // namespace midge::server
