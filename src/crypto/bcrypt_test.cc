// bcrypt against the test vectors that its implementations share, and against malformed hashes.
#include "crypto/bcrypt.h"

#include <string>

#include <doctest/doctest.h>

namespace midge::crypto {
namespace {

struct Vector {
  std::string password, hash;
};
const Vector kVectors[] = {
    {"U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"},
    {"U*U*", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK"},
    {"U*U*U", "$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a"},
    {"", "$2b$04$abcdefghijklmnopqrstuubyCG3zY1GIXMyxfivm.ClDiInHzxjiq"},
    {std::string(72, 'x'), "$2b$04$abcdefghijklmnopqrstuubzadhGtS2zEF.gu0yd0opP6cVzb.e0i"},
};

TEST_CASE("[AUTH-05] known passwords and hashes") {
  for (const Vector& vector : kVectors) {
    CAPTURE(vector.password);
    CHECK(is_bcrypt(vector.hash));
    CHECK(check_bcrypt(vector.password, vector.hash));
    CHECK_FALSE(check_bcrypt("y" + vector.password, vector.hash));
  }
  // No more than 72 bytes count.
  CHECK(check_bcrypt(std::string(1000, 'x'), kVectors[4].hash));
}

TEST_CASE("[AUTH-05] the four prefixes are computed alike") {
  for (const char letter : {'a', 'b', 'x', 'y'}) {
    std::string hash = kVectors[0].hash;
    hash[2] = letter;
    CHECK(is_bcrypt(hash));
    CHECK(check_bcrypt("U*U", hash));
  }
}

TEST_CASE("what is no hash, and hashes that are malformed") {
  for (const char* text : {"", "secret", "$2", "$2z$05$abc", "$2a$5$abcdef", "$2a$05", "$2a$05$",
                           "2a$05$abcdefg", "$1$05$abcdefg"})
    CHECK_FALSE_MESSAGE(is_bcrypt(text), text);
  const std::string hash = kVectors[0].hash;
  CHECK_FALSE(check_bcrypt("U*U", hash.substr(0, hash.size() - 1)));
  CHECK_FALSE(check_bcrypt("U*U", hash + "."));
  CHECK_FALSE(check_bcrypt("U*U", "$2a$03" + hash.substr(6)));
  CHECK_FALSE(check_bcrypt("U*U", "$2a$05$!!!!"));
  CHECK_FALSE(check_bcrypt(std::string("U*U\0x", 5), hash));
  CHECK_FALSE(check_bcrypt("U*U", "U*U"));
}

TEST_CASE("costs") {
  CHECK(bcrypt_cost(kVectors[0].hash) == 5);
  CHECK(bcrypt_cost("$2b$11$abcdefg") == 11);
  CHECK(bcrypt_cost("secret") == 0);
}

TEST_CASE("secrets are equal byte by byte") {
  CHECK(secrets_equal("", ""));
  CHECK(secrets_equal("secret", "secret"));
  CHECK_FALSE(secrets_equal("secret", "Secret"));
  CHECK_FALSE(secrets_equal("secre", "secret"));
  CHECK_FALSE(secrets_equal("", "secret"));
  CHECK_FALSE(secrets_equal(std::string_view("a\0b", 3), std::string_view("a\0c", 3)));
}

}  // namespace
}  // namespace midge::crypto
