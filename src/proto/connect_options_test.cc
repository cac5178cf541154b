// Goal: CONNECT is read as the peer reads it, and its secrets never reach the trace log.
// Method: tables of JSON with what the peer was seen to make of it.
#include "proto/connect_options.h"

#include <doctest/doctest.h>

#include "proto/client_info.h"

namespace midge::proto {

TEST_CASE("what CONNECT names is overlaid, the rest keeps its value") {
  ConnectOptions options;
  REQUIRE(parse_connect("{}", options));
  CHECK(options.verbose);
  CHECK(options.pedantic);
  CHECK(options.echo);
  CHECK_FALSE(options.headers);
  REQUIRE(parse_connect(R"({"verbose":false,"PEDANTIC":false,"echo":false,"headers":true,
      "no_responders":true,"tls_required":true,"protocol":1,"account":"A","new_account":true,
      "user":"u","pass":"p","auth_token":"t","nkey":"U","sig":"s","jwt":"j","proxy_sig":"x",
      "name":"n","lang":"go","version":"1.2","unknown":{"verbose":true}})",
                        options));
  CHECK_FALSE(options.verbose);
  CHECK_FALSE(options.pedantic);
  CHECK_FALSE(options.echo);
  CHECK(options.headers);
  CHECK(options.no_responders);
  CHECK(options.tls_required);
  CHECK(options.protocol == 1);
  CHECK(options.account == "A");
  CHECK(options.new_account);
  CHECK(options.user == "u");
  CHECK(options.pass == "p");
  CHECK(options.auth_token == "t");
  CHECK(options.nkey == "U");
  CHECK(options.sig == "s");
  CHECK(options.jwt == "j");
  CHECK(options.proxy_sig == "x");
  CHECK(options.name == "n");
  CHECK(options.lang == "go");
  CHECK(options.version == "1.2");
  REQUIRE(parse_connect(R"({"name":"m","user":null})", options));
  CHECK(options.name == "m");
  CHECK(options.user == "u");
  CHECK_FALSE(options.verbose);
}

TEST_CASE("CONNECT that the peer refuses") {
  for (const std::string_view json :
       {"", "X{}", "[]", "1", R"({"verbose":1})", R"({"verbose":"true"})", R"({"protocol":1.5})",
        R"({"protocol":"1"})", R"({"user":1})", R"({"name":["n"]})", R"({"import":1})",
        R"({"remote_account":true})", "{} x"}) {
    CAPTURE(json);
    ConnectOptions options;
    CHECK_FALSE(parse_connect(json, options));
  }
}

TEST_CASE("secrets are replaced in the trace") {
  const struct {
    std::string_view json, traced;
  } table[] = {
      {"{}", "{}"},
      {R"({"pass":"s3cret","user":"u"})", R"({"pass":"[REDACTED]","user":"u"})"},
      {R"({"pass" : "s3cret"} )", R"({"pass" : "[REDACTED]"} )"},
      {R"({"auth_token":"tok","sig":"S","nkey":"N","proxy_sig":"P","jwt":"J","user":"u"})",
       R"({"auth_token":"[REDACTED]","sig":"[REDACTED]","nkey":"[REDACTED]",)"
       R"("proxy_sig":"[REDACTED]","jwt":"[REDACTED]","user":"u"})"},
      {R"({"pass":"","x":1})", R"({"pass":"[REDACTED]","x":1})"},
      {R"({"pass":null,"x":1})", R"({"pass":[REDACTED],"x":1})"},
      {R"({"pass":"one","pass":"two"})", R"({"pass":"[REDACTED]","pass":"[REDACTED]"})"},
      {R"({"user":"pass","pass":"x"})", R"({"user":"pass","pass":"[REDACTED]"})"},
      {R"({"nested":{"pass":"x"}})", R"({"nested":{"pass":"[REDACTED]"}})"},
      // Where the peer shows a secret, or a part of it, we do not.
      {R"({"PASS":"s3cret"})", R"({"PASS":"[REDACTED]"})"},
      {R"({"pass":"a\"b,c","x":1})", R"({"pass":"[REDACTED]","x":1})"},
      {R"({"pass":{"a":["b",{}]},"x":1})", R"({"pass":[REDACTED],"x":1})"},
      {R"({"p\u0061ss":"x"})", R"({"p\u0061ss":"[REDACTED]"})"},
      {"{\"pa\u017f\u017f\":\"x\"}", "{\"pa\u017f\u017f\":\"[REDACTED]\"}"},
      {R"({"pass":"a)", "[REDACTED]"},
      {"pass: foo", "[REDACTED]"},
  };
  for (const auto& one : table) CHECK(redact_connect(one.json) == one.traced);
}

TEST_CASE("INFO from a client must have the types of a server's") {
  for (const std::string_view json :
       {"{}", "null", R"({"foo":"x","port":1,"max_payload":-1,"client_id":18446744073709551615})",
        R"({"connect_urls":["a"],"import":{"allow":["x"]},"gossip_mode":255,"headers":true})"})
    CHECK(is_client_info(json));
  for (const std::string_view json :
       {"", "bad", "{} x", "[]", R"({"port":"x"})", R"({"max_payload":3000000000})",
        R"({"client_id":-1})", R"({"connect_urls":"a"})", R"({"connect_urls":[1]})",
        R"({"gossip_mode":256})", R"({"headers":1})", R"({"xkey":true})"}) {
    CAPTURE(json);
    CHECK_FALSE(is_client_info(json));
  }
}

}  // namespace midge::proto
