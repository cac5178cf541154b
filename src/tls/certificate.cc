#include "tls/certificate.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include <openssl/asn1.h>
#include <openssl/evp.h>
#include <openssl/objects.h>

#include "tls/openssl_ptr.h"

namespace midge::tls {
namespace {

std::string hex(const unsigned char* bytes, std::size_t size) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(size * 2);
  for (std::size_t i = 0; i < size; ++i) {
    text += kDigits[bytes[i] >> 4];
    text += kDigits[bytes[i] & 15];
  }
  return text;
}

std::string sha256_of(unsigned char* der, int size) {
  if (der == nullptr || size < 0) return {};
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int digest_size = 0;
  EVP_Digest(der, static_cast<std::size_t>(size), digest.data(), &digest_size, EVP_sha256(),
             nullptr);
  OPENSSL_free(der);
  return hex(digest.data(), digest_size);
}

// The attributes that Go knows by name, in the order in which it writes them.
constexpr std::array<std::pair<int, std::string_view>, 9> kAttributes = {{
    {NID_serialNumber, "SERIALNUMBER"},
    {NID_commonName, "CN"},
    {NID_postalCode, "POSTALCODE"},
    {NID_streetAddress, "STREET"},
    {NID_stateOrProvinceName, "ST"},
    {NID_localityName, "L"},
    {NID_organizationalUnitName, "OU"},
    {NID_organizationName, "O"},
    {NID_countryName, "C"},
}};

std::string text_of(const ASN1_STRING* value) {
  unsigned char* utf8 = nullptr;
  const int size = ASN1_STRING_to_UTF8(&utf8, value);
  if (size < 0) return {};
  std::string text(reinterpret_cast<char*>(utf8), static_cast<std::size_t>(size));
  OPENSSL_free(utf8);
  return text;
}

std::string escaped(std::string_view value) {
  static constexpr std::string_view kSpecial = ",+\"\\<>;";
  std::string text;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    const bool at_edge = i == 0 || i + 1 == value.size();
    if (kSpecial.find(c) != std::string_view::npos || (c == '#' && i == 0) || (c == ' ' && at_edge))
      text += '\\';
    text += c;
  }
  return text;
}

bool is_printable_string(std::string_view value) {
  static constexpr std::string_view kAllowed = " '()+,-./:=?";
  return std::ranges::all_of(value, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kAllowed.find(c) != std::string_view::npos;
  });
}

// An attribute that Go has no name for: its number, and the value's DER in hex.
std::string unnamed(const ASN1_OBJECT* type, std::string_view value) {
  std::array<char, 128> number;
  OBJ_obj2txt(number.data(), number.size(), type, 1);
  std::string der(1, is_printable_string(value) ? '\x13' : '\x0c');
  if (value.size() < 128) {
    der += static_cast<char>(value.size());
  } else {
    der += '\x82';
    der += static_cast<char>(value.size() >> 8);
    der += static_cast<char>(value.size() & 0xff);
  }
  der += value;
  return std::string(number.data()) + "=#" +
         hex(reinterpret_cast<const unsigned char*>(der.data()), der.size());
}

void append(std::string& list, char separator, std::string_view part) {
  if (!list.empty()) list += separator;
  list += part;
}

// Several values of one attribute are one part, joined by `+`.
std::string named_part(const X509_NAME* name, int nid, std::string_view label) {
  std::string part;
  for (int at = -1; (at = X509_NAME_get_index_by_NID(name, nid, at)) >= 0;) {
    const X509_NAME_ENTRY* entry = X509_NAME_get_entry(name, at);
    append(part, '+', std::string(label) + "=" + escaped(text_of(X509_NAME_ENTRY_get_data(entry))));
  }
  return part;
}

bool is_named(int nid) {
  return std::ranges::any_of(kAttributes, [nid](const auto& one) { return one.first == nid; });
}

std::string in_go_order(const X509_NAME* name, bool whole) {
  std::string text;
  for (const auto& [nid, label] : kAttributes) {
    const std::string part = named_part(name, nid, label);
    if (!part.empty()) append(text, ',', part);
  }
  if (!whole) return text;
  for (int at = X509_NAME_entry_count(name) - 1; at >= 0; --at) {
    const X509_NAME_ENTRY* entry = X509_NAME_get_entry(name, at);
    const ASN1_OBJECT* type = X509_NAME_ENTRY_get_object(entry);
    if (!is_named(OBJ_obj2nid(type)))
      append(text, ',', unnamed(type, text_of(X509_NAME_ENTRY_get_data(entry))));
  }
  return text;
}

// `DC=a,DC=b`, in the certificate's order.
std::string domain_components(X509* certificate) {
  std::string text;
  const X509_NAME* name = X509_get_subject_name(certificate);
  for (int at = -1; (at = X509_NAME_get_index_by_NID(name, NID_domainComponent, at)) >= 0;)
    append(text, ',', "DC=" + text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at))));
  return text;
}

}  // namespace

std::string subject_by_rfc2253(X509* certificate) {
  const BioPtr out(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(out.get(), X509_get_subject_name(certificate), 0,
                     XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
  char* data = nullptr;
  const auto size = BIO_get_mem_data(out.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

std::string subject_text(X509* certificate) {
  return in_go_order(X509_get_subject_name(certificate), true);
}

std::string issuer_text(X509* certificate) {
  return in_go_order(X509_get_issuer_name(certificate), true);
}

std::string cert_sha256(X509* certificate) {
  unsigned char* der = nullptr;
  const int size = i2d_X509(certificate, &der);
  return sha256_of(der, size);
}

std::string spki_sha256(X509* certificate) {
  unsigned char* der = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
  return sha256_of(der, size);
}

Validity validity(X509* certificate) {
  return {wall_time(X509_get0_notBefore(certificate)), wall_time(X509_get0_notAfter(certificate))};
}

io::PeerCertificate describe(X509* certificate) {
  return {subject_text(certificate), spki_sha256(certificate), cert_sha256(certificate)};
}

std::vector<std::string> login_names(X509* certificate) {
  std::vector<std::string> names;
  const auto add = [&names](std::string name) {
    if (!name.empty() && std::ranges::find(names, name) == names.end())
      names.push_back(std::move(name));
  };
  const NamesPtr alternative(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (const int kind : {GEN_EMAIL, GEN_DNS, GEN_URI}) {
    for (int i = 0; i < sk_GENERAL_NAME_num(alternative.get()); ++i) {
      const GENERAL_NAME* one = sk_GENERAL_NAME_value(alternative.get(), i);
      if (one->type == kind) add(text_of(one->d.ia5));
    }
  }
  add(subject_by_rfc2253(certificate));
  const std::string components = domain_components(certificate);
  if (!components.empty())
    add(in_go_order(X509_get_subject_name(certificate), false) + "," + components);
  add(in_go_order(X509_get_subject_name(certificate), false));
  add(in_go_order(X509_get_subject_name(certificate), true));
  return names;
}

WallTime wall_time(const ASN1_TIME* time) {
  const std::unique_ptr<ASN1_TIME, FreeWith<&ASN1_STRING_free>> epoch(ASN1_TIME_set(nullptr, 0));
  int days = 0;
  int rest = 0;
  if (ASN1_TIME_diff(&days, &rest, epoch.get(), time) != 1) return {};
  return WallTime{(std::int64_t{days} * 86400 + rest) * 1'000'000'000};
}

std::string time_text(WallTime time) {
  const std::unique_ptr<ASN1_TIME, FreeWith<&ASN1_STRING_free>> asn1(
      ASN1_GENERALIZEDTIME_set(nullptr, static_cast<time_t>(time.ns / 1'000'000'000)));
  if (asn1 == nullptr) return {};
  const auto digits = std::string(reinterpret_cast<const char*>(ASN1_STRING_get0_data(asn1.get())),
                                  static_cast<std::size_t>(ASN1_STRING_length(asn1.get())));
  if (digits.size() < 14) return digits;  // `YYYYMMDDhhmmssZ`
  return digits.substr(0, 4) + "-" + digits.substr(4, 2) + "-" + digits.substr(6, 2) + "T" +
         digits.substr(8, 2) + ":" + digits.substr(10, 2) + ":" + digits.substr(12, 2) + "Z";
}

}  // namespace midge::tls
