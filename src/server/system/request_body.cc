#include "server/system/request_body.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace midge::server {
namespace {

using codec::JsonValue;
using Kind = BodyOption::Kind;

constexpr std::string_view kFilterPart = "EventFilterOptions";
constexpr BodyOption kFilterOptions[] = {
    {"server_name", Kind::kText, ""}, {"cluster", Kind::kText, ""}, {"host", Kind::kText, ""},
    {"exact_match", Kind::kBool, ""}, {"tags", Kind::kTexts, ""},   {"domain", Kind::kText, ""},
};
constexpr std::array<std::string_view, 3> kStates = {"open", "closed", "all"};

std::string_view go_name(JsonValue::Type type) {
  switch (type) {
    case JsonValue::Type::kNull:
      return "null";
    case JsonValue::Type::kBool:
      return "bool";
    case JsonValue::Type::kNumber:
      return "number";
    case JsonValue::Type::kString:
      return "string";
    case JsonValue::Type::kArray:
      return "array";
    case JsonValue::Type::kObject:
      return "object";
  }
  return "";
}

std::string_view go_type(Kind kind) {
  switch (kind) {
    case Kind::kBool:
    case Kind::kFlag:
      return "bool";
    case Kind::kInt:
      return "int";
    case Kind::kUnsigned:
      return "uint64";
    case Kind::kText:
      return "string";
    case Kind::kTexts:
      return "[]string";
    case Kind::kState:
      return "server.ConnState";
    case Kind::kOrder:
      return "server.SortOpt";
    case Kind::kDuration:
      return "time.Duration";
  }
  return "";
}

bool is_unsigned(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

struct Mismatch {
  std::string found;      // what the text has
  std::string_view type;  // what it should be
};

std::optional<Mismatch> check(const JsonValue& value, Kind kind) {
  using Type = JsonValue::Type;
  if (value.type == Type::kNull) return std::nullopt;
  const auto is = [&](Type type) -> std::optional<Mismatch> {
    if (value.type == type) return std::nullopt;
    return Mismatch{std::string(go_name(value.type)), go_type(kind)};
  };
  if (kind == Kind::kBool || kind == Kind::kFlag) return is(Type::kBool);
  if (kind == Kind::kText || kind == Kind::kOrder) return is(Type::kString);
  if (kind == Kind::kTexts) {
    if (value.type != Type::kArray) return is(Type::kArray);
    for (const JsonValue& item : value.items)
      if (item.type != Type::kString && item.type != Type::kNull)
        return Mismatch{std::string(go_name(item.type)), go_type(Kind::kText)};
    return std::nullopt;
  }
  if (value.type != Type::kNumber) return is(Type::kNumber);
  const bool fits = kind == Kind::kUnsigned ? is_unsigned(value.text) : value.integer().has_value();
  if (fits) return std::nullopt;
  return Mismatch{"number " + value.text, go_type(kind)};
}

bool is_same_name(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

const BodyOption* find(std::span<const BodyOption> options, std::string_view name) {
  for (const BodyOption& option : options)
    if (is_same_name(option.name, name)) return &option;
  return nullptr;
}

// The first of the members, in the order of the text, that is of another type than it should be.
Result<void> check_members(const BodyType& type, const JsonValue& body) {
  for (const codec::JsonMember& member : body.members) {
    const BodyOption* option = find(type.options, member.name);
    std::string_view part = type.part;
    if (option == nullptr) {
      option = find(kFilterOptions, member.name);
      part = type.type == kFilterPart ? std::string_view() : kFilterPart;
    }
    if (option == nullptr) continue;
    const auto mismatch = check(member.value, option->kind);
    if (!mismatch) continue;
    std::string text = "json: cannot unmarshal " + mismatch->found + " into Go struct field ";
    text.append(type.type).append(".");
    if (!part.empty()) text.append(part).append(".");
    text.append(option->name).append(" of type ").append(mismatch->type);
    return failure(std::move(text), ErrorCode::kInvalid);
  }
  return {};
}

void add_option(std::string& query, const BodyOption& option, const JsonValue& value) {
  switch (option.kind) {
    case Kind::kBool:
      return add_parameter(query, option.parameter, value.truth ? "1" : "0");
    case Kind::kFlag:
      if (value.truth) add_parameter(query, option.parameter, option.value);
      return;
    case Kind::kState: {
      const auto state = static_cast<std::uint64_t>(value.integer().value_or(0));
      return add_parameter(query, option.parameter,
                           state < kStates.size() ? kStates[state] : std::string_view(value.text));
    }
    case Kind::kTexts: {
      std::string lines;
      for (const JsonValue& item : value.items) lines.append(item.text).append("\n");
      return add_parameter(query, option.parameter, lines);
    }
    case Kind::kInt:
    case Kind::kUnsigned:
    case Kind::kText:
    case Kind::kOrder:
    case Kind::kDuration:
      return add_parameter(query, option.parameter, value.text);
  }
}

}  // namespace

Result<RequestBody> parse_body(const BodyType& type, std::string_view body) {
  RequestBody parsed;
  if (body.empty()) return parsed;
  ASSIGN_OR_RETURN(const JsonValue json, codec::read_json_tree(body));
  if (json.type != JsonValue::Type::kObject && json.type != JsonValue::Type::kNull) {
    std::string text = "json: cannot unmarshal ";
    text.append(go_name(json.type)).append(" into Go value of type server.").append(type.type);
    return failure(std::move(text), ErrorCode::kInvalid);
  }
  TRY(check_members(type, json));
  parsed.filter = ServerFilter::of(json);
  for (const BodyOption& option : type.options)
    if (const JsonValue* value = json.find(option.name)) add_option(parsed.query, option, *value);
  return parsed;
}

void add_parameter(std::string& query, std::string_view name, std::string_view value) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  if (!query.empty()) query += '&';
  query.append(name).append("=");
  for (const char c : value) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
    const auto byte = static_cast<unsigned char>(c);
    if (is_plain) {
      query += c;
    } else {
      query += '%';
      query += kDigits[byte >> 4];
      query += kDigits[byte & 15];
    }
  }
}

}  // namespace midge::server
