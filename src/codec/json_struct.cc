#include "codec/json_struct.h"

#include <algorithm>
#include <charconv>

#include "base/ascii.h"
#include "codec/go_quoted.h"
#include "codec/rfc3339.h"

namespace midge::codec {
namespace {

const char* go_kind(const JsonValue& value) {
  constexpr const char* kKinds[] = {"null", "bool", "number", "string", "array", "object"};
  return kKinds[static_cast<unsigned>(value.type)];
}

}  // namespace

Error not_an_object(const JsonValue& value, std::string_view go_type) {
  return {ErrorCode::kInvalid, std::string("json: cannot unmarshal ") + go_kind(value) +
                                   " into Go value of type " + std::string(go_type)};
}

void JsonStructReader::finish() {
  if (!strict_ || !error_.empty()) return;
  for (const JsonMember& member : object_.members) {
    const auto is_it = [&](std::string_view name) {
      return equal_ignoring_case(name, member.name);
    };
    if (std::ranges::none_of(names_, is_it)) {
      error_ = "json: unknown field " + go_quoted(member.name);
      return;
    }
  }
}

void JsonStructReader::mismatch(const JsonValue& value, const std::string& path,
                                std::string_view go_type) {
  std::string what = go_kind(value);
  if (value.type == JsonValue::Type::kNumber && go_type != "string" && go_type != "bool" &&
      !go_type.starts_with("[]") && go_type != "struct")
    what += " " + value.text;
  error_ = "json: cannot unmarshal " + what + " into Go struct field " + path + " of type ";
  error_.append(go_type);
}

template <class Integer>
void JsonStructReader::read_integer(const JsonValue& value, Integer& target,
                                    const std::string& path, std::string_view go_type) {
  const std::string& text = value.text;
  Integer number{};
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (value.type != JsonValue::Type::kNumber || status != std::errc() ||
      end != text.data() + text.size())
    return mismatch(value, path, go_type);
  target = number;
}

void JsonStructReader::read(const JsonValue& value, bool& target, const std::string& path) {
  if (value.type != JsonValue::Type::kBool) return mismatch(value, path, "bool");
  target = value.truth;
}

void JsonStructReader::read(const JsonValue& value, int& target, const std::string& path) {
  read_integer(value, target, path, "int");
}

void JsonStructReader::read(const JsonValue& value, std::int64_t& target, const std::string& path) {
  read_integer(value, target, path, "int64");
}

void JsonStructReader::read(const JsonValue& value, std::uint64_t& target,
                            const std::string& path) {
  read_integer(value, target, path, "uint64");
}

void JsonStructReader::read(const JsonValue& value, double& target, const std::string& path) {
  const std::string& text = value.text;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), target);
  if (value.type != JsonValue::Type::kNumber || status != std::errc())
    mismatch(value, path, "float64");
}

void JsonStructReader::read(const JsonValue& value, std::string& target, const std::string& path) {
  if (value.type != JsonValue::Type::kString) return mismatch(value, path, "string");
  target = value.text;
}

void JsonStructReader::read(const JsonValue& value, Duration& target, const std::string& path) {
  read_integer(value, target.ns, path, "time.Duration");
}

void JsonStructReader::read(const JsonValue& value, WallTime& target, const std::string& path) {
  if (value.type != JsonValue::Type::kString) {
    error_ = "Time.UnmarshalJSON: input is not a JSON string";
    return;
  }
  if (value.text.starts_with("0001-01-01T00:00:00")) {
    target = kNoTime;
    return;
  }
  const auto time = parse_rfc3339(value.text);
  if (!time) {
    error_ = "parsing time " + go_quoted(value.text) +
             " as \"2006-01-02T15:04:05Z07:00\": cannot parse " + go_quoted(value.text) +
             " as \"2006\"";
    return;
  }
  target = *time;
  (void)path;
}

void JsonStructReader::read(const JsonValue& value, StringMap& target, const std::string& path) {
  if (value.type != JsonValue::Type::kObject) return mismatch(value, path, "map[string]string");
  for (const JsonMember& member : value.members) {
    if (member.value.type == JsonValue::Type::kNull) {
      target[member.name];
      continue;
    }
    read(member.value, target[member.name], path);
  }
}

std::string JsonStructReader::quoted(const JsonValue& value) {
  return value.type == JsonValue::Type::kString ? go_quoted(value.text) : value.text;
}

int JsonStructReader::read_enum(const JsonValue& value, std::span<const char* const> texts,
                                const std::string& path) {
  (void)path;
  for (std::size_t i = 0; i < texts.size(); ++i)
    if (value.type == JsonValue::Type::kString && value.text == texts[i])
      return static_cast<int>(i);
  error_ = "can not unmarshal " +
           go_quoted(value.type == JsonValue::Type::kString ? '"' + value.text + '"' : value.text);
  return -1;
}

}  // namespace midge::codec
