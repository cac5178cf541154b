// Lists of the API, which come in pages.
#pragma once

#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "client/jetstream/context.h"

namespace midge::detail {

// A page: `{"total":…,"offset":…,"limit":…,"<member>":[…]}`.
template <class Item>
struct Page {
  std::string_view member;
  std::int64_t total = 0;
  std::vector<Item> items;
};
template <class Visitor, class Item>
void describe(Visitor& v, Page<Item>& page) {
  v.field("total", page.total).field(page.member, page.items);
}

// What is asked for, and from where on.
template <class Request>
struct PageRequest {
  Request request;
  std::int64_t offset = 0;
};
template <class Visitor, class Request>
void describe(Visitor& v, PageRequest<Request>& page) {
  describe(v, page.request);
  v.field("offset", page.offset);
}

// All of them.
template <class Item, class Request>
Result<std::vector<Item>> list(JetStreamContext& context, std::string_view what,
                               std::string_view member, Request request, const Deadline& deadline) {
  std::vector<Item> all;
  const Remaining left(deadline);
  PageRequest<Request> wanted{std::move(request)};
  while (true) {
    auto json = context.ask(what, codec::write_json_struct(wanted), left());
    if (!json) return std::move(json).error();
    Page<Item> page{member, 0, {}};
    if (auto read = codec::read_json_struct(*json, page, false); !read)
      return std::move(read).error();
    const bool is_last = page.items.empty();
    std::move(page.items.begin(), page.items.end(), std::back_inserter(all));
    wanted.offset = static_cast<std::int64_t>(all.size());
    if (is_last || wanted.offset >= page.total) return all;
  }
}

}  // namespace midge::detail
