// Goal: transforms answer as nats-server 2.15.2 does, in results and in refusals; they agree with a
// slow model on random rules and subjects.
// Method: tables of what `nats server mapping` and nats-server's configuration check printed; a
// model that splits everything into vectors of strings, written from ADR-30's text. `subject_test`
// runs a share of the random cases; MIDGE_TRANSFORM_CASES in the environment asks for more.
#include "subject/transform.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "subject/subject.h"

namespace midge::subject {
namespace {

using Use = Transform::Use;

std::string applied(const Transform& transform, std::string_view subject, std::uint64_t draw = 0) {
  std::string result;
  transform.apply(subject, draw, result);
  return result;
}

struct Answer {
  std::string_view source, destination, subject, result;
};

constexpr Answer kAnswers[] = {
    {"foo.*", "bar.{{wildcard(1)}}", "foo.x", "bar.x"},
    {"foo.*", "bar.{{Wildcard(1)}}", "foo.x", "bar.x"},
    {"foo.*", "bar.{{ wildcard( 1 ) }}", "foo.x", "bar.x"},
    {"foo.*", "bar.{{  wildcard ( 1 ) }}", "foo.x", "bar.x"},
    {"foo.*", "bar.{wildcard(1)}", "foo.x", "bar.{wildcard(1)}"},
    {"foo.*", "bar.{{wildcard(0)}}", "foo.x", "bar.foo"},
    {"foo.*", "bar.{{wildcard(-1)}}", "foo.x", "bar.foo"},
    {"foo.*", "bar.$0", "foo.x", "bar.foo"},
    {"foo.*", "bar.$", "foo.x", "bar.$"},
    {"foo.*", "bar.$a", "foo.x", "bar.$a"},
    {"foo.*", "bar.$1a", "foo.x", "bar.$1a"},
    {"foo.*", "bar.$-1", "foo.x", "bar.foo"},
    {"foo.*", "bar.$+1", "foo.x", "bar.x"},
    {"foo.*", "bar.a$1", "foo.x", "bar.a$1"},
    {"foo.*", "bar.$01", "foo.x", "bar.x"},
    {"foo.*", "bar.a{{wildcard(1)}}", "foo.x", "bar.a{{wildcard(1)}}"},
    {"foo.*", "bar.{{wildcard(1)}}b", "foo.x", "bar.{{wildcard(1)}}b"},
    {"foo", "bar.{{partition(3,1)}}", "foo", "bar.0"},
    {"foo", "bar.{{partition(3)}}", "foo", "bar.0"},
    {">", "bar.>", "foo.x", "bar.foo.x"},
    {"foo.>", "bar.>", "foo.x.y", "bar.x.y"},
    {"foo.>", "bar.{{partition(5)}}.>", "foo.x.y", "bar.1.x.y"},
    {"foo.*.*", "bar.$2", "foo.x.y", "bar.y"},
    {"foo.*", "bar", "foo.x", "bar"},
    {"foo.*", "bar.{{partition(0,1)}}", "foo.x", "bar.0"},
    {"foo.*", "bar.{{partition(0)}}", "foo.x", "bar.0"},
    {"foo.*", "bar.{{partition(-1,1)}}", "foo.x", "bar.4245442695"},
    {"foo.*", "bar.{{partition(2147483647,1)}}", "foo.x", "bar.2097959048"},
    {"foo.*", "bar.{{partition(3,0)}}", "foo.x", "bar.0"},
    {"foo.*.*", "bar.{{partition(10,1,2)}}", "foo.x.y", "bar.2"},
    {"foo.*.*", "bar.{{partition(10,2,1)}}", "foo.x.y", "bar.4"},
    {"foo.*.*", "bar.{{Partition(10, 1 , 1)}}", "foo.x.y", "bar.1"},
    {"foo.*.*", "bar.{{partition(10)}}", "foo.x.y", "bar.6"},
    {"foo.*", "bar.{{random(0)}}", "foo.x", "bar.0"},
    {"foo.*", "bar.{{random(-1)}}", "foo.x", "bar.0"},
    {"foo.*", "bar.{{random(1)}}", "foo.x", "bar.0"},
    {"foo.*", "bar.{{Random(1)}}", "foo.x", "bar.0"},
    {"foo.*", "bar.{{split(1,)}}", "foo.x", "bar.x"},
    {"foo.*", "bar.{{split(1, )}}", "foo.x", "bar.x"},
    {"foo.*", "bar.{{split(1,.)}}", "foo.x", "bar.{{split(1,.)}}"},
    {"foo.*", "bar.{{split(1,--)}}", "foo.-x--y--z-a", "bar.-x.y.z-a"},
    {"foo.*", "bar.{{split(1,-)}}", "foo.-x--y--z-a-", "bar.x.y.z.a"},
    {"foo.*", "bar.{{split(1,-)}}", "foo.---", "bar."},
    {"foo.*", "{{split(1,-)}}", "foo.---", ""},
    {"foo.*", "{{split(1,-)}}.b", "foo.---", ".b"},
    {"foo.*", "bar.{{Split(1,-)}}.x", "foo.a-b", "bar.a.b.x"},
    {"foo.*", "bar.{{splitFromLeft(1,2)}}", "foo.abcdef", "bar.ab.cdef"},
    {"foo.*", "bar.{{SplitFromLeft(1,2)}}", "foo.abcdef", "bar.ab.cdef"},
    {"foo.*", "bar.{{splitfromleft(1,2)}}", "foo.abcdef", "bar.ab.cdef"},
    {"foo.*", "bar.{{SplitFromleft(1,2)}}", "foo.abcdef", "bar.ab.cdef"},
    {"foo.*", "bar.{{splitfromright(1,2)}}", "foo.abcdef", "bar.abcd.ef"},
    {"foo.*", "bar.{{splitfromleft(1,6)}}", "foo.abcdef", "bar.abcdef"},
    {"foo.*", "bar.{{splitfromleft(1,7)}}", "foo.abcdef", "bar.abcdef"},
    {"foo.*", "bar.{{splitfromleft(1,0)}}", "foo.abcdef", "bar.abcdef"},
    {"foo.*", "bar.{{splitfromleft(1,-1)}}", "foo.abcdef", "bar.abcdef"},
    {"foo.*", "bar.{{splitfromright(1,6)}}", "foo.abcdef", "bar.abcdef"},
    {"foo.*", "bar.{{splitfromright(1,0)}}", "foo.abcdef", "bar.abcdef"},
    {"foo.*", "bar.{{splitfromright(1,-1)}}", "foo.abcdef", "bar.abcdef"},
    {"foo.*", "bar.{{slicefromleft(1,2)}}", "foo.abcdefg", "bar.ab.cd.ef.g"},
    {"foo.*", "bar.{{sliceFromLeft(1,7)}}", "foo.abcdefg", "bar.abcdefg"},
    {"foo.*", "bar.{{SliceFromLeft(1,0)}}", "foo.abcdefg", "bar.abcdefg"},
    {"foo.*", "bar.{{slicefromright(1,2)}}", "foo.abcdefg", "bar.a.bc.de.fg"},
    {"foo.*", "bar.{{slicefromright(1,0)}}", "foo.abcdefg", "bar.abcdefg"},
    {"foo.*", "bar.{{slicefromright(1,10)}}", "foo.abcdefg", "bar.abcdefg"},
    {"foo.*", "bar.{{slicefromleft(1,-1)}}", "foo.abcdefg", "bar.abcdefg"},
    {"foo.*", "bar.{{left(1,2)}}", "foo.abcdefg", "bar.ab"},
    {"foo.*", "bar.{{Left(1,2)}}", "foo.abcdefg", "bar.ab"},
    {"foo.*", "bar.{{left(1,0)}}", "foo.abcdefg", "bar.abcdefg"},
    {"foo.*", "bar.{{left(1,10)}}", "foo.abcdefg", "bar.abcdefg"},
    {"foo.*", "bar.{{right(1,2)}}", "foo.abcdefg", "bar.fg"},
    {"foo.*", "bar.{{right(1,0)}}", "foo.abcdefg", "bar.abcdefg"},
    {"foo.*", "bar.{{right(1,10)}}", "foo.abcdefg", "bar.abcdefg"},
    {"foo.*", "bar.{{right(1,-1)}}", "foo.abcdefg", "bar.abcdefg"},
    {"foo.*", "bar.{{left(1,-1)}}", "foo.abcdefg", "bar.abcdefg"},
    {"foo.*", "bar.{{left(1,2).x}}", "foo.abcdefg", "bar.{{left(1,2).x}}"},
    {"foo.*", "bar.{{}}", "foo.x", "bar.{{}}"},
    {"foo.*", "bar.{{", "foo.x", "bar.{{"},
    {"foo.*", "bar.x y", "foo.x", "bar.x y"},
    {"foo.*.>", "bar.{{wildcard(1)}}.>", "foo.x.y.z", "bar.x.y.z"},
    {"foo.*.>", "bar.>", "foo.x.y.z", "bar.y.z"},
    {"*.foo.*", "$2.bar.$1.$2", "x.foo.y", "y.bar.x.y"},
    {"foo.*", "foo.bar", "foo.x", "foo.bar"},
    {"foo.*", "bar.$9223372036854775808", "foo.x", "bar.$9223372036854775808"},
    {"foo.*", "bar.{{partition(3,1", "foo.x", "bar.{{partition(3,1"},
    {"foo.*", "bar.{{partition(3,1) }}", "foo.x", "bar.0"},
    {"foo.*", "bar.{{partition (3,1)}}", "foo.x", "bar.0"},
    {"foo.*", "bar.{{split(1,-)}", "foo.x", "bar.{{split(1,-)}"},
    {"foo.*", "bar.{{split(1,})}}", "foo.a}b", "bar.a.b"},
    {"foo.*", "bar.{{split(1,()}}", "foo.a(b", "bar.a.b"},
    {"foo.*", "bar.{{split(1,))}}", "foo.a)b", "bar.a.b"},
    {"foo", "bar.{{partition(1000,1)}}", "foo", "bar.223"},
    {"foo", "bar.{{partition(1000)}}", "foo", "bar.223"},
    {"foo.*", "bar.{{partition(1000)}}", "foo.x", "bar.545"},
    {"foo.*", "bar.{{partition(1000,1)}}", "foo.x", "bar.695"},
    {"foo.*", "bar.{{partition(1000,0)}}", "foo.x", "bar.223"},
    {"foo.>", "bar.{{partition(1000)}}.>", "foo.x.y", "bar.876.x.y"},
    {"foo", "bar.{{partition(1000,7)}}", "foo", "bar.223"},
    {"foo.*", "bar.{{splitFromLeft( 1 , 2 )}}", "foo.xyz", "bar.xy.z"},
    {"foo.*", "bar.{{splitFromLeft(1, 2)}}", "foo.xyz", "bar.xy.z"},
    {"foo.*", "bar.{{left( 1 , 2 )}}", "foo.xyz", "bar.xy"},
    {"foo.*", "bar.{{slicefromleft( 1 , 2 )}}", "foo.xyz", "bar.xy.z"},
    {"foo.*", "bar.{{slicefromright( 1 , 2 )}}", "foo.xyz", "bar.x.yz"},
    {"foo.*", "bar.{{split(1 ,-)}}", "foo.x-y", "bar.x.y"},
    {"foo.*", "bar.{{split( 1,-)}}", "foo.x-y", "bar.x.y"},
    {"foo.*", "bar.{{split(1, -)}}", "foo.x-y", "bar.x.y"},
    {"foo.*", "bar.{{random( 1 )}}", "foo.xyz", "bar.0"},
    {"foo.*", "bar.{{partition( 1 )}}", "foo.xyz", "bar.0"},
    {"foo.*", "bar.{{wildcard(+1)}}", "foo.x", "bar.x"},
    {"foo.*", "bar.{{wildcard(01)}}", "foo.x", "bar.x"},
    {"foo.*", "bar.{{partition(+5,1)}}", "foo.x", "bar.0"},
    {"foo.*", "bar.{{split(1,)}}", "foo.abc", "bar.a.b.c"},
    {"foo.*", "bar.{{split(1,)}}", "foo.aéc", "bar.a.é.c"},
    {"foo.*", "bar.{{splitFromleft(1,1)}}", "foo.ab", "bar.a.b"},
    {"foo.*", "bar.{{SplitfromLeft(1,1)}}", "foo.ab", "bar.a.b"},
    {"foo.*", "bar.{{splitfromLeft(1,1)}}", "foo.ab", "bar.a.b"},
    {"foo.*", "bar.{{sliceFromleft(1,1)}}", "foo.ab", "bar.a.b"},
    {"foo.*", "bar.{{slicefromRight(1,1)}}", "foo.ab", "bar.a.b"},
    {"foo.*", "bar.{{splitfromRight(1,1)}}", "foo.ab", "bar.a.b"},
    {"foo.*", "bar.{{Right(1,1)}}", "foo.ab", "bar.b"},
    {"foo.*", "bar.{{split(0,-)}}", "foo.a-b", "bar.foo"},
    {"foo.*", "bar.{{left(0,2)}}", "foo.a-b", "bar.fo"},
    {"foo.*", "bar.{{left(-3,2)}}", "foo.a-b", "bar.fo"},
    {"foo.*", "bar.{{wildcard(1)}}.{{wildcard(1)}}", "foo.ab", "bar.ab.ab"},
    {"foo.*", "bar.$1.$1", "foo.ab", "bar.ab.ab"},
    {"foo.*", "bar.$ 1", "foo.ab", "bar.$ 1"},
    {"foo.*", "bar.$1 ", "foo.ab", "bar.$1 "},
    {"foo.*", "bar.{{split(1,-)}}.x", "foo.-", "bar..x"},
    {"foo.*", "bar.{{split(1,-)}}.{{split(1,-)}}.x", "foo.-", "bar...x"},
    {"foo.*", "bar.{{split(1,a)}}.x", "foo.abaab", "bar.b.b.x"},
    {"foo.*", "bar.{{split(1,aa)}}.x", "foo.aaaxaa", "bar.ax.x"},
    {"foo.*", "bar.{{slicefromright(1,3)}}.x", "foo.abcdefgh", "bar.ab.cde.fgh.x"},
    {"foo.*", "bar.{{slicefromleft(1,3)}}.x", "foo.abcdefgh", "bar.abc.def.gh.x"},
    {"foo.*", "bar.{{slicefromleft(1,3)}}.x", "foo.abcdef", "bar.abc.def.x"},
    {"foo.*", "bar.{{slicefromright(1,3)}}.x", "foo.abcdef", "bar.abc.def.x"},
    {"*.*.>", "{{wildcard(2)}}.{{partition(7,2,1)}}.{{split(1,-)}}.>", "a-b.c.d.e", "c.3.a.b.d.e"},
    {"*.*.>", "{{partition(1000)}}.>", "a-b.c.d.e", "399.d.e"},
    {"*", "{{partition(12,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1)}}", "a-b", "5"},
    {"foo.>", ">", "foo.a.b", "a.b"},
    {">", "{{partition(10)}}.>", "foo.a.b", "4.foo.a.b"},
    {"foo.*", " bar.$1", "foo.a", " bar.a"},
    {"foo.*", "bar.{{wildcard(1)}}", "foo.a b", "bar.a b"},
    {"foo *", "bar", "foo *", "bar"},
    {"foo", "bar.a*", "foo", "bar.a*"},
};

struct Refusal {
  std::string_view source, destination, why;
};

// `why` follows on `invalid mapping destination: `, unless it begins with `=`.
constexpr Refusal kRefusals[] = {
    {"foo.*", "bar.{{WILDCARD(1)}}", "unknown function in {{WILDCARD(1)}}"},
    {"foo.*", "bar.{{wildCard(1)}}", "unknown function in {{wildCard(1)}}"},
    {"foo.*", "bar.{{wildcard()}}",
     "not enough arguments passed to the function in {{wildcard()}}"},
    {"foo.*", "bar.{{wildcard}}", "unknown function in {{wildcard}}"},
    {"foo.*", "bar.{{wildcard(1}}", "unknown function in {{wildcard(1}}"},
    {"foo.*", "bar.{{wildcard(a)}}",
     "function argument is invalid or in the wrong format in {{wildcard(a)}}"},
    {"foo.*", "bar.{{wildcard(1,2)}}",
     "too many arguments passed to the function in {{wildcard(1,2)}}"},
    {"foo.*", "bar.{{wildcard(2)}}", "wildcard index out of range in {{wildcard(2)}}: [2]"},
    {"foo", "bar.$1", "wildcard index out of range in $1"},
    {"foo", "bar.{{wildcard(1)}}", "wildcard index out of range in {{wildcard(1)}}"},
    {"foo", "bar.{{split(1,-)}}", "wildcard index out of range in {{split(1,-)}}"},
    {"foo", "bar.{{nope(1,-)}}", "unknown function in {{nope(1,-)}}"},
    {"foo.>", "bar.{{partition(5,1)}}.>", "wildcard index out of range in {{partition(5,1)}}: [1]"},
    {"foo.>", "bar.$1.>", "wildcard index out of range in $1: [1]"},
    {"foo.>", "bar.x", "=invalid subject"},
    {"foo", "bar.>", "=invalid subject"},
    {"foo.*", "bar.>", "=invalid subject"},
    {"foo.*", "bar.*", "=invalid subject"},
    {"foo.*", "bar..x", "=invalid subject"},
    {"foo..*", "bar.x", "=invalid subject"},
    {"foo.*", "bar.{{partition(5000000000,1)}}",
     "function argument is invalid or in the wrong format in {{partition(5000000000,1)}}"},
    {"foo.*", "bar.{{partition(2147483648,1)}}",
     "function argument is invalid or in the wrong format in {{partition(2147483648,1)}}"},
    {"foo.*", "bar.{{partition()}}",
     "function argument is invalid or in the wrong format in {{partition()}}"},
    {"foo.*", "bar.{{partition(x)}}",
     "function argument is invalid or in the wrong format in {{partition(x)}}"},
    {"foo.*", "bar.{{partition(3,x)}}",
     "function argument is invalid or in the wrong format in {{partition(3,x)}}"},
    {"foo.*", "bar.{{partition(3,2)}}", "wildcard index out of range in {{partition(3,2)}}: [2]"},
    {"foo.*", "bar.{{random()}}",
     "function argument is invalid or in the wrong format in {{random()}}"},
    {"foo.*", "bar.{{random(a)}}",
     "function argument is invalid or in the wrong format in {{random(a)}}"},
    {"foo.*", "bar.{{random(1,2)}}",
     "not enough arguments passed to the function in {{random(1,2)}}"},
    {"foo.*", "bar.{{random(5000000000)}}",
     "function argument is invalid or in the wrong format in {{random(5000000000)}}"},
    {"foo.*", "bar.{{split(1)}}", "not enough arguments passed to the function in {{split(1)}}"},
    {"foo.*", "bar.{{split(1,-,x)}}",
     "too many arguments passed to the function in {{split(1,-,x)}}"},
    {"foo.*", "bar.{{split(2,-)}}", "wildcard index out of range in {{split(2,-)}}: [2]"},
    {"foo.*", "bar.{{split(a,-)}}",
     "function argument is invalid or in the wrong format in {{split(a,-)}}"},
    {"foo.*", "bar.{{split()}}", "not enough arguments passed to the function in {{split()}}"},
    {"foo.*", "bar.{{split( 1 , - )}}.x",
     "function argument is invalid or in the wrong format in {{split( 1 , - )}}"},
    {"foo.*", "bar.{{SPLITFROMLEFT(1,2)}}", "unknown function in {{SPLITFROMLEFT(1,2)}}"},
    {"foo.*", "bar.{{splitfromleft(1)}}",
     "not enough arguments passed to the function in {{splitfromleft(1)}}"},
    {"foo.*", "bar.{{splitfromleft(1,2,3)}}",
     "too many arguments passed to the function in {{splitfromleft(1,2,3)}}"},
    {"foo.*", "bar.{{splitfromleft(1,x)}}",
     "function argument is invalid or in the wrong format in {{splitfromleft(1,x)}}"},
    {"foo.*", "bar.{{splitfromleft(x,1)}}",
     "function argument is invalid or in the wrong format in {{splitfromleft(x,1)}}"},
    {"foo.*", "bar.{{splitfromleft(2,1)}}",
     "wildcard index out of range in {{splitfromleft(2,1)}}: [2]"},
    {"foo.*", "bar.{{LEFT(1,2)}}", "unknown function in {{LEFT(1,2)}}"},
    {"foo.*", "bar.{{)}}", "unknown function in {{)}}"},
    {"foo.*", "bar.{{wildcard(1)}}.>", "=invalid subject"},
    {"foo.*.>", "bar.{{wildcard(1)}}", "=invalid subject"},
    {"foo.*.>", "bar.{{wildcard(2)}}.>", "wildcard index out of range in {{wildcard(2)}}: [2]"},
    {"foo.*", "bar.{{wildcard(9223372036854775808)}}",
     "function argument is invalid or in the wrong format in {{wildcard(9223372036854775808)}}"},
    {"foo.*", "bar.{{partition(3,1))}}",
     "function argument is invalid or in the wrong format in {{partition(3,1))}}"},
    {"foo.*", "bar.{{partition(3,1,)}}",
     "function argument is invalid or in the wrong format in {{partition(3,1,)}}"},
    {"foo.*", "bar.{{from(1)}}", "unknown function in {{from(1)}}"},
    {"foo", "bar.{{random(1,2)}}",
     "not enough arguments passed to the function in {{random(1,2)}}"},
    {"foo.*", "bar.{{split(1,- )}}",
     "function argument is invalid or in the wrong format in {{split(1,- )}}"},
    {"foo.*", "bar.{{wildcard(2147483648)}}",
     "wildcard index out of range in {{wildcard(2147483648)}}: [2147483648]"},
    {"foo.*", "bar.{{wildcard(1_0)}}",
     "function argument is invalid or in the wrong format in {{wildcard(1_0)}}"},
    {"foo.*", "bar.{{wildcard(0x1)}}",
     "function argument is invalid or in the wrong format in {{wildcard(0x1)}}"},
    {"foo.*", "bar.{{left(1,0x1)}}",
     "function argument is invalid or in the wrong format in {{left(1,0x1)}}"},
    {"foo.*", "bar.{{left(1,2147483648)}}",
     "function argument is invalid or in the wrong format in {{left(1,2147483648)}}"},
    {"foo.*", "bar.{{left(2147483648,1)}}",
     "wildcard index out of range in {{left(2147483648,1)}}: [2147483648]"},
    {"foo.*", "bar.{{split(2147483648,-)}}",
     "wildcard index out of range in {{split(2147483648,-)}}: [2147483648]"},
    {"foo.*", "bar.{{partition(5,2147483648)}}",
     "wildcard index out of range in {{partition(5,2147483648)}}: [2147483648]"},
    {"foo.*", "bar.{{a}}", "unknown function in {{a}}"},
    {"foo.*", "bar.{{ }}", "unknown function in {{ }}"},
    {"foo.*", "bar.{{SPLIT(1,-)}}", "unknown function in {{SPLIT(1,-)}}"},
    {"foo.*", "bar.{{SLiceFromLeft(1,1)}}", "unknown function in {{SLiceFromLeft(1,1)}}"},
    {"foo.*", "bar.{{spliTFromLeft(1,1)}}", "unknown function in {{spliTFromLeft(1,1)}}"},
    {"foo.*", "bar.{{rIght(1,1)}}", "unknown function in {{rIght(1,1)}}"},
    {"foo.*", "bar.{{rANDOM(1)}}", "unknown function in {{rANDOM(1)}}"},
    {"foo.*", "bar.{{PARTITION(1)}}", "unknown function in {{PARTITION(1)}}"},
    {"foo.*", "bar.{{partition(3,)}}",
     "function argument is invalid or in the wrong format in {{partition(3,)}}"},
    {"foo.*", "bar.{{partition(,1)}}",
     "function argument is invalid or in the wrong format in {{partition(,1)}}"},
    {"foo.*", "bar.{{left()}}", "not enough arguments passed to the function in {{left()}}"},
    {"foo.*", "bar.{{left(1)}}", "not enough arguments passed to the function in {{left(1)}}"},
    {"foo.*", "bar.{{left(1,2,3)}}",
     "too many arguments passed to the function in {{left(1,2,3)}}"},
    {"foo.*", "bar.{{left(,)}}",
     "function argument is invalid or in the wrong format in {{left(,)}}"},
    {"foo.*", "bar.{{left(1,)}}",
     "function argument is invalid or in the wrong format in {{left(1,)}}"},
    {"foo.*", "bar.{{slicefromleft(1)}}",
     "not enough arguments passed to the function in {{slicefromleft(1)}}"},
    {"foo.*", "bar.{{wildcard( )}}",
     "function argument is invalid or in the wrong format in {{wildcard( )}}"},
    {"foo.*", "bar.{{split( )}}", "not enough arguments passed to the function in {{split( )}}"},
    {"foo.*", "bar.{{left( )}}", "not enough arguments passed to the function in {{left( )}}"},
    {"foo.*", "bar.{{wildcard(1)(2)}}",
     "function argument is invalid or in the wrong format in {{wildcard(1)(2)}}"},
    {"foo.*", "bar.{{wildcard((1))}}",
     "function argument is invalid or in the wrong format in {{wildcard((1))}}"},
    {"*.*", "{{wildcard(2)}}.{{partition(7,2,1)}}.{{split(1,-)}}.>", "=invalid subject"},
    {">", "a.$1.>", "wildcard index out of range in $1: [1]"},
    {"foo", "bar.*", "=invalid subject"},
    {"foo", "bar.>.a", "=invalid subject"},
    {">.a", "bar.>", "=invalid subject"},
    {"foo.*", "bar.{{Wildcard(1)}}.{{wildcard(3)}}",
     "wildcard index out of range in {{wildcard(3)}}: [3]"},
    {"foo.*", "bar.{{wildcard(3)}}.$7", "wildcard index out of range in {{wildcard(3)}}: [3]"},
    {"foo.*", "bar.{{partition(4,5,6)}}",
     "wildcard index out of range in {{partition(4,5,6)}}: [5]"},
};

// [ACCT-21] [ACCT-22] [ACCT-24] [ACCT-25] [ACCT-26] [ACCT-27] [ACCT-28] [ACCT-29]
TEST_CASE("results are nats-server's") {
  for (const Answer& answer : kAnswers) {
    CAPTURE(answer.source);
    CAPTURE(answer.destination);
    const auto transform = Transform::compile(answer.source, answer.destination, Use::kMapping);
    REQUIRE(transform);
    CHECK(transform->accepts(answer.subject));
    CHECK(applied(*transform, answer.subject) == answer.result);
  }
}

TEST_CASE("refusals are nats-server's [ACCT-20]") {
  for (const Refusal& refusal : kRefusals) {
    CAPTURE(refusal.destination);
    const auto transform = Transform::compile(refusal.source, refusal.destination, Use::kMapping);
    REQUIRE_FALSE(transform);
    const std::string wanted = refusal.why.starts_with('=')
                                   ? std::string(refusal.why.substr(1))
                                   : "invalid mapping destination: " + std::string(refusal.why);
    CHECK(transform.error().text() == wanted);
  }
}

TEST_CASE("imports may only move wildcards [ACCT-05] [ACCT-07]") {
  const auto refusal = [](std::string_view source, std::string_view destination) {
    const auto transform = Transform::compile(source, destination, Use::kImport);
    return transform ? std::string() : transform.error().text();
  };
  CHECK(refusal("a.*", "b.$1").empty());
  CHECK(refusal("a.*.*", "b.$2.{{wildcard(1)}}").empty());
  CHECK(refusal("a.*", "b.$1.$1").empty());
  CHECK(refusal("a.*", "b.{{partition(3,1)}}") ==
        "invalid mapping destination: the only mapping function allowed for import transforms is "
        "{{Wildcard()}} in {{partition(3,1)}}");
  CHECK(refusal("a.*.*", "b.$1") ==
        "invalid mapping destination: not using all of the token wildcard(s) in b.$1");
  CHECK(refusal("a.*", "b..$1") == "invalid subject");
}

TEST_CASE("a reverse transform undoes the moves") {
  const auto back = [](std::string_view source, std::string_view destination,
                       std::string_view subject) {
    const auto transform = Transform::compile_reverse(source, destination);
    REQUIRE(transform);
    REQUIRE(transform->accepts(subject));
    return applied(*transform, subject);
  };
  CHECK(back("req.*.*", "my.$2.x.$1", "my.2.x.1") == "req.1.2");
  CHECK(back("req.*.*", "my.*.*", "my.1.2") == "req.1.2");
  CHECK(back("req.>", "my.>", "my.a.b") == "req.a.b");
}

TEST_CASE("destinations of mappings [ACCT-20]") {
  const auto refusal = [](std::string_view destination) {
    const auto checked = check_mapping_destination(destination);
    return checked ? std::string() : checked.error().text();
  };
  const std::string prefix = "invalid mapping destination: ";
  CHECK(refusal("b.{{split(1, -)}}").empty());
  CHECK(refusal("b.*").empty());  // compile() says what is wrong with it
  CHECK(refusal("b..c") == prefix + "invalid transform");
  CHECK(refusal("") == prefix + "invalid transform");
  CHECK(refusal("b. c.$1") == prefix + "invalid transform");
  CHECK(refusal("b\t") == prefix + "invalid transform");
  CHECK(refusal("b.>.c") == prefix + "invalid transform in c");
  CHECK(refusal("b.{{nope(1)}}..c") == prefix + "unknown function in {{nope(1)}}");
  CHECK(refusal("b..{{nope(1)}}") == prefix + "invalid transform");
}

TEST_CASE("random() stays in its range and reaches all of it [ACCT-23]") {
  const auto transform = Transform::compile("a.*", "b.{{random(3)}}.{{random(3)}}", Use::kMapping);
  REQUIRE(transform);
  CHECK(transform->is_random());
  std::mt19937_64 draws(7);
  std::vector<int> seen(9);
  for (int i = 0; i < 900; ++i) {
    const std::string result = applied(*transform, "a.x", draws());
    REQUIRE(result.size() == 5);
    const int first = result[2] - '0';
    const int second = result[4] - '0';
    REQUIRE((first >= 0 && first < 3 && second >= 0 && second < 3));
    ++seen[static_cast<std::size_t>(first * 3 + second)];
  }
  for (const int count : seen) CHECK(count > 50);
}

// ---- the model

using Words = std::vector<std::string>;

Words words_of(const std::string& subject) {
  Words words(1);
  for (const char c : subject) {
    if (c == '.') {
      words.emplace_back();
    } else {
      words.back() += c;
    }
  }
  return words;
}

std::string joined(const Words& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) text += (i > 0 ? "." : "") + words[i];
  return text;
}

std::string model_fnv(const std::string& text, unsigned count) {
  std::uint32_t hash = 2166136261U;
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 16777619U;
  }
  return std::to_string(hash % count);
}

class RuleMaker {
 public:
  explicit RuleMaker(std::uint64_t seed) : random_(seed) {}

  unsigned below(unsigned limit) { return static_cast<unsigned>(random_() % limit); }

  std::string word() {
    static constexpr char kLetters[] = "abc-";
    std::string text;
    for (unsigned size = 1 + below(7); size > 0; --size) text += kLetters[below(4)];
    return text;
  }

  // Sources have at least one `*`; `>` in one of four.
  std::string source() {
    Words words(1 + below(5));
    for (std::string& text : words) text = below(2) == 0 ? "*" : word();
    words[below(static_cast<unsigned>(words.size()))] = "*";
    if (below(4) == 0) words.emplace_back(">");
    return joined(words);
  }

  std::string subject_for(const std::string& source) {
    Words words;
    for (const std::string& text : words_of(source)) {
      if (text == "*") {
        words.push_back(word());
      } else if (text == ">") {
        for (unsigned more = 1 + below(3); more > 0; --more) words.push_back(word());
      } else {
        words.push_back(text);
      }
    }
    return joined(words);
  }

  Words destination(const std::string& source, unsigned stars) {
    Words tokens;
    for (unsigned count = 1 + below(4); count > 0; --count) tokens.push_back(token(stars));
    if (source.ends_with('>')) tokens.emplace_back(">");
    return tokens;
  }

 private:
  std::string token(unsigned stars) {
    const std::string wildcard = std::to_string(1 + below(stars));
    const std::string size = std::to_string(below(6));
    switch (below(10)) {
      case 0:
        return word();
      case 1:
        return "$" + wildcard;
      case 2:
        return "{{ partition( " + std::to_string(1 + below(20)) + " , " + wildcard + ",1)}}";
      case 3:
        return "{{Partition(" + std::to_string(1 + below(20)) + ")}}";
      case 4:
        return "{{split(" + wildcard + "," + (below(2) == 0 ? "-" : "ab") + ")}}";
      case 5:
        return "{{SplitFromLeft(" + wildcard + "," + size + ")}}";
      case 6:
        return "{{splitFromRight(" + wildcard + ", " + size + ")}}";
      case 7:
        return std::string("{{slicefrom") + (below(2) == 0 ? "left(" : "right(") + wildcard + "," +
               size + ")}}";
      case 8:
        return "{{left(" + wildcard + "," + size + ")}}";
      default:
        return "{{Right (" + wildcard + "," + size + " ) }}";
    }
  }

  std::mt19937_64 random_;
};

// Name and arguments of a function's token, in lower case and without blanks.
Words call_of(const std::string& token) {
  Words call(1);
  if (token.starts_with('$')) return {"wildcard", token.substr(1)};
  for (const char c : token) {
    if (c == '{' || c == '}' || c == ' ' || c == ')') continue;
    if (c == '(' || c == ',') {
      call.emplace_back();
    } else {
      call.back() += static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
    }
  }
  return call;
}

Words without_empty(const Words& words) {
  Words kept;
  for (const std::string& text : words)
    if (!text.empty()) kept.push_back(text);
  return kept;
}

std::string model_call(const Words& call, const std::string& subject, const Words& stars) {
  const auto star = [&](std::size_t argument) {
    return stars[static_cast<std::size_t>(std::stoi(call[argument])) - 1];
  };
  if (call[0] == "partition") {
    std::string text = call.size() == 2 ? subject : "";
    for (std::size_t i = 2; i < call.size(); ++i) text += star(i);
    return model_fnv(text, static_cast<unsigned>(std::stoi(call[1])));
  }
  const std::string token = star(1);
  if (call[0] == "wildcard") return token;
  if (call[0] == "split") {
    Words parts;
    std::string rest = token;
    for (auto at = rest.find(call[2]); at != std::string::npos; at = rest.find(call[2])) {
      parts.push_back(rest.substr(0, at));
      rest = rest.substr(at + call[2].size());
    }
    parts.push_back(rest);
    return joined(without_empty(parts));
  }
  const auto size = static_cast<std::size_t>(std::stoi(call[2]));
  if (size == 0 || size >= token.size()) return token;
  const std::size_t rest = token.size() - size;
  if (call[0] == "left") return token.substr(0, size);
  if (call[0] == "right") return token.substr(rest);
  if (call[0] == "splitfromleft") return token.substr(0, size) + "." + token.substr(size);
  if (call[0] == "splitfromright") return token.substr(0, rest) + "." + token.substr(rest);
  std::string result;
  for (std::size_t i = 0; i < token.size(); ++i) {
    const bool cut = call[0] == "slicefromleft" ? i % size == 0 : (token.size() - i) % size == 0;
    if (i > 0 && cut) result += '.';
    result += token[i];
  }
  return result;
}

std::string model(const std::string& source, const Words& destination, const std::string& subject) {
  const Words from = words_of(source);
  const Words words = words_of(subject);
  Words stars, result;
  for (std::size_t i = 0; i < from.size(); ++i)
    if (from[i] == "*") stars.push_back(words[i]);
  for (const std::string& token : destination) {
    if (token == ">") {
      for (std::size_t i = from.size() - 1; i < words.size(); ++i) result.push_back(words[i]);
    } else if (token.starts_with('$') || token.starts_with("{{")) {
      result.push_back(model_call(call_of(token), subject, stars));
    } else {
      result.push_back(token);
    }
  }
  return joined(result);
}

TEST_CASE("random rules agree with the model") {
  const char* wanted = std::getenv("MIDGE_TRANSFORM_CASES");
  const long cases = wanted == nullptr ? 20'000 : std::atol(wanted);
  RuleMaker make(20'260'101);
  for (long i = 0; i < cases; i += 4) {
    const std::string source = make.source();
    unsigned stars = 0;
    for (const std::string& text : words_of(source)) stars += text == "*" ? 1 : 0;
    const Words destination = make.destination(source, stars);
    const auto transform = Transform::compile(source, joined(destination), Use::kMapping);
    REQUIRE_MESSAGE(transform, source << " to " << joined(destination));
    for (int j = 0; j < 4; ++j) {
      const std::string subject = make.subject_for(source);
      REQUIRE(transform->accepts(subject));
      const std::string result = applied(*transform, subject);
      const std::string expected = model(source, destination, subject);
      if (result == expected) continue;
      FAIL(source << " to " << joined(destination) << " of " << subject << ": " << result
                  << ", not " << expected);
    }
  }
}

}  // namespace
}  // namespace midge::subject
