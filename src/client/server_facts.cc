#include "client/server_facts.h"

#include "codec/json_struct.h"

namespace midge::detail {

template <class Visitor>
void describe(Visitor& v, ServerFacts& f) {
  v.field("server_id", f.server_id)
      .field("server_name", f.server_name)
      .field("version", f.version)
      .field("cluster", f.cluster)
      .field("headers", f.headers)
      .field("auth_required", f.auth_required)
      .field("tls_required", f.tls_required)
      .field("tls_available", f.tls_available)
      .field("max_payload", f.max_payload)
      .field("nonce", f.nonce)
      .field("connect_urls", f.connect_urls)
      .field("ldm", f.lame_duck)
      .field("jetstream", f.jetstream)
      .field("client_id", f.client_id)
      .field("client_ip", f.client_ip);
}

Result<void> read_info(std::string_view json, ServerFacts& facts) {
  return codec::read_json_struct(json, facts, false);
}

}  // namespace midge::detail
