#include "server/monitor/queues.h"

#include <fmt/format.h>

#include "codec/json_tree.h"

namespace midge::server {

Result<IpqueueszRequest> parse_ipqueuesz(const Query& query) {
  IpqueueszRequest request;
  ASSIGN_OR_RETURN(request.all, query.boolean("all"));
  request.filter = query.text("queues");
  return request;
}

Result<IpqueueszRequest> parse_ipqueuesz_body(std::string_view body) {
  IpqueueszRequest request;
  if (body.empty()) return request;
  ASSIGN_OR_RETURN(const codec::JsonValue value, codec::read_json_tree(body));
  TRY(codec::JsonReader(&value, "IpqueueszEventOptions")
          .read("all", request.all)
          .read("filter", request.filter)
          .done());
  return request;
}

void write_ipqueuesz(codec::JsonWriter& json, const IpqueueszRequest& request,
                     const std::vector<io::LoopLoad>& loads) {
  json.begin_object();
  for (std::size_t i = 0; i < loads.size(); ++i) {
    const std::string name = fmt::format("loop {} mail", i);
    if (name.find(request.filter) == std::string::npos) continue;
    if (loads[i].mail == 0 && !request.all) continue;
    json.key(name).begin_object().field("pending", loads[i].mail).end_object();
  }
  json.end_object();
}

std::string compose_stacksz(const std::vector<io::LoopLoad>& loads) {
  std::string text;
  for (std::size_t i = 0; i < loads.size(); ++i) {
    const io::LoopLoad& load = loads[i];
    text += fmt::format(
        "loop {} [{}]:\n\tin this tick for {} us, longest tick {} us, {} ticks, {} mails wait\n\n",
        i, io::to_text(load.stage), load.stuck_ns / 1000, load.tick_max_ns / 1000, load.ticks,
        load.mail);
  }
  return text;
}

}  // namespace midge::server
