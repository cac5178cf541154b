// Who logs in: what the options, a server's URL and a credentials file say, brought together.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "client/server_facts.h"
#include "io/disk.h"
#include "midge/options.h"

namespace midge::detail {

// What nsc writes: a JWT and a seed between lines of dashes.
struct CredentialsFile {
  std::string jwt;
  std::string seed;
};
// Errors: one of them is not there.
Result<CredentialsFile> parse_credentials(std::string_view text);

// `login` with its files read and its JWT fetched. Blocks. Errors: of a file, with its name.
Result<Login> load_login(const Login& login, io::Disk& disk);

// The line of CONNECT for a server that has told `facts`. `secure`: over TLS. Errors: the nonce
// cannot be signed.
struct ConnectTerms {
  std::string name;
  bool echo = true, verbose = false, pedantic = false;
  bool secure = false;
};
Result<std::string> connect_line(const Login& login, const ServerFacts& facts,
                                 const ConnectTerms& terms);

}  // namespace midge::detail
