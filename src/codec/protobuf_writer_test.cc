// Goal: bytes as protobuf's encoding describes them. Method: its own examples.
#include "codec/protobuf_writer.h"

#include <doctest/doctest.h>

namespace midge::codec {
namespace {

TEST_CASE("protobuf: numbers, texts, messages, packed numbers") {
  ProtobufWriter number;
  CHECK(number.number(1, std::uint64_t{150}).bytes() == "\x08\x96\x01");
  CHECK(ProtobufWriter().number(1, std::uint64_t{0}).bytes().empty());
  CHECK(ProtobufWriter().text(2, "testing").bytes() == "\x12\x07testing");
  CHECK(ProtobufWriter().text(6, "").bytes() == std::string("\x32\x00", 2));
  CHECK(ProtobufWriter().message(3, number).bytes() == "\x1a\x03\x08\x96\x01");
  CHECK(ProtobufWriter().numbers(6, {3, 270, 86942}).bytes() == "\x32\x06\x03\x8e\x02\x9e\xa7\x05");
  CHECK(ProtobufWriter().number(1, std::int64_t{-1}).bytes() ==
        "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01");
}

}  // namespace
}  // namespace midge::codec
