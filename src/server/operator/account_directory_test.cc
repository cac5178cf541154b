// Goal: [AUTH-24] [AUTH-25] the folder of claims is nats-server's, and a cache stays small.
// Method: folders in memory, a clock that is set.
#include "server/operator/account_directory.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "auth/jwt/key_fixture.h"
#include "io/whole_file_disk.h"

namespace midge::server {
namespace {

using auth::ResolverConfig;
using auth::jwt::test_key;
using crypto::NkeyKind;

class MemoryDisk final : public io::WholeFileDisk {
 public:
  std::map<std::string, std::string> files;

  Result<std::string> read_file(const std::string& path) override {
    const auto found = files.find(path);
    if (found == files.end()) return failure("open " + path, ErrorCode::kNotFound);
    return found->second;
  }
  Result<void> write_file(const std::string& path, std::string_view content) override {
    files[path] = content;
    return {};
  }
  Result<void> remove_file(const std::string& path) override {
    files.erase(path);
    return {};
  }
  Result<std::vector<std::string>> list_directory(const std::string& path) override {
    std::vector<std::string> names;
    for (const auto& [file, content] : files)
      if (file.starts_with(path + "/")) names.push_back(file.substr(path.size() + 1));
    return names;
  }
  Result<void> make_directory(const std::string&) override { return {}; }
  Result<void> rename_file(const std::string& from, const std::string& to) override {
    files[to] = files.at(from);
    files.erase(from);
    return {};
  }
  bool exists(const std::string& path) override { return files.contains(path); }
  bool is_directory(const std::string&) override { return true; }
};

class SetClock final : public io::Clock {
 public:
  MonoTime time{1};
  MonoTime now() override { return time; }
  WallTime wall() override { return {time.ns}; }
};

const crypto::NkeyPair kOperator = test_key(NkeyKind::kOperator, 1);

std::string account(unsigned char number) {
  return test_key(NkeyKind::kAccount, number).public_key;
}

std::string token(unsigned char number, std::int64_t issued_at) {
  auth::jwt::AccountClaims claims;
  claims.head.subject = account(number);
  claims.head.issued_at = issued_at;
  return encode(std::move(claims), kOperator).value();
}

struct Fixture {
  MemoryDisk disk;
  SetClock clock;
  ResolverConfig config{.kind = ResolverConfig::Kind::kFull, .directory = "d"};
  std::shared_ptr<AccountDirectory> open() {
    return AccountDirectory::open(config, disk, clock).value();
  }
  [[nodiscard]] std::string path(unsigned char number) const {
    return "d/" + account(number) + ".jwt";
  }
};

TEST_CASE("account directory: takes over what is there, and nothing else") {
  Fixture f;
  f.disk.files = {{f.path(1), "one"}, {f.path(2) + ".deleted", "two"}, {"d/readme.jwt", "x"}};
  const auto directory = f.open();
  CHECK(directory->list() == std::vector{account(1)});
  CHECK(directory->fetch(account(1)) == "one");
  CHECK(!directory->fetch(account(2)));
  CHECK(!directory->fetch("readme"));
  CHECK(!directory->fetch("../secret"));
}

TEST_CASE("account directory: saving, and keeping what is newer") {
  Fixture f;
  const auto directory = f.open();
  REQUIRE(directory->save_if_newer(account(1), token(1, 10)));
  REQUIRE(directory->save_if_newer(account(1), token(1, 9)));
  CHECK(directory->fetch(account(1)) == token(1, 10));
  REQUIRE(directory->save_if_newer(account(1), token(1, 11)));
  CHECK(f.disk.files.at(f.path(1)) == token(1, 11));
  REQUIRE(directory->save(account(1), token(1, 5)));
  CHECK(directory->fetch(account(1)) == token(1, 5));
  CHECK(f.disk.files.size() == 1);
  CHECK(!directory->save("nobody", "x"));
}

TEST_CASE("account directory: deleting") {
  Fixture f;
  auto directory = f.open();
  REQUIRE(directory->save(account(1), "one"));
  REQUIRE(directory->remove(account(1)));
  CHECK(!directory->has(account(1)));
  CHECK(f.disk.files.at(f.path(1) + ".deleted") == "one");
  f.config.hard_delete = true;
  directory = f.open();
  REQUIRE(directory->save(account(2), "two"));
  REQUIRE(directory->remove(account(2)));
  CHECK(f.disk.files.size() == 1);
  CHECK(directory->remove(account(3)));
}

TEST_CASE("account directory: the pack's digest does not depend on an order") {
  Fixture f;
  const auto directory = f.open();
  CHECK(directory->pack().digest == std::string(32, '\0'));
  REQUIRE(directory->save(account(1), "abc"));
  // SHA-256 of "abc".
  CHECK(directory->pack().digest.starts_with("\xba\x78\x16\xbf"));
  REQUIRE(directory->save(account(2), "abc"));
  CHECK(directory->pack().digest == std::string(32, '\0'));
  CHECK(directory->pack().claims.size() == 2);
}

TEST_CASE("account directory: a cache drops what was not asked for longest, and what is too old") {
  Fixture f;
  f.config.kind = ResolverConfig::Kind::kCache;
  f.config.limit = 2;
  f.config.ttl = nanoseconds(100);
  const auto directory = f.open();
  for (const unsigned char number : {1, 2}) {
    f.clock.time.ns = number * 10;
    REQUIRE(directory->save(account(number), "x"));
  }
  f.clock.time.ns = 30;
  CHECK(directory->fetch(account(1)));
  f.clock.time.ns = 40;
  REQUIRE(directory->save(account(3), "x"));
  CHECK(directory->has(account(1)));
  CHECK(!directory->has(account(2)));
  CHECK(!f.disk.exists(f.path(2)));
  f.clock.time.ns = 130;
  CHECK(!directory->fetch(account(1)));
  CHECK(directory->fetch(account(3)));
}

}  // namespace
}  // namespace midge::server
