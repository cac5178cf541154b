// Bodies of direct gets, of which one kind is read without a JSON tree: the outcome is the same.
#include "jetstream/stream/direct_terms.h"

#include <doctest/doctest.h>

namespace midge::jetstream {
namespace {

DirectTerms read(std::string_view body) {
  DirectTerms terms;
  CHECK(terms.read(body, {}).empty());
  return terms;
}

}  // namespace

TEST_CASE("The last of a subject is asked for in any way that JSON knows") {
  CHECK(read(R"({"last_by_subj":"$KV.a.b c"})").last_by_subject == "$KV.a.b c");
  CHECK(read(R"({ "last_by_subj" : "a.b" })").last_by_subject == "a.b");
  CHECK(read("{\"last_by_subj\":\"a\\u002eb\"}").last_by_subject == "a.b");
  CHECK(read(R"({"last_by_subj":"a","up_to_seq":7})").up_to_sequence == 7);
  const DirectTerms twice = read(R"({"last_by_subj":"a","last_by_subj":"b"})");
  CHECK(twice.last_by_subject == "b");
}

TEST_CASE("What asks for nothing, or is no JSON, is refused") {
  DirectTerms terms;
  CHECK(terms.read(R"({"last_by_subj":""})", {}) == "408 Empty Request");
  CHECK(terms.read(R"({"last_by_subj":"a)", {}) == "408 Malformed Request");
  CHECK(terms.read("", {}) == "408 Empty Request");
  CHECK(terms.read(R"({"last_by_subj":"a","seq":1})", {}) == "408 Bad Request");
}

}  // namespace midge::jetstream
