// How much of a secret is read does not tell how much of it was guessed: all of it is, wherever the
// first wrong letter is and however long the right one is. Seen by pages: those of a long guess are
// taken away, and each that is missed is counted and given back. No clock is asked.
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string>

#include <doctest/doctest.h>

#include "auth/config_authenticator.h"
#include "crypto/bcrypt.h"

namespace midge::auth {
namespace {

std::size_t page_size() { return static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)); }

// The pages wholly inside a string. From watch() on the first read of each is counted. One at a
// time; the string outlives it and stays as it is.
class ReadPages {
 public:
  explicit ReadPages(const std::string& text) {
    const std::size_t page = page_size();
    const auto from = reinterpret_cast<std::uintptr_t>(text.data());
    begin_ = (from + page - 1) / page * page;
    end_ = (from + text.size()) / page * page;
    current_ = this;
    struct sigaction action {};
    action.sa_sigaction = &ReadPages::on_fault;
    action.sa_flags = SA_SIGINFO;
    ::sigaction(SIGSEGV, &action, &previous_);
    protect(begin_, end_ - begin_, PROT_NONE);
  }
  ~ReadPages() {
    protect(begin_, end_ - begin_, PROT_READ | PROT_WRITE);
    ::sigaction(SIGSEGV, &previous_, nullptr);
    current_ = nullptr;
  }
  ReadPages(const ReadPages&) = delete;
  ReadPages& operator=(const ReadPages&) = delete;

  [[nodiscard]] std::size_t read() const { return read_; }
  [[nodiscard]] std::size_t all() const { return (end_ - begin_) / page_size(); }

 private:
  static void protect(std::uintptr_t address, std::size_t size, int how) {
    // NOLINTNEXTLINE(performance-no-int-to-ptr): pages are numbers here
    if (::mprotect(reinterpret_cast<void*>(address), size, how) != 0) std::abort();
  }
  static void on_fault(int, siginfo_t* info, void*) {
    const auto at = reinterpret_cast<std::uintptr_t>(info->si_addr);
    if (at < current_->begin_ || at >= current_->end_) std::abort();
    const std::size_t page = page_size();
    protect(at / page * page, page, PROT_READ);
    current_->read_ = current_->read_ + 1;
  }

  static inline ReadPages* current_ = nullptr;
  struct sigaction previous_ {};
  std::uintptr_t begin_ = 0;
  std::uintptr_t end_ = 0;
  volatile std::size_t read_ = 0;
};

constexpr std::size_t kLength = std::size_t{1} << 18;
const std::string kSecret(kLength, 's');

// Guesses at kSecret, and at what is shorter and longer.
struct Guess {
  const char* name;
  std::size_t wrong_at;  // kLength: nowhere
};
constexpr Guess kGuesses[] = {{"the first letter is wrong", 0},
                              {"one in the middle is wrong", kLength / 2},
                              {"the last letter is wrong", kLength - 1},
                              {"right", kLength}};

std::string guessed(const Guess& guess) {
  std::string text = kSecret;
  if (guess.wrong_at < text.size()) text[guess.wrong_at] = 'x';
  return text;
}

UserConfig user_with(const std::string& password) {
  UserConfig user;
  user.user = "a";
  user.password = password;
  return user;
}

bool lets_in(const ConfigAuthenticator& users, const LoginRequest& request) {
  return std::holds_alternative<IdentityPtr>(users.decide(request));
}

TEST_CASE("the test notices a comparison that ends at the first difference") {
  const std::string text = guessed(kGuesses[0]);
  const ReadPages pages(text);
  REQUIRE(pages.all() > 60);
  std::size_t at = 0;
  while (at < text.size() && text[at] == kSecret[at]) ++at;
  CHECK(at == 0);
  CHECK(pages.read() <= 1);
}

TEST_CASE("all of a guess and all of the secret are read") {
  for (const Guess& guess : kGuesses) {
    CAPTURE(guess.name);
    const std::string text = guessed(guess);
    const std::string secret = kSecret;
    {
      const ReadPages pages(text);
      CHECK(crypto::secrets_equal(text, secret) == (guess.wrong_at == kLength));
      CHECK(pages.read() == pages.all());
    }
    const ReadPages pages(secret);
    CHECK(crypto::secrets_equal(text, secret) == (guess.wrong_at == kLength));
    CHECK(pages.read() == pages.all());
  }
}

TEST_CASE("[AUTH-02] [AUTH-04] a password is read to its end whatever is wrong with it") {
  for (const std::string& password : {kSecret, kSecret + "s", std::string("short")}) {
    AuthConfig config;
    config.users = {user_with(password)};
    const ConfigAuthenticator users(config, false);
    for (const Guess& guess : kGuesses) {
      CAPTURE(guess.name);
      CAPTURE(password.size());
      LoginRequest request;
      request.connect.user = "a";
      request.connect.pass = guessed(guess);
      const ReadPages pages(request.connect.pass);
      CHECK(lets_in(users, request) == (guess.wrong_at == password.size()));
      CHECK(pages.read() == pages.all());
    }
  }
}

TEST_CASE("[AUTH-03] a token is read to its end whatever is wrong with it") {
  for (const std::string& token : {kSecret, kSecret + "s", std::string("short")}) {
    AuthConfig config;
    config.token = token;
    const ConfigAuthenticator users(config, false);
    for (const Guess& guess : kGuesses) {
      CAPTURE(guess.name);
      CAPTURE(token.size());
      LoginRequest request;
      request.connect.auth_token = guessed(guess);
      const ReadPages pages(request.connect.auth_token);
      CHECK(lets_in(users, request) == (guess.wrong_at == token.size()));
      CHECK(pages.read() == pages.all());
    }
  }
}

}  // namespace
}  // namespace midge::auth
