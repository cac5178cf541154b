// Goal: text becomes the tree that nats-server 2.15.2 makes of it, and errors say what it says.
// Method: tables of small documents; the tree is compared as canonical JSON. The expectations were
// found by giving the same documents to the peer; where Midge differs on purpose, the table says
// so.
#include "codec/conf/parser.h"

#include <doctest/doctest.h>

#include <map>
#include <string>

#include "codec/conf/canonical.h"

namespace midge::conf {
namespace {

// Files and variables that exist only in the test.
struct World {
  std::map<std::string, std::string> files;
  std::map<std::string, std::string> variables;

  [[nodiscard]] Sources sources() const {
    return {
        .read_file = [this](const std::string& path) -> Result<std::string> {
          const auto file = files.find(path);
          if (file != files.end()) return file->second;
          return failure("open " + path + ": no such file or directory", ErrorCode::kNotFound);
        },
        .environment = [this](const std::string& name) -> std::optional<std::string> {
          const auto variable = variables.find(name);
          if (variable == variables.end()) return std::nullopt;
          return variable->second;
        },
    };
  }
};

// The tree as JSON, or all errors, a line each.
std::string outcome(const std::string& text, const World& world = {}) {
  const Parsed parsed = parse_text("f.conf", text, world.sources());
  std::string out;
  for (const std::string& error : parsed.errors) out += (out.empty() ? "" : "\n") + error;
  if (!parsed.errors.empty()) return out;
  out = canonical_json(parsed.document.root);
  out.pop_back();
  return out;
}

struct Case {
  std::string text;
  std::string expected;
};

void check_all(const std::vector<Case>& cases, const World& world = {}) {
  for (const Case& c : cases) {
    CAPTURE(c.text);
    CHECK(outcome(c.text, world) == c.expected);
  }
}

TEST_CASE("assignments: equals sign, colon or space; ended by newline, comma or semicolon") {
  check_all({
      {"a=1", R"({"a":1})"},
      {"a = 1", R"({"a":1})"},
      {"a:1", R"({"a":1})"},
      {"a 1", R"({"a":1})"},
      {"a\n1", R"({"a":1})"},
      {"a\n=1", R"({"a":1})"},
      {"a =\t\t1", R"({"a":1})"},
      {"a=:1", R"({"a":":1"})"},
      {"a 1;b 2", R"({"a":1,"b":2})"},
      {"a 1 , b 2", R"({"a":1,"b":2})"},
      {"a 1,\n b 1", R"({"a":1,"b":1})"},
      {"a 1\r\nb 2\r\n", R"({"a":1,"b":2})"},
      {"a:", R"({"a":""})"},
      {"a ;", R"({"a":""})"},
      {"a 1\na 2", R"({"a":2})"},
      {"a 1\nA 2", R"({"A":2,"a":1})"},
      {"\"a b\" 1", R"({"a b":1})"},
      {"'a':1", R"({"a":1})"},
      {"\"a\\tb\" 1", R"({"a\\tb":1})"},
      {"\"a\"1", R"({"a":1})"},
      {"a.b/c{d 1", R"({"a.b/c{d":1})"},
      {"\xC2\xA0"
       "a 1",
       R"({"a":1})"},
      {"\xEF\xBB\xBF"
       "a 1",
       R"({"a":1})"},  // a byte order mark is skipped; the peer keeps it
      {"", "{}"},
      {"\n \t\n", "{}"},
  });
}

TEST_CASE("comments") {
  check_all({
      {"#x", "{}"},
      {"//", "{}"},
      {"#c\na 1 # d\n// e\nb 2 //f", R"({"a":1,"b":2})"},
      {"a x#y", R"({"a":"x#y"})"},
      {"a http://x//y", R"({"a":"http://x//y"})"},
      {"a \"x\"#c", R"({"a":"x"})"},
      {"a [ # c ]\n x // d\n ]", R"({"a":["x"]})"},
      {"a {#c\n b 1 //d }\n}", R"({"a":{"b":1}})"},
      {"a: #x\nb 1", R"({"a":"#x","b":1})"},
  });
}

TEST_CASE("maps and arrays") {
  check_all({
      {"a {b 1}", R"({"a":{"b":1}})"},
      {"a: {b=1,c=2}", R"({"a":{"b":1,"c":2}})"},
      {"a {b {c 1}, d 1}", R"({"a":{"b":{"c":1},"d":1}})"},
      {"a {b\n1}", R"({"a":{"b":1}})"},
      {"a {b:\n1}", R"({"a":{"b":1}})"},
      {"a {}", R"({"a":{}})"},
      {"a [1,2 ]", R"({"a":[1,2]})"},
      {"a [1]", R"({"a":[1]})"},  // the peer takes the bracket for part of the number and fails
      {"a [/x, /y]", R"({"a":["/x","/y"]})"},  // the peer takes a slash for a separator
      {"a [1\n2\n]", R"({"a":[1,2]})"},
      {"a [x,\ny,\n]", R"({"a":["x","y"]})"},
      {"a [{b 1}, [c]]", R"({"a":[{"b":1},["c"]]})"},
      {"a [nats://h:1,nats://h:2]", R"({"a":["nats://h:1","nats://h:2"]})"},
      {"a []", R"({"a":[]})"},
      {"a 1}", R"({"a":1})"},
      {"a {b 1}\n}\n", R"({"a":{"b":1}})"},
  });
}

TEST_CASE("JSON documents") {
  check_all({
      {R"({"a":1,"b":[1 ,"2",true],"c":{"d":1.5}})", R"({"a":1,"b":[1,"2",true],"c":{"d":1.5}})"},
      {"{\n\"a\" : 1,\n\"b\" : 2\n}\n", R"({"a":1,"b":2})"},
      {"{}", "{}"},
      {"{a 1} b 2", R"({"a":1,"b":2})"},
      {"{a x\n", R"({"a":"x"})"},
  });
}

TEST_CASE("strings") {
  check_all({
      {"a x)", R"j({"a":"x)"})j"},
      {"a x\"y\"", R"({"a":"x\"y\""})"},
      {"a \"x\ny\"", R"({"a":"x\ny"})"},
      {R"(a "\t\n\r\"\\\x41")", R"({"a":"\t\n\r\"\\A"})"},
      {R"(a x\ty)", R"({"a":"x\ty"})"},
      {R"(a 'x\ty')", R"({"a":"x\\ty"})"},
      {"a x'", R"({"a":"x"})"},
      {"a \"\"", R"({"a":""})"},
      {"a (x\n)\n", R"({"a":"x\n"})"},
      {"a (\n x) \n)\nb 1", R"({"a":"\n x) \n","b":1})"},
      {"a (\nx\n)", R"({"a":"\nx\n"})"},      // without a last newline the peer keeps the bracket
      {"a (x\r\n)\r\n", R"({"a":"x\r\n"})"},  // the peer wants a bare newline
      {"a \xff", R"({"a":"\ufffd"})"},
  });
}

TEST_CASE("booleans in any case, unless quoted or escaped") {
  check_all({
      {"a true", R"({"a":true})"},
      {"a YES", R"({"a":true})"},
      {"a On", R"({"a":true})"},
      {"a false", R"({"a":false})"},
      {"a nO", R"({"a":false})"},
      {"a off", R"({"a":false})"},
      {"a \"true\"", R"({"a":"true"})"},
      {R"(a tru\x65)", R"({"a":"true"})"},
      {"a truex", R"({"a":"truex"})"},
      {"a t", R"({"a":"t"})"},
  });
}

TEST_CASE("numbers and units") {
  check_all({
      {"a 007", R"({"a":7})"},
      {"a -1", R"({"a":-1})"},
      {"a 9223372036854775807", R"({"a":9223372036854775807})"},
      {"a -9223372036854775808", R"({"a":-9223372036854775808})"},
      {"a 1k", R"({"a":1000})"},
      {"a 1KB", R"({"a":1024})"},
      {"a 1Ki", R"({"a":1024})"},
      {"a 1kib", R"({"a":1024})"},
      {"a 1m", R"({"a":1000000})"},
      {"a 1MB", R"({"a":1048576})"},
      {"a 1g", R"({"a":1000000000})"},
      {"a 1GiB", R"({"a":1073741824})"},
      {"a 1t", R"({"a":1000000000000})"},
      {"a 1tb", R"({"a":1099511627776})"},
      {"a 1p", R"({"a":1000000000000000})"},
      {"a 1pi", R"({"a":1125899906842624})"},
      {"a 1E", R"({"a":1000000000000000000})"},
      {"a 1eb", R"({"a":1152921504606846976})"},
      {"a -2kb", R"({"a":-2048})"},
      {"a {b 1k}", R"({"a":{"b":1000}})"},
      {"a 10ms", R"({"a":"10ms"})"},
      {"a 1m30s", R"({"a":"1m30s"})"},
      {"a 1kbx", R"({"a":"1kbx"})"},
      {"a 0x10", R"({"a":"0x10"})"},
      {"a +1", R"({"a":"+1"})"},
      {"a 1]", R"({"a":"1]"})"},
      {"a 1.5", R"({"a":1.5})"},
      {"a -1.5", R"({"a":-1.5})"},
      {"a [1.5,2.5]", R"({"a":[1.5,2.5]})"},
      {"a 1.2.3.4:4222", R"({"a":"1.2.3.4:4222"})"},
      {"a 1.2.3.4:4222#c", R"({"a":"1.2.3.4:4222"})"},
      {"a 12:30", R"({"a":"12:30"})"},
      {"a :80", R"({"a":80})"},
  });
}

TEST_CASE("dates") {
  check_all({
      {"a 2016-05-04T18:53:41Z", R"({"a":"2016-05-04T18:53:41Z"})"},
      {"a 2024-02-29T00:00:00Z", R"({"a":"2024-02-29T00:00:00Z"})"},
      {"a [2016-05-04T18:53:41Z]", R"({"a":["2016-05-04T18:53:41Z"]})"},
  });
  for (const char* text :
       {"2023-02-29T00:00:00Z", "2016-13-01T00:00:00Z", "2016-00-01T00:00:00Z",
        "2016-01-32T00:00:00Z", "2016-01-01T24:00:00Z", "2016-01-01T00:60:00Z"}) {
    CHECK(outcome(std::string("a ") + text) == std::string("expected Zulu formatted DateTime, but "
                                                           "got '") +
                                                   text + "' (f.conf:1:2)");
  }
}

TEST_CASE("variables: blocks from the inside out, then the environment") {
  const World world{.files = {},
                    .variables = {{"HOME", "/root"},
                                  {"LIST", "[1, 2 ]"},
                                  {"NEST", "$HOME"},
                                  {"EMPTY", ""},
                                  {"SIZE", "64MB"}}};
  check_all(
      {
          {"x 1\na $x", R"({"a":1,"x":1})"},
          {"x {y 1}\na $x", R"({"a":{"y":1},"x":{"y":1}})"},
          {"x 1\na [$x,$x]", R"({"a":[1,1],"x":1})"},
          {"x 1\nb {x 2\ny $x}\nz $x", R"({"b":{"x":2,"y":2},"x":1,"z":1})"},
          {"x 1\nz $x\nx 2", R"({"x":2,"z":1})"},
          {"a 1\na $a", R"({"a":1})"},
          {"a $HOME", R"({"a":"/root"})"},
          {"a $LIST", R"({"a":[1,2]})"},
          {"a $NEST", R"({"a":"/root"})"},
          {"a $EMPTY", R"({"a":""})"},
          {"a {b $SIZE}", R"({"a":{"b":67108864}})"},
          {"a \"$HOME\"", R"({"a":"$HOME"})"},
          {R"(a \x24HOME)", R"({"a":"$HOME"})"},
          {"a x$HOME", R"({"a":"x$HOME"})"},
          {"a $2a$11$W2zko751KUvVy59mUTWmp", R"({"a":"$2a$11$W2zko751KUvVy59mUTWmp"})"},
      },
      world);
}

TEST_CASE("variables: errors") {
  const World world{.files = {},
                    .variables = {{"A", "$B"}, {"B", "$A"}, {"TWO", "5 6"}, {"QUOTE", "\""}}};
  check_all(
      {
          {"a $x", "variable reference for 'x' on line 1 can not be found (f.conf:1:2)"},
          {"\n  a = $", "variable reference for '' on line 2 can not be found (f.conf:2:7)"},
          {"b {x 2}\nz $x", "variable reference for 'x' on line 2 can not be found (f.conf:2:3)"},
          {"a $A",
           "variable reference for 'A' on line 1 could not be parsed: variable reference for 'B' "
           "on "
           "line 1 could not be parsed: variable reference for 'A' on line 1 could not be parsed: "
           "variable reference cycle for 'A' (f.conf:1:2)"},
          {"a $TWO",
           "variable reference for 'TWO' on line 1 could not be parsed: Parse error on line 1: "
           "'Expected a top-level value to end with a new line, comment or EOF, but got '6' "
           "instead.' (f.conf:1:2)"},
      },
      world);
}

TEST_CASE("variables are known as such, so that they need not be options") {
  const Parsed parsed = parse_text("f.conf", "x 1\ny 2\na $x", World{}.sources());
  CHECK(parsed.document.root.find("x")->is_variable);
  CHECK(!parsed.document.root.find("y")->is_variable);
  CHECK(parsed.document.root.find("a")->value.integer == 1);
}

TEST_CASE("include") {
  const World world{.files = {{"one", "i 7\nj \"x\"\n"},
                              {"sub/two", "include ./three\nk 8"},
                              {"sub/three", "t 3"},
                              {"/abs/four", "f 4"},
                              {"var", "v $x"},
                              {"bad", "a {\nb 1\n"},
                              {"self", "include self"}},
                    .variables = {}};
  check_all(
      {
          {"include one", R"({"i":7,"j":"x"})"},
          {"INCLUDE ./one;b 2", R"({"b":2,"i":7,"j":"x"})"},
          {"a {include \"one\"\nb 2}", R"({"a":{"b":2,"i":7,"j":"x"}})"},
          {"a {include one}", R"({"a":{"i":7,"j":"x"}})"},
          {"i 2\ninclude one", R"({"i":7,"j":"x"})"},
          {"include one\ni 2\nq $j", R"({"i":2,"j":"x","q":"x"})"},
          {"include sub/two # c", R"({"k":8,"t":3})"},
          {"include x/../one", R"({"i":7,"j":"x"})"},
          {"include /abs/four", R"({"f":4})"},  // the peer looks for it below the including file
          {"include: one", R"({"include":"one"})"},
          {"\"include\" one", R"({"include":"one"})"},
          {"include './nope'",
           "error parsing include file './nope', open nope: no such file or directory "
           "(f.conf:1:8)"},
          {"x 1\ninclude var",
           "error parsing include file 'var', variable reference for 'x' on line 1 can not be "
           "found (var:1:2)"},
          {"include bad",
           "error parsing include file 'bad', Parse error on line 3: 'Unexpected EOF processing "
           "map.' (bad:3:1)"},
          {"include\nx",
           "Parse error on line 2: 'Expected include value but found new line' (f.conf:1:7)"},
          {"include {",
           "Parse error on line 1: 'Expected include value but found start of a map' "
           "(f.conf:1:8)"},
          {"include \"x",
           "Parse error on line 1: 'Unexpected EOF in double quoted include' (f.conf:1:10)"},
      },
      world);
  CHECK(outcome("include self", world).find("it is included too often or too deep") !=
        std::string::npos);
}

TEST_CASE("errors: the peer's text, then the place") {
  check_all({
      {"= 5", "Parse error on line 1: 'Unexpected key separator '='' (f.conf:1:0)"},
      {"a {=1}", "Parse error on line 1: 'Unexpected key separator '='.' (f.conf:1:3)"},
      {"a:\n", "Parse error on line 2: 'Expected value but found new line' (f.conf:1:2)"},
      {"a:\n 5\nb 1", "Parse error on line 2: 'Expected value but found new line' (f.conf:1:2)"},
      {"port", "config is invalid (f.conf:1:4): the key \"port\" has no value"},
      {"port\n", "config is invalid (f.conf:2:1): the key \"port\" has no value"},
      {"a b c",
       "Parse error on line 1: 'Expected a top-level value to end with a new line, comment or "
       "EOF, but got 'c' instead.' (f.conf:1:4)"},
      {"{a b c}",
       "Parse error on line 1: 'Expected a block-level value to end with a new line, comment or "
       "EOF, but got 'c' instead.' (f.conf:1:5)"},
      {"a {b 1 c 2}",
       "Parse error on line 1: 'Expected a map value terminator \",\" or a map terminator \"}\", "
       "but got 'c' instead.' (f.conf:1:7)"},
      {"a [1 2]",
       "Parse error on line 1: 'Expected an array value terminator \",\" or an array terminator "
       "\"]\", but got '2' instead.' (f.conf:1:5)"},
      {"a [,1]", "Parse error on line 1: 'Unexpected array value terminator ','.' (f.conf:1:3)"},
      {"a {b:,}", "Parse error on line 1: 'Unexpected map value terminator \",\".' (f.conf:1:5)"},
      {"a {b}", "Parse error on line 1: 'Unexpected EOF processing map key.' (f.conf:1:5)"},
      {"a {b }",
       "Parse error on line 1: 'Expected a value for the key \"b\", but got '}'.' (f.conf:1:5)"},
      {"a {]}", "Parse error on line 1: 'Unexpected array end ']' processing map.' (f.conf:1:3)"},
      {"a {\n", "Parse error on line 2: 'Unexpected EOF processing map.' (f.conf:2:1)"},
      {"a {\"b 1}",
       "Parse error on line 1: 'Unexpected EOF processing double quoted map key.' (f.conf:1:8)"},
      {"a {'b 1}",
       "Parse error on line 1: 'Unexpected EOF processing quoted map key.' (f.conf:1:8)"},
      {"'a", "Parse error on line 1: 'Unexpected EOF.' (f.conf:1:2)"},
      {"a \"x", "Parse error on line 1: 'Unexpected EOF.' (f.conf:1:4)"},
      {"a (x)\n", "Parse error on line 2: 'Unexpected EOF processing block.' (f.conf:2:1)"},
      {"/x 1", "Parse error on line 1: 'Unexpected EOF.' (f.conf:1:0)"},
      {R"(a "\q")",
       "Parse error on line 1: 'Invalid escape character 'q'. Only the following escape characters "
       "are allowed: \\xXX, \\t, \\n, \\r, \\\", \\\\.' (f.conf:1:4)"},
      {R"(a \xzz)",
       "Parse error on line 1: 'Expected two hexadecimal digits after '\\x', but got 'zz'' "
       "(f.conf:1:3)"},
      {"a 9223372036854775808", "integer '9223372036854775808' is out of the range (f.conf:1:2)"},
      // The peer multiplies without looking and goes on with what is left.
      {"a 9223372036854775807k", "integer '9223372036854775807k' is out of the range (f.conf:1:2)"},
      {"a -", std::string("Parse error on line 1: 'Expected a digit but got '") + '\0' +
                  "'.' (f.conf:1:3)"},
      {"a .5", "Parse error on line 1: 'Floats must start with a digit' (f.conf:1:2)"},
      {"a -.5", "Parse error on line 1: 'Floats must start with a digit, not '.'.' (f.conf:1:3)"},
      {"a 1.x",
       "Parse error on line 1: 'Floats must have a digit after the '.', but got 'x' instead.' "
       "(f.conf:1:4)"},
      {"a 1.\n",
       "Parse error on line 2: 'Floats must have a digit after the '.', but got '\\n' instead.' "
       "(f.conf:1:4)"},
      {"a 1-2",
       "Parse error on line 1: 'All ISO8601 dates must be in full Zulu form.' (f.conf:1:3)"},
      {"a 2016-05x",
       "Parse error on line 1: 'Expected '-' in ISO8601 datetime, but found 'x' instead.' "
       "(f.conf:1:9)"},
      {"a 2016-x",
       "Parse error on line 1: 'Expected digit in ISO8601 datetime, but found 'x' instead.' "
       "(f.conf:1:7)"},
      {std::string("a 1\n\0b 2", 8),
       "Parse error on line 2: 'Unexpected NUL character.' (f.conf:2:1)"},
  });
}

TEST_CASE("all errors are found, each once") {
  CHECK(
      outcome("a 1.x\nb {\n  c \"\\q\"\n  d 1 e\n}\nf [1 2\n 3 4\n]\ng 9223372036854775808\nh 1") ==
      "Parse error on line 1: 'Floats must have a digit after the '.', but got 'x' instead.' "
      "(f.conf:1:4)\n"
      "Parse error on line 3: 'Invalid escape character 'q'. Only the following escape characters "
      "are allowed: \\xXX, \\t, \\n, \\r, \\\", \\\\.' (f.conf:3:7)\n"
      "Parse error on line 4: 'Expected a map value terminator \",\" or a map terminator \"}\", "
      "but "
      "got 'e' instead.' (f.conf:4:7)\n"
      "Parse error on line 6: 'Expected an array value terminator \",\" or an array terminator "
      "\"]\", but got '2' instead.' (f.conf:6:6)\n"
      "integer '9223372036854775808' is out of the range (f.conf:9:3)");
  CHECK(
      outcome("a b {\n  c 1\n}\nd 2 3\n") ==
      "Parse error on line 1: 'Expected a top-level value to end with a new line, comment or EOF, "
      "but got '{' instead.' (f.conf:1:4)\n"
      "Parse error on line 4: 'Expected a top-level value to end with a new line, comment or EOF, "
      "but got '3' instead.' (f.conf:4:5)");
}

TEST_CASE("positions count as the peer counts: from 0 on line one, from 1 below, in bytes") {
  const World world{.files = {{"sub/two", "\n s 1"}}, .variables = {}};
  const Parsed parsed = parse_text(
      "f.conf",
      "a 1, b 2\n  \xC3\xA9 3\nc \"x\ny\", d 4\n\"e\" (\nz\n)\ninclude sub/two\nf {\n\tg 5\n}",
      world.sources());
  REQUIRE(parsed.errors.empty());
  const auto place = [&](std::string_view key) {
    return to_string(parsed.document.root.find(key)->position);
  };
  CHECK(place("a") == "f.conf:1:0");
  CHECK(place("b") == "f.conf:1:5");
  CHECK(place("\xC3\xA9") == "f.conf:2:3");
  CHECK(place("d") == "f.conf:4:5");
  CHECK(place("e") == "f.conf:5:2");
  CHECK(place("s") == "sub/two:2:2");
  CHECK(place("f") == "f.conf:9:1");
  const Member* g = parsed.document.root.find("f")->value.find("g");
  CHECK(to_string(g->position) == "f.conf:10:2");
  CHECK(to_string(g->value.position) == "f.conf:10:4");
  CHECK(parsed.document.root.find("s")->position.order >
        parsed.document.root.find("e")->position.order);
  CHECK(parsed.document.root.find("s")->position.order < g->position.order);
}

TEST_CASE("what comes in is bounded") {
  SUBCASE("nesting") {
    const std::string fits =
        std::string(kDepthMax - 1, '[') + "x" + std::string(kDepthMax - 1, ']');
    CHECK(parse_text("f.conf", "a " + fits, World{}.sources()).errors.empty());
    for (const char* opening : {"[", "{a "}) {
      std::string text = "a ";
      for (int i = 0; i < 100000; ++i) text += opening;
      const Parsed parsed = parse_text("f.conf", text, World{}.sources());
      REQUIRE(parsed.errors.size() == 1);
      CHECK(parsed.errors.front().find("nested more than") != std::string::npos);
    }
  }
  SUBCASE("variables that double and double") {
    std::string text = "a0 xxxxxxxxxxxxxxxx\n";
    for (int i = 1; i < 64; ++i) {
      const std::string before = "$a" + std::to_string(i - 1);
      text += "a" + std::to_string(i) + " [" + before + "," + before + "]\n";
    }
    const Parsed parsed = parse_text("f.conf", text, World{}.sources());
    REQUIRE(parsed.errors.size() == 1);
    CHECK(parsed.errors.front().find("makes the configuration too large") != std::string::npos);
  }
  SUBCASE("files that include each other twice") {
    const World world{.files = {{"a", "include b\ninclude b"}, {"b", "include a\ninclude a"}},
                      .variables = {}};
    CHECK(parse_text("f.conf", "include a", world.sources()).errors.size() <= kErrorsMax);
  }
  SUBCASE("errors") {
    std::string text;
    for (int i = 0; i < 1000; ++i) text += "a 1.x\n";
    CHECK(parse_text("f.conf", text, World{}.sources()).errors.size() == kErrorsMax);
  }
}

TEST_CASE("a file that is not there") {
  const Parsed parsed = parse_file("nope.conf", World{}.sources());
  REQUIRE(parsed.errors.size() == 1);
  CHECK(parsed.errors.front() == "open nope.conf: no such file or directory");
}

}  // namespace
}  // namespace midge::conf
