// Goal: options that do not fit together are refused, before or at start, in the peer's words.
// Method: one change to the defaults at a time.
#include <doctest/doctest.h>

#include <functional>
#include <string>

#include "server/options/options.h"

namespace midge::server {
namespace {

using Change = std::function<void(Options&)>;

std::string error_of(Result<void> (*checked)(const Options&), const Change& change) {
  Options options;
  change(options);
  const Result<void> result = checked(options);
  return result ? "" : result.error().text();
}

TEST_CASE("check: before anything starts") {
  CHECK(error_of(check, [](Options&) {}).empty());
  CHECK(error_of(check, [](Options& o) { o.max_payload = 70 * 1024 * 1024; }) ==
        "max_payload (73400320) cannot be higher than max_pending (67108864)");
  CHECK(error_of(check, [](Options& o) { o.max_payload = o.max_pending; }).empty());
  CHECK(error_of(check, [](Options& o) { o.max_payload = -5; }).empty());
  CHECK(error_of(check, [](Options& o) { o.max_pending = -1; }) ==
        "max_payload (1048576) cannot be higher than max_pending (-1)");
  CHECK(error_of(check, [](Options& o) { o.server_name = "a b"; }) ==
        "server name cannot contain spaces");
  CHECK(error_of(check, [](Options& o) { o.lame_duck_grace_period = minutes(3); }) ==
        "lame duck grace period (3m0s) should be strictly lower than lame duck duration (2m0s)");
  CHECK(error_of(check, [](Options& o) { o.lame_duck_grace_period = minutes(2); }) != "");
  CHECK(error_of(check, [](Options& o) { o.max_closed_clients = -1; }) ==
        "max_closed_clients can not be negative");
  for (const std::int64_t few : {std::int64_t{1}, std::int64_t{-1}, (std::int64_t{64} << 20) - 1})
    CHECK(error_of(check, [=](Options& o) { o.memory_limit = few; }) ==
          "memory_limit must be at least 64MB");
  CHECK(error_of(check, [](Options& o) { o.memory_limit = 64 << 20; }).empty());
}

TEST_CASE("check_start: what becomes a fatal line of the log") {
  CHECK(error_of(check_start, [](Options&) {}).empty());
  CHECK(error_of(check_start, [](Options& o) { o.http_port = -1; }).empty());
  CHECK(error_of(check_start, [](Options& o) { o.http_port = 1, o.https_port = 2; }) ==
        "Can't start monitoring: can't specify both HTTP (1) and HTTPs (2) ports");
  CHECK(error_of(check_start, [](Options& o) { o.https_port = 2; }) ==
        "Can't start monitoring: TLS cert and key required for HTTPS");
  CHECK(error_of(check_start, [](Options& o) { o.http_port = 70000; }) ==
        "Can't start monitoring: can't listen to the monitor port: listen tcp: address 70000: "
        "invalid port");
  CHECK(error_of(check_start, [](Options& o) { o.port = 70000; }) ==
        "Error listening on port: 0.0.0.0:70000, \"listen tcp: address 70000: invalid port\"");
  CHECK(error_of(check_start, [](Options& o) { o.port = -2; }) ==
        "Error listening on port: 0.0.0.0:-2, \"listen tcp: address -2: invalid port\"");
  const auto advertise = [](const char* text) {
    return error_of(check_start, [text](Options& o) { o.client_advertise = text; });
  };
  for (const char* fine : {"a", "a:5", ":5", "a:0", "a:-1", "a: 5", "a:70000", "[::1]:5", "[::1]"})
    CHECK(advertise(fine) == "");
  CHECK(advertise("a:b") ==
        "Error setting server INFO with ClientAdvertise value of a:b, err=strconv.Atoi: parsing "
        "\"b\": invalid syntax");
  CHECK(
      advertise("a:b:c") ==
      "Error setting server INFO with ClientAdvertise value of a:b:c, err=address a:b:c: too many "
      "colons in address");
  CHECK(advertise("[a") ==
        "Error setting server INFO with ClientAdvertise value of [a, err=address [a:4222: missing "
        "']' in address");
}

}  // namespace
}  // namespace midge::server
