// Goal: [AUTH-18] [AUTH-27] accounts of claims become accounts of the broker; imports that are not
// let in are left out with the reason.
// Method: an exporter and an importer, changed in one thing at a time.
#include "server/operator/account_conversion.h"

#include <doctest/doctest.h>

#include "auth/jwt/key_fixture.h"

namespace midge::server {
namespace {

using namespace auth::jwt;
using crypto::NkeyKind;
using crypto::NkeyPair;

const NkeyPair kExporter = test_key(NkeyKind::kAccount, 1);
const NkeyPair kImporter = test_key(NkeyKind::kAccount, 2);
const NkeyPair kSigner = test_key(NkeyKind::kAccount, 3);
constexpr std::int64_t kNow = 1000;

struct Accounts {
  AccountClaims exporter{.head = {.subject = kExporter.public_key}};
  AccountClaims importer{.head = {.subject = kImporter.public_key}};
  ActivationClaims activation{.head = {.subject = kImporter.public_key, .issued_at = 500},
                              .subject = "s.>"};
  bool knows_exporter = true;

  ConvertedAccounts convert(const NkeyPair& signer = kExporter) {
    if (!importer.imports.empty() && importer.imports[0].token == "activation")
      importer.imports[0].token = encode(activation, signer).value();
    std::vector<AccountPtr> records;
    if (knows_exporter)
      records.push_back(std::make_shared<AccountRecord>(AccountRecord{"", exporter}));
    records.push_back(std::make_shared<AccountRecord>(AccountRecord{"", importer}));
    return convert_accounts(records, {kNow * 1000000000});
  }
};

Accounts with_private_stream() {
  Accounts accounts;
  accounts.exporter.exports = {{.subject = "s.*", .token_required = true}};
  accounts.importer.imports = {
      {.subject = "s.*", .account = kExporter.public_key, .token = "activation", .to = "p"}};
  return accounts;
}

std::string why_left_out(const ConvertedAccounts& converted) {
  CHECK(converted.accounts.back().imports.empty());
  REQUIRE(converted.left_out.size() == 1);
  return converted.left_out[0].substr(converted.left_out[0].find("left out: ") + 10);
}

TEST_CASE("account conversion: limits, mappings, exports") {
  Accounts accounts;
  accounts.exporter.limits = {.subs = 1, .payload = 2, .conn = 3, .leaf = 4};
  accounts.exporter.mappings["a"] = {{"b", "", 0}};
  accounts.exporter.mappings["c"] = {{"d", "east", 40}, {"e", "", 60}};
  accounts.exporter.exports = {{.subject = "q",
                                .is_service = true,
                                .response_type = "Chunked",
                                .response_threshold_ns = 9,
                                .latency = {{0, "lat"}}}};
  const broker::AccountConfig config = accounts.convert().accounts[0];
  CHECK(config.name == kExporter.public_key);
  CHECK(config.limits == broker::AccountLimits{3, 1, 2, 4});
  REQUIRE(config.mappings.size() == 2);
  CHECK(config.mappings[0].destinations[0].weight == 100);
  CHECK(config.mappings[1].destinations[0].cluster == "east");
  CHECK(config.exports[0].response == broker::ResponseType::kChunked);
  CHECK(config.exports[0].threshold == nanoseconds(9));
  CHECK(config.exports[0].latency->sampling == 0);
  CHECK(config.exports[0].accounts.empty());
}

TEST_CASE("account conversion: who calls an import what") {
  Accounts accounts;
  accounts.exporter.exports = {{.subject = "s.>"}, {.subject = "q.*", .is_service = true}};
  const std::string& exporter = kExporter.public_key;
  accounts.importer.imports = {
      {.subject = "s.a", .account = exporter, .to = "p"},
      {.subject = "s.*", .account = exporter, .local_subject = "l.$1"},
      {.subject = "mine", .account = exporter, .to = "q.x", .is_service = true},
      {.subject = "q.*", .account = exporter, .local_subject = "r.$1", .is_service = true},
      {.subject = "q.y", .account = exporter, .is_service = true}};
  const auto imports = accounts.convert().accounts[1].imports;
  REQUIRE(imports.size() == 5);
  CHECK((imports[0].subject == "s.a" && imports[0].prefix == "p" && imports[0].to.empty()));
  CHECK((imports[1].subject == "s.*" && imports[1].to == "l.$1" && imports[1].prefix.empty()));
  CHECK((imports[2].subject == "q.x" && imports[2].to == "mine"));
  CHECK((imports[3].subject == "q.*" && imports[3].to == "r.$1"));
  CHECK((imports[4].subject == "q.y" && imports[4].to.empty()));
}

TEST_CASE("account conversion: activations") {
  Accounts accounts = with_private_stream();
  ConvertedAccounts converted = accounts.convert();
  CHECK(converted.left_out.empty());
  CHECK(converted.accounts[1].imports.size() == 1);
  CHECK(converted.next_change.ns == 0);
  // Nobody but the exporter itself, and who has an activation.
  CHECK(converted.accounts[0].exports[0].accounts ==
        std::vector{kExporter.public_key, kImporter.public_key});

  accounts = with_private_stream();
  accounts.exporter.signing_keys[kSigner.public_key] = std::nullopt;
  CHECK(accounts.convert(kSigner).left_out.empty());

  accounts = with_private_stream();
  accounts.activation.head.expires = kNow + 5;
  CHECK(accounts.convert().next_change.ns == (kNow + 6) * 1000000000);
}

TEST_CASE("account conversion: imports that are left out") {
  Accounts accounts = with_private_stream();
  accounts.activation.head.expires = kNow - 1;
  CHECK(why_left_out(accounts.convert()) == "activation: claim is expired");

  accounts = with_private_stream();
  accounts.exporter.exports[0].revocations = {{kImporter.public_key, 500}};
  CHECK(why_left_out(accounts.convert()) == "activation is revoked");
  accounts = with_private_stream();
  accounts.exporter.exports[0].revocations = {{"*", 501}};
  CHECK(why_left_out(accounts.convert()) == "activation is revoked");
  accounts = with_private_stream();
  accounts.exporter.exports[0].revocations = {{"*", 499}};
  CHECK(accounts.convert().left_out.empty());

  accounts = with_private_stream();
  CHECK(why_left_out(accounts.convert(kSigner)) ==
        "activation is signed by none of the exporter's keys");
  accounts = with_private_stream();
  accounts.importer.imports[0].token.clear();
  CHECK(why_left_out(accounts.convert()) == "it asks for an activation, and there is none");
  accounts = with_private_stream();
  accounts.importer.imports[0].subject = "other";
  CHECK(why_left_out(accounts.convert()) == "the account exports no such subject");
  accounts = with_private_stream();
  accounts.knows_exporter = false;
  CHECK(why_left_out(accounts.convert()) == "the account is not known");
}

}  // namespace
}  // namespace midge::server
