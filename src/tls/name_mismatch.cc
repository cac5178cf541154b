#include "tls/name_mismatch.h"

#include <array>
#include <cstddef>

#include <openssl/err.h>

#include "tls/openssl_ptr.h"

namespace midge::tls {
namespace {

// Four numbers, or eight in hexadecimal.
std::string address_text(const ASN1_OCTET_STRING* bytes) {
  const unsigned char* data = ASN1_STRING_get0_data(bytes);
  const auto size = static_cast<std::size_t>(ASN1_STRING_length(bytes));
  std::array<char, 8> part{};
  std::string text;
  for (std::size_t i = 0; i < size; i += size == 4 ? 1 : 2) {
    if (size == 4)
      BIO_snprintf(part.data(), part.size(), "%u", unsigned{data[i]});
    else if (i + 1 < size)
      BIO_snprintf(part.data(), part.size(), "%x", (unsigned{data[i]} << 8) | data[i + 1]);
    text += (text.empty() ? "" : size == 4 ? "." : ":") + std::string(part.data());
  }
  return text;
}

struct AlternativeNames {
  std::string hosts, addresses;  // each separated by ", "
  bool has_any = false;
};

AlternativeNames alternative_names(X509* certificate) {
  AlternativeNames found;
  const NamesPtr names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  const auto add = [](std::string& list, const std::string& name) {
    list += (list.empty() ? "" : ", ") + name;
  };
  found.has_any = sk_GENERAL_NAME_num(names.get()) > 0;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_DNS) {
      add(found.hosts,
          std::string(reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName)),
                      static_cast<std::size_t>(ASN1_STRING_length(name->d.dNSName))));
    } else if (name->type == GEN_IPADD) {
      add(found.addresses, address_text(name->d.iPAddress));
    }
  }
  return found;
}

}  // namespace

std::string mismatched_name(const SSL* ssl, X509* certificate) {
  X509_VERIFY_PARAM* wanted = SSL_get0_param(const_cast<SSL*>(ssl));
  const AlternativeNames names = alternative_names(certificate);
  // That no address is wanted is an error to OpenSSL, which must not hide the one told of here.
  ERR_set_mark();
  char* text = X509_VERIFY_PARAM_get1_ip_asc(wanted);
  ERR_pop_to_mark();
  if (text != nullptr) {
    const std::string address = text;
    OPENSSL_free(text);
    if (names.addresses.empty())
      return "cannot validate certificate for " + address +
             " because it doesn't contain any IP SANs";
    return "certificate is valid for " + names.addresses + ", not " + address;
  }
  const char* name = X509_VERIFY_PARAM_get0_host(wanted, 0);
  const std::string host = name == nullptr ? "" : name;
  if (!names.has_any) return "certificate relies on legacy Common Name field, use SANs instead";
  if (names.hosts.empty())
    return "certificate is not valid for any names, but wanted to match " + host;
  return "certificate is valid for " + names.hosts + ", not " + host;
}

}  // namespace midge::tls
