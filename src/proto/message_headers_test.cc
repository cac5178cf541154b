// Goal: header blocks are read as ADR-4 has them and official clients write them, what is made is
// read as it was meant, and bad blocks are told from good ones. Method: tables.
#include "proto/message_headers.h"

#include <doctest/doctest.h>

#include <string>

namespace midge::proto {
namespace {

using namespace std::string_view_literals;

// `code description` and the fields, as `Name=value`; or the error.
std::string show(std::string_view block) {
  const auto status = check_headers(block);
  if (!status) return "error: " + status.error().text();
  std::string text = std::to_string(status->code);
  if (!status->description.empty()) text.append(" ").append(status->description);
  for_each_header_field(block, [&](const HeaderField& field) {
    text.append("|").append(field.name).append("=").append(field.value);
  });
  return text;
}

TEST_CASE("message headers: what a block says") {
  const struct {
    std::string_view block;
    std::string said;
  } cases[] = {
      {"NATS/1.0\r\n\r\n", "0"},
      {"NATS/1.0\r\nA: b\r\n\r\n", "0|A=b"},
      {"NATS/1.0\r\nA:b\r\na: c\r\nA: d\r\n\r\n", "0|A=b|a=c|A=d"},
      {"NATS/1.0\r\nA:  \t b c \t\r\n\r\n", "0|A=b c"},
      {"NATS/1.0\r\nA:\r\nB: \r\n\r\n", "0|A=|B="},
      {"NATS/1.0\r\nA: b:c: d\r\n\r\n", "0|A=b:c: d"},
      {"NATS/1.0\r\nA : b\r\n\r\n", "0|A =b"},
      {"NATS/1.0\r\nA: gr\xc3\xbc\xc3\x9f\x65\r\n\r\n", "0|A=gr\xc3\xbc\xc3\x9f\x65"},
      {"NATS/1.0\r\nA: b\0c\r\n\r\n"sv, std::string("0|A=b\0c"sv)},
      {"NATS/1.0 503\r\n\r\n", "503"},
      {"NATS/1.0   404  No Messages \r\n\r\n", "404 No Messages"},
      {"NATS/1.0\t100\tIdle Heartbeat\r\nNats-Last-Stream: 12\r\n\r\n",
       "100 Idle Heartbeat|Nats-Last-Stream=12"},
      {"NATS/1.0 \r\nA: b\r\n\r\n", "0|A=b"},
  };
  for (const auto& one : cases) {
    CAPTURE(one.block);
    CHECK(show(one.block) == one.said);
  }
}

TEST_CASE("message headers: what is no block, and cut at every byte none is") {
  const struct {
    std::string_view block, error;
  } cases[] = {
      {"", "do not begin with NATS/1.0"},
      {"NATS/2.0\r\n\r\n", "do not begin with NATS/1.0"},
      {"nats/1.0\r\n\r\n", "do not begin with NATS/1.0"},
      {"A: b\r\n\r\n", "do not begin with NATS/1.0"},
      {"NATS/1.01\r\n\r\n", "are of an unknown version"},
      {"NATS/1.0A: b\r\n\r\n", "are of an unknown version"},
      {"NATS/1.0 5\r\n\r\n", "have a bad status"},
      {"NATS/1.0 000\r\n\r\n", "have a bad status"},
      {"NATS/1.0 5033\r\n\r\n", "have a bad status"},
      {"NATS/1.0 No Responders\r\n\r\n", "have a bad status"},
      {"NATS/1.0 -12\r\n\r\n", "have a bad status"},
      {"NATS/1.0 503 a\nb\r\n\r\n", "have a bad status"},
      {"NATS/1.0\r\nA\r\n\r\n", "have a line without a colon"},
      {"NATS/1.0\r\n: b\r\n\r\n", "have a field without a name"},
      {"NATS/1.0\r\nA: b\nC: d\r\n\r\n", "have a line break in a field"},
      {"NATS/1.0\r\nA: b\r\r\n\r\n", "have a line break in a field"},
      {"NATS/1.0\r\nA: b\r\n\r\nmore", "go on behind their end"},
      {"NATS/1.0\n\n", "are cut"},
  };
  for (const auto& one : cases) {
    CAPTURE(one.block);
    CHECK(show(one.block) == "error: message headers " + std::string(one.error));
  }
  const std::string_view whole = "NATS/1.0 503 x\r\nA: b\r\n\r\n";
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    CHECK_FALSE(check_headers(whole.substr(0, size)));
    find_header(whole.substr(0, size), "A");
  }
}

TEST_CASE("message headers: one field, and all of a name") {
  const std::string_view block =
      "NATS/1.0 100 x\r\nnone\r\nnats-id: 1\r\nNats-Id:  2 \r\nNats-Id: 3\r\nEmpty:\r\n\r\n";
  CHECK(find_header(block, "Nats-Id") == "2");
  CHECK(find_header(block, "nats-id") == "1");
  CHECK(find_header(block, "NATS-ID") == std::nullopt);
  CHECK(find_header(block, "Nats") == std::nullopt);
  CHECK(find_header(block, "Empty") == "");
  CHECK(find_header_ignoring_case(block, "NATS-ID") == "1");
  CHECK(find_header_ignoring_case(block, "Nats-Idx") == std::nullopt);
  CHECK(header_values(block, "Nats-Id") == std::vector<std::string_view>{"2", "3"});
  CHECK(header_values(block, "x").empty());
  CHECK(header_status(block).code == 100);
  CHECK(header_status("NATS/1.0\r\n\r\n").code == 0);
  CHECK(header_status("NATS/1.0 x\r\n\r\n").code == 0);
  CHECK(header_status("").code == 0);
  CHECK(find_header("Nats-Id: 1\r\n\r\n", "Nats-Id") == std::nullopt);
  // Views into the block, not copies.
  const std::string_view value = *find_header(block, "Nats-Id");
  CHECK(value.data() == block.data() + block.find("2 \r\n"));
}

TEST_CASE("message headers: what is made") {
  CHECK(HeaderWriter().take() == "NATS/1.0\r\n\r\n");
  CHECK(HeaderWriter("503").take() == "NATS/1.0 503\r\n\r\n");
  const std::string block = HeaderWriter("404 No Messages")
                                .field("B", "x")
                                .field("A", std::uint64_t{18446744073709551615u})
                                .field("B", "")
                                .take();
  CHECK(block == "NATS/1.0 404 No Messages\r\nB: x\r\nA: 18446744073709551615\r\nB: \r\n\r\n");
  CHECK(show(block) == "404 No Messages|B=x|A=18446744073709551615|B=");
  CHECK(HeaderWriter::after("NATS/1.0\r\nA: b\r\n\r\n", 10).field("C", "d").take() ==
        "NATS/1.0\r\nA: b\r\nC: d\r\n\r\n");
  CHECK(HeaderWriter::after("no block").field("C", "d").take() == "NATS/1.0\r\nC: d\r\n\r\n");
}

TEST_CASE("message headers: names and values that would make another block are refused") {
  CHECK(check_header_field("Nats-Msg-Id!~", "any \t \xff\x01 text: x"));
  CHECK(check_header_field("A", ""));
  for (const std::string_view name :
       {""sv, "a b"sv, "a:"sv, "a\r\nb"sv, "a\tb"sv, "\xc3\xbc"sv, "a\x7f"sv, "a\0"sv}) {
    CAPTURE(name);
    CHECK_FALSE(check_header_field(name, "x"));
  }
  for (const std::string_view value : {"a\r\nB: c"sv, "\n"sv, "\r"sv})
    CHECK_FALSE(check_header_field("A", value));
}

}  // namespace
}  // namespace midge::proto
