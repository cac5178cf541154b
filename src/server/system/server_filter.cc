#include "server/system/server_filter.h"

#include <algorithm>

namespace midge::server {

ServerFilter ServerFilter::of(const codec::JsonValue& body) {
  ServerFilter filter;
  codec::JsonReader(&body)
      .read("server_name", filter.name)
      .read("host", filter.host)
      .read("cluster", filter.cluster)
      .read("domain", filter.domain)
      .read("tags", filter.tags)
      .read("exact_match", filter.exact);
  return filter;
}

bool ServerFilter::matches(const ServerFacts& facts) const {
  const auto fits = [this](const std::string& wanted, const std::string& is) {
    if (wanted.empty()) return true;
    return exact ? is == wanted : is.find(wanted) != std::string::npos;
  };
  const auto has_tag = [&](const std::string& tag) {
    return std::ranges::find(facts.tags, tag) != facts.tags.end();
  };
  return fits(name, facts.name) && fits(host, facts.host) && fits(domain, facts.domain) &&
         cluster.empty() && std::ranges::all_of(tags, has_tag);
}

}  // namespace midge::server
