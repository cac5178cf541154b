// Certificates for this room's tests, made when they run.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "tls/context.h"

namespace midge::tls {

struct TestCertificate {
  std::string cert_pem, key_pem;
};

struct TestSubject {
  std::vector<std::pair<std::string, std::string>> name;  // {"CN", "alice"}, in this order
  std::string alternative_names;                          // `DNS:a.test,email:a@b`
  std::string usage = "serverAuth,clientAuth";
  std::vector<std::pair<int, std::string>> more;  // other extensions: OpenSSL's number, value
  WallTime from{kFrom}, until{kUntil};

  static constexpr std::int64_t kFrom = 1'700'000'000'000'000'000;   // 2023
  static constexpr std::int64_t kUntil = 2'000'000'000'000'000'000;  // 2033
};

constexpr WallTime kTestNow{1'800'000'000'000'000'000};  // 2027

class TestAuthority {
 public:
  explicit TestAuthority(const std::string& name);
  [[nodiscard]] const std::string& cert_pem() const { return self_.cert_pem; }
  [[nodiscard]] const TestCertificate& self() const { return self_; }
  [[nodiscard]] TestCertificate issue(const TestSubject& subject) const;

 private:
  TestCertificate self_;
};

// Files in memory.
class TestFiles {
 public:
  // Writes NAME.pem and NAME.key.
  void add(const std::string& name, const TestCertificate& certificate);
  void put(const std::string& path, std::string content) { files_[path] = std::move(content); }
  [[nodiscard]] ReadFile reader() const;
  static CertificateFiles pair(const std::string& name) { return {name + ".pem", name + ".key"}; }

 private:
  std::map<std::string, std::string> files_;
};

}  // namespace midge::tls
