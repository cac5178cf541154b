// What comes out at once is what comes out in parts; what there is no room for, or is no message,
// is said to be so.
#include "websocket/whole_inflater.h"

#include <doctest/doctest.h>

#include <array>
#include <string>

#include "websocket/deflater.h"
#include "websocket/inflater.h"

namespace midge::websocket {
namespace {

std::string message_of(const std::string& text) {
  Deflater deflater;
  const io::Slice slice{text.data(), text.size()};
  return std::string(deflater.compress({&slice, 1}, text.size()));
}

std::string some_text(std::size_t size) {
  std::string text;
  for (std::size_t i = 0; text.size() < size; ++i)
    text += "MSG orders.eu." + std::to_string(i % 17) + " 1 12\r\nhello " + std::to_string(i * i);
  text.resize(size);
  return text;
}

TEST_CASE("a message comes out as it would in parts") {
  WholeInflater whole;
  Inflater parts;
  for (const std::size_t size : {65U, 300U, 1000U, 5000U, 16384U}) {
    const std::string text = some_text(size), message = message_of(text);
    std::string into(size, '\0'), other(size + 1, '\0');
    std::size_t filled = 0, filled_in_parts = 0;
    REQUIRE(whole.inflate(message, into, filled) == WholeInflater::Outcome::kDone);
    CHECK(into.substr(0, filled) == text);
    std::string_view part = message;
    REQUIRE(parts.inflate(part, true, other, filled_in_parts) == Inflater::Status::kMessageDone);
    CHECK(other.substr(0, filled_in_parts) == text);
  }
}

TEST_CASE("nothing, said in any way") {
  WholeInflater whole;
  std::array<char, 8> into;
  std::size_t filled = 9;
  // An empty block without and with codes, a last block, and one with something behind it.
  for (const std::string_view message :
       {std::string_view("\0", 1), std::string_view("\x02\0", 2), std::string_view("\x03\0", 2),
        std::string_view("\x03\0xyz", 5)}) {
    filled = 9;
    CHECK(whole.inflate(message, into, filled) == WholeInflater::Outcome::kDone);
    CHECK(filled == 0);
  }
}

TEST_CASE("no room") {
  WholeInflater whole;
  const std::string message = message_of(some_text(5000));
  std::string into(4999, '\0');
  std::size_t filled = 0;
  CHECK(whole.inflate(message, into, filled) == WholeInflater::Outcome::kNoRoom);
  CHECK(whole.inflate(message, {}, filled) == WholeInflater::Outcome::kNoRoom);
}

TEST_CASE("garbage, and what is too large to be looked at") {
  WholeInflater whole;
  std::string into(100, '\0');
  std::size_t filled = 0;
  CHECK(whole.inflate("\xFF\xFF\xFF\xFF", into, filled) == WholeInflater::Outcome::kNotForMe);
  CHECK(whole.inflate(std::string(WholeInflater::kMessageMax + 1, '\0'), into, filled) ==
        WholeInflater::Outcome::kNotForMe);
}

}  // namespace
}  // namespace midge::websocket
