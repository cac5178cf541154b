#include "auth/signature.h"

#include "codec/base64.h"
#include "crypto/nkey.h"

namespace midge::auth {

std::optional<std::string> decode_signature(std::string_view text) {
  auto bytes = codec::decode_base64(codec::Base64::kRawUrl, text);
  return bytes ? bytes : codec::decode_base64(codec::Base64::kStd, text);
}

bool has_signed(std::string_view nkey, std::string_view nonce, std::string_view signature) {
  const auto bytes = decode_signature(signature);
  return bytes && crypto::verify(nkey, nonce, *bytes).value_or(false);
}

ProxyProof prove_proxy(const LoginRequest& request, const std::vector<std::string>& trusted) {
  ProxyProof proof;
  const std::string& signature = request.connect.proxy_sig;
  if (signature.empty() || trusted.empty()) return proof;
  for (const std::string& proxy : trusted)
    if (has_signed(proxy, request.nonce, signature)) proof.proxy = proxy;
  if (proof.proxy.empty())
    proof.refusal = refused("proxy is not trusted: proxy_sig is of none of proxies.trusted",
                            Refused::Reason::kProxyNotTrusted);
  return proof;
}

}  // namespace midge::auth
