// Goal: accounts are refused for what nats-server refuses them for (AUTH-27), and for nothing else.
// Method: one account that is in order, changed by the JSON of one member; the verdicts were seen
// on nats-server.
#include "auth/jwt/claims_check.h"

#include <doctest/doctest.h>

#include "auth/jwt/key_fixture.h"

namespace midge::auth::jwt {
namespace {

using crypto::NkeyKind;

const crypto::NkeyPair kOperator = test_key(NkeyKind::kOperator, 1);
const crypto::NkeyPair kAccount = test_key(NkeyKind::kAccount, 2);

// Whether an account with this member is in order.
bool is_good(const std::string& member) {
  const auto token = encode_claims(
      {.subject = kAccount.public_key},
      R"({"limits":{"imports":-1,"exports":-1},)" + member + R"(,"type":"account","version":2})",
      kOperator);
  const auto claims = decode_account(*token);
  return claims && !find_fault(*claims);
}

std::string exports(const std::string& fields) { return R"("exports":[{)" + fields + "}]"; }
std::string service(const std::string& fields) {
  return exports(R"("subject":"a.*","type":"service",)" + fields);
}
std::string import(const std::string& fields) {
  return R"("imports":[{"account":"X",)" + fields + "}]";
}

TEST_CASE("claims check: exports") {
  CHECK(is_good(service(R"("response_type":"Stream")")));
  CHECK(!is_good(service(R"("response_type":"X")")));
  CHECK(!is_good(service(R"("response_threshold":-5)")));
  CHECK(is_good(service(R"("service_latency":{"sampling":0,"results":"x"})")));
  CHECK(is_good(service(R"("service_latency":{"sampling":"headers","results":"x"})")));
  CHECK(!is_good(service(R"("service_latency":{"sampling":101,"results":"x"})")));
  CHECK(!is_good(service(R"("service_latency":{"sampling":1,"results":"x.*"})")));
  CHECK(is_good(service(R"("account_token_position":2,"token_req":true)")));
  CHECK(!is_good(service(R"("account_token_position":1)")));
  CHECK(!is_good(service(R"("account_token_position":9)")));
  CHECK(!is_good(exports(R"("subject":"a..b","type":"stream")")));
  CHECK(!is_good(exports(R"("subject":"a","type":"stream","response_type":"Singleton")")));
  CHECK(!is_good(exports(R"("subject":"a","type":"stream","response_threshold":5)")));
  CHECK(!is_good(
      exports(R"("subject":"a","type":"stream","service_latency":{"sampling":1,"results":"x"})")));
  CHECK(!is_good(exports(R"("subject":"a.b","type":"stream"},{"subject":"a.*","type":"stream")")));
  CHECK(!is_good(exports(R"("subject":"a.b","type":"stream"},{"subject":"a.b","type":"stream")")));
  CHECK(is_good(exports(R"("subject":"a.b","type":"stream"},{"subject":"a.b","type":"service")")));
}

TEST_CASE("claims check: imports") {
  CHECK(is_good(import(R"("subject":"a","type":"service","to":"b")")));
  CHECK(!is_good(R"("imports":[{"subject":"a","type":"service"}])"));
  CHECK(!is_good(import(R"("subject":"a","type":"service","token":"junk")")));
  CHECK(!is_good(import(R"("subject":"a","type":"stream","share":true)")));
  CHECK(!is_good(import(R"("subject":"a","type":"service","to":"b","local_subject":"c")")));
  CHECK(!is_good(import(
      R"("subject":"a.*","type":"service"},{"subject":"a.b","account":"X","type":"service")")));
  CHECK(is_good(import(
      R"("subject":"a.*","type":"stream"},{"subject":"a.b","account":"X","type":"stream")")));
  const auto local = [](const std::string& subject, const std::string& name) {
    return is_good(import(R"("type":"stream","subject":")" + subject + R"(","local_subject":")" +
                          name + "\""));
  };
  CHECK(local("a.*", "c.$1"));
  CHECK(local("a.*", "c.*"));
  CHECK(local("a.*.*", "c.$2.$1"));
  CHECK(local("a.>", "c.>"));
  CHECK(!local("a.*", "c"));
  CHECK(!local("a.*", "c.$1.$1"));
  CHECK(!local("a.*", "c.$2"));
  CHECK(!local("a.>", "c"));
}

TEST_CASE("claims check: mappings, authorization, trace, keys") {
  CHECK(is_good(
      R"("mappings":{"a":[{"subject":"b","weight":60,"cluster":"x"},{"subject":"c","weight":60}]})"));
  CHECK(!is_good(R"("mappings":{"a":[{"subject":"b"},{"subject":"c"}]})"));
  CHECK(!is_good(R"("mappings":{"a..":[{"subject":"b","weight":60}]})"));
  const std::string user = test_key(NkeyKind::kUser, 3).public_key;
  const auto authorization = [&](const std::string& rest) {
    return is_good(R"("authorization":{"auth_users":[")" + user + "\"]" + rest + "}");
  };
  CHECK(authorization(R"(,"allowed_accounts":["*"])"));
  CHECK(!authorization(R"(,"allowed_accounts":["*",")" + kAccount.public_key + "\"]"));
  CHECK(!authorization(R"(,"allowed_accounts":["x"])"));
  CHECK(!authorization(R"(,"xkey":"X")"));
  CHECK(!is_good(R"("authorization":{"auth_users":["x"]})"));
  CHECK(!is_good(R"("authorization":{"allowed_accounts":[")" + kAccount.public_key + "\"]}"));
  CHECK(is_good(R"("trace":{"dest":"a","sampling":50})"));
  CHECK(!is_good(R"("trace":{"dest":"a.*"})"));
  CHECK(!is_good(R"("trace":{"dest":"a","sampling":101})"));
  CHECK(!is_good(R"("trace":{"dest":"","sampling":11})"));
  CHECK(is_good(R"("revocations":{"xx":5})"));
  CHECK(!is_good(R"("signing_keys":["x"])"));
  CHECK(!is_good(R"("signing_keys":[")" + user + "\"]"));
  CHECK(!is_good(R"("default_permissions":{"pub":{"allow":["a..b"]}})"));
  CHECK(!is_good(R"("default_permissions":{"pub":{"allow":["a b"]}})"));
  CHECK(is_good(R"("default_permissions":{"sub":{"allow":["a b"]}})"));
  CHECK(!is_good(R"("default_permissions":{"sub":{"allow":["a b c"]}})"));
}

TEST_CASE("claims check: times of day and of claims") {
  CHECK(parse_time_of_day("23:59:59") == 86399);
  for (const char* text :
       {"", "24:00:00", "1:00:00", "00:60:00", "00:00:60", "aa:00:00", "00-00-00"})
    CHECK_MESSAGE(!parse_time_of_day(text), text);
  CHECK(validity_at({}, 5) == Validity::kValid);
  CHECK(validity_at({.expires = 5}, 5) == Validity::kValid);
  CHECK(validity_at({.expires = 5}, 6) == Validity::kExpired);
  CHECK(validity_at({.not_before = 6}, 5) == Validity::kNotYet);
}

}  // namespace
}  // namespace midge::auth::jwt
