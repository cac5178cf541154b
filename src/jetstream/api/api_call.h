// A request to the API on its way, with the answer that is being written. Owns all; it crosses
// loops.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "codec/json_struct.h"
#include "jetstream/api/error.h"
#include "jetstream/usage.h"

namespace midge::jetstream {

class Api;
class Shard;

struct ApiCall {
  AccountId account;
  std::string account_name;
  std::shared_ptr<AccountUsage> usage;  // of the account
  std::string subject, reply, header, body;
  struct Asker {
    LoopId loop;
    std::uint64_t cid = 0;
  };
  Asker asker;                     // the client
  bool only_asks = false;          // by its verb: for information
  std::string_view type;           // of the answer, of the table
  std::vector<std::string> names;  // what stands where the verb's pattern has wildcards
  codec::JsonWriter json;          // the answer's fields behind its type

  std::string_view error_fields;  // what an error has behind it, as JSON
  std::string answer_header;      // a block; "" = none
  bool is_audited = true;         // if it succeeds
  bool changes_nothing = false;   // while the disk takes nothing its answer does not wait for that

  // The answer, complete.
  [[nodiscard]] std::string answer_text() const;
  [[nodiscard]] std::string error_text(const ApiError& error) const;
  // Appends the fields of a described type.
  template <class T>
  void write(T& fields) {
    codec::JsonStructWriter writer(json);
    describe(writer, fields);
  }
  template <class T>
  ApiCall& field(std::string_view name, const T& value) {
    json.key(name);
    codec::JsonStructWriter(json).write(value);
    return *this;
  }
  // Of a listing: what is not in it because it is offline, and why.
  void missing(const std::map<std::string, std::string>& offline);
  // Reads the body; an empty one is an empty object where `may_be_empty`.
  template <class T>
  ApiResult<void> read(T& into, bool strict, bool may_be_empty) const {
    if (body.empty() && may_be_empty) return {};
    if (auto result = codec::read_json_struct(body, into, strict); !result)
      return std::unexpected(invalid_json(result.error()));
    return {};
  }
  // Nothing, or an object without members.
  [[nodiscard]] bool has_empty_body() const;
  // An object or an array: listings take all else for nothing in particular.
  [[nodiscard]] bool has_object() const;
  static ApiError invalid_json(const Error& error);
  void count_error(Shard& shard) const;
  // On the loop of `shard`: the answer rests on what that shard wrote last.
  void answer_from(Shard& shard);
  void fail_from(Shard& shard, const ApiError& error);

 private:
  void send_from(Shard& shard, const std::string& text, bool waits) const;
};

}  // namespace midge::jetstream
