// Goal: whatever stands where a header block should, reading stays within it; a block that is as it
// should be says the same after it has been made anew, and finding one field agrees with reading
// all. Input: the block.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "proto/message_headers.h"

namespace {

using namespace midge::proto;

void require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

std::vector<HeaderField> fields_of(std::string_view block) {
  std::vector<HeaderField> fields;
  for_each_header_field(block, [&](const HeaderField& field) { fields.push_back(field); });
  return fields;
}

bool same(const HeaderField& left, const HeaderField& right) {
  return left.name == right.name && left.value == right.value;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // Memory of exactly the block's size: the sanitizer sees a view that leaves it.
  const auto bytes = std::make_unique<char[]>(size);
  std::copy(data, data + size, bytes.get());
  const std::string_view block(bytes.get(), size);
  const std::vector<HeaderField> fields = fields_of(block);
  for (const HeaderField& field : fields) {
    const auto first = std::ranges::find(fields, field.name, &HeaderField::name);
    require(find_header(block, field.name) == first->value, "another first value");
    require(find_header_ignoring_case(block, field.name).has_value(), "not found by any case");
    require(static_cast<std::ptrdiff_t>(header_values(block, field.name).size()) ==
                std::ranges::count(fields, field.name, &HeaderField::name),
            "another number of values");
  }
  const auto status = check_headers(block);
  if (!status) return 0;
  require(header_status(block).code == status->code, "another status");

  std::string text;
  if (status->code != 0) text = std::string(block.substr(block.find_first_of("0123456789", 8), 3));
  if (!status->description.empty()) text.append(" ").append(status->description);
  HeaderWriter writer(text);
  for (const HeaderField& field : fields) writer.field(field.name, field.value);
  const std::string made = writer.take();
  const auto again = check_headers(made);
  require(again && again->code == status->code && again->description == status->description,
          "the status was lost");
  require(std::ranges::equal(fields, fields_of(made), same), "the fields were lost");
  return 0;
}
