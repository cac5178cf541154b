#include "server/system/profile_port.h"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <utility>
#include <vector>

#include "server/monitor/expvarz.h"
#include "server/monitor/query.h"

namespace midge::server {
namespace {

constexpr std::string_view kFolder = "/debug/pprof/";
constexpr std::int64_t kSecondsUsual = 30;  // Go's
constexpr std::int64_t kSecondsMax = 300;
constexpr Duration kToWrite = seconds(20);  // beyond the time that is measured

// Go's tools show the text of an error only with this.
HttpResponse refusal(int status, std::string text) {
  HttpResponse response = HttpResponse::text(std::move(text) + "\n", status);
  response.no_sniff = true;
  response.headers = "X-Go-Pprof: 1\r\n";
  return response;
}

HttpResponse attachment(std::string_view name, std::string bytes) {
  HttpResponse response{.status = 200,
                        .content_type = "application/octet-stream",
                        .no_sniff = true,
                        .body = std::move(bytes)};
  response.headers = "Content-Disposition: attachment; filename=\"" + std::string(name) + "\"\r\n";
  return response;
}

HttpResponse plain(std::string text) {
  HttpResponse response = HttpResponse::text(std::move(text), 200);
  response.no_sniff = true;
  return response;
}

// As Go: anything but a number above 0 means the usual.
std::int64_t seconds_of(const Query& query) {
  const auto wanted = query.integer("seconds");
  return wanted && *wanted > 0 ? *wanted : kSecondsUsual;
}

// Hexadecimal numbers with `+` between them; others are left out.
std::vector<std::uint64_t> addresses_in(std::string_view text) {
  std::vector<std::uint64_t> found;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('+'), text.size());
    std::string_view digits = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (digits.starts_with("0x")) digits.remove_prefix(2);
    std::uint64_t address = 0;
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), address, 16);
    if (read.ec == std::errc{} && read.ptr == digits.data() + digits.size())
      found.push_back(address);
  }
  return found;
}

}  // namespace

struct ProfilePort::Page {
  enum class Kind : std::uint8_t { kProfile, kCommandLine, kSymbol, kNotKept };
  std::string_view name;
  Kind kind;
  std::string_view profile;  // how the desk calls it
  std::string_view text;     // what it is, or why there is none
};

constexpr ProfilePort::Page ProfilePort::kPages[] = {
    {"profile", Page::Kind::kProfile, "cpu",
     "Processor time of all threads, sampled for as many seconds as the parameter seconds says."},
    {"goroutine", Page::Kind::kProfile, "goroutine", "What each thread does now."},
    {"threadcreate", Page::Kind::kProfile, "threadcreate", "The same."},
    {"cmdline", Page::Kind::kCommandLine, "",
     "The executable's name. Arguments may hold secrets, and are not told."},
    {"symbol", Page::Kind::kSymbol, "", "The functions at addresses."},
    {"heap", Page::Kind::kNotKept, "",
     "Midge does not sample allocations. /varz and /metrics tell how much memory is used for "
     "what."},
    {"allocs", Page::Kind::kNotKept, "", "Midge does not sample allocations."},
    {"block", Page::Kind::kNotKept, "",
     "Midge's loops do not wait for each other. /stacksz and /metrics tell how long their turns "
     "are."},
    {"mutex", Page::Kind::kNotKept, "", "Midge does not count waits for locks."},
    {"trace", Page::Kind::kNotKept, "", "This is a tracer of Go's scheduler, which Midge has not."},
};

void ProfilePort::on_request(ExchangeId exchange, const HttpRequest& request) {
  const std::string_view path = request.path;
  if (path == kFolder.substr(0, kFolder.size() - 1))
    return answer(exchange, HttpResponse::redirect(std::string(kFolder)));
  if (path == "/debug/vars") {
    HttpResponse response = HttpResponse::json(
        compose_expvarz({env_.process().executable_name(), env_.process().resident_bytes()}));
    response.any_origin = false;
    return answer(exchange, std::move(response));
  }
  if (!path.starts_with(kFolder)) return answer(exchange, HttpResponse::not_found());
  const std::string_view name = path.substr(kFolder.size());
  if (name.empty()) return answer(exchange, HttpResponse::html(index()));
  const Page* page = std::ranges::find(kPages, name, &Page::name);
  if (page == std::end(kPages)) return answer(exchange, refusal(404, "Unknown profile"));
  serve(exchange, request, *page);
}

std::string ProfilePort::index() {
  std::string page =
      "<html><head><title>/debug/pprof/</title></head><body><h1>Profiles</h1><table>\n";
  for (const Page& one : kPages) {
    const std::string name(one.name);
    const bool kept = one.kind != Page::Kind::kNotKept;
    page += "<tr><td>" + (kept ? "<a href='" + name + "'>" + name + "</a>" : name) + "</td><td>";
    page += std::string(one.text) + "</td></tr>\n";
  }
  return page + "</table></body></html>\n";
}

void ProfilePort::serve(ExchangeId exchange, const HttpRequest& request, const Page& page) {
  switch (page.kind) {
    case Page::Kind::kProfile:
      return make(exchange, request, page);
    case Page::Kind::kCommandLine:
      return answer(exchange, plain(env_.process().executable_name()));
    case Page::Kind::kSymbol:
      return name_symbols(exchange, request.query);
    case Page::Kind::kNotKept:
      return answer(exchange, refusal(501, std::string(page.text)));
  }
}

void ProfilePort::make(ExchangeId exchange, const HttpRequest& request, const Page& page) {
  const std::int64_t asked = seconds_of(Query(request.query));
  if (asked > kSecondsMax)
    return answer(exchange, refusal(400, "profile duration is at most " +
                                             std::to_string(kSecondsMax) + " s"));
  const Duration duration = seconds(asked);
  http_.wait_for_answer(exchange, duration + kToWrite);
  desk_.make({.name = std::string(page.profile), .duration = duration, .longest = duration},
             [door = door_, exchange, name = page.name](Result<std::string> profile) {
               if (door->port == nullptr) return;
               door->port->answer(exchange, profile ? attachment(name, *std::move(profile))
                                                    : refusal(500, "Could not make the profile: " +
                                                                       profile.error().text()));
             });
}

void ProfilePort::name_symbols(ExchangeId exchange, std::string_view query) {
  std::vector<std::uint64_t> addresses = addresses_in(query);
  // That there are names is asked first, without addresses.
  if (addresses.empty()) return answer(exchange, plain("num_symbols: 1\n"));
  desk_.name(std::move(addresses), [door = door_, exchange](const ProfileDesk::Names& names) {
    if (door->port == nullptr) return;
    std::string text = "num_symbols: 1\n";
    for (const auto& [address, function] : names) {
      if (function.empty()) continue;
      char digits[16];
      const auto end = std::to_chars(digits, digits + sizeof digits, address, 16).ptr;
      text += "0x" + std::string(digits, end) + " " + function + "\n";
    }
    door->port->answer(exchange, plain(std::move(text)));
  });
}

}  // namespace midge::server
