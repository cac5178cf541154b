#include "certificates.h"

#include <doctest/doctest.h>

#include <cstdlib>

namespace midge::test {

void make_certificates(const std::string& folder) {
  const auto openssl = [&](const std::string& arguments) {
    REQUIRE(std::system(("cd " + folder + " && openssl " + arguments + " 2>/dev/null").c_str()) ==
            0);
  };
  openssl("req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=ca -keyout ca.key -out ca.pem");
  for (const std::string name : {"server", "client"}) {
    openssl("req -newkey rsa:2048 -nodes -subj /CN=" + name +
            " -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout " + name + ".key -out " +
            name + ".csr");
    openssl("x509 -req -in " + name +
            ".csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -copy_extensions copy -out " +
            name + ".pem");
  }
}

}  // namespace midge::test
