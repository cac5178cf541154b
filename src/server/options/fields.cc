#include "server/options/fields.h"

#include <charconv>
#include <string>

#include "server/options/quoted.h"

namespace midge::server {
namespace {

using conf::Kind;
using conf::Member;
using conf::Value;

// As the user wrote it, as far as that fits an error text.
std::string shown(const Value& value) {
  switch (value.kind) {
    case Kind::kString:
      if (value.text.size() > 40) return "a string";
      return "the string \"" + value.text + "\"";
    case Kind::kInteger:
      return "the integer " + std::to_string(value.integer);
    case Kind::kFloat:
      return "a number with decimals";
    case Kind::kBool:
      return value.boolean ? "the boolean true" : "the boolean false";
    case Kind::kTime:
      return "the date " + value.text;
    case Kind::kArray:
      return "an array";
    case Kind::kMap:
      return "a map";
  }
  return "";
}

std::string wanted_in_words(std::string_view type) {
  if (type == "int64") return "an integer";
  if (type == "string") return "a string";
  if (type == "bool") return "true or false";
  if (type == "[]interface {}") return "an array";
  return "a map";
}

std::string conversion_error(const Value& value, std::string_view wanted) {
  return "interface conversion: interface {} is " + std::string(value.type_name()) + ", not " +
         std::string(wanted);
}

std::string plain_list(const Value& value) {
  std::string out = "[";
  for (const Value& item : value.items) {
    if (out.size() > 1) out += ' ';
    out += plain_text(item);
  }
  return out + "]";
}

std::string plain_map(const Value& value) {
  std::string out = "map[";
  for (const Member& member : value.members) {
    if (out.back() != '[') out += ' ';
    out += member.key + ":" + plain_text(member.value);
  }
  return out + "]";
}

}  // namespace

void wrong_type(const Member& member, std::string_view wanted, Findings& findings) {
  findings.error(member.position, conversion_error(member.value, wanted) + " (\"" + member.key +
                                      "\" expects " + wanted_in_words(wanted) + ", found " +
                                      shown(member.value) + ")");
}

std::optional<std::string> text_of(const Member& member, Findings& findings) {
  if (member.value.kind == Kind::kString) return member.value.text;
  wrong_type(member, "string", findings);
  return std::nullopt;
}

std::optional<std::int64_t> integer_of(const Member& member, Findings& findings) {
  if (member.value.kind == Kind::kInteger) return member.value.integer;
  wrong_type(member, "int64", findings);
  return std::nullopt;
}

std::optional<bool> boolean_of(const Member& member, Findings& findings) {
  if (member.value.kind == Kind::kBool) return member.value.boolean;
  wrong_type(member, "bool", findings);
  return std::nullopt;
}

bool is_map(const Member& member, Findings& findings) {
  if (member.value.kind == Kind::kMap) return true;
  wrong_type(member, "map[string]interface {}", findings);
  return false;
}

bool is_array(const Member& member, Findings& findings) {
  if (member.value.kind == Kind::kArray) return true;
  wrong_type(member, "[]interface {}", findings);
  return false;
}

std::optional<std::string> text_of(const Value& item, Findings& findings) {
  if (item.kind == Kind::kString) return item.text;
  findings.error(item.position, conversion_error(item, "string") +
                                    " (the item is to be a string, found " + shown(item) + ")");
  return std::nullopt;
}

std::optional<std::vector<std::string>> texts_of(const Value& value, Findings& findings) {
  if (value.kind == Kind::kString) return std::vector{value.text};
  if (value.kind != Kind::kArray) return std::nullopt;
  std::vector<std::string> texts;
  for (const Value& item : value.items)
    if (auto text = text_of(item, findings)) texts.push_back(std::move(*text));
  return texts;
}

std::string plain_text(const Value& value) {
  switch (value.kind) {
    case Kind::kString:
    case Kind::kTime:
      return value.text;
    case Kind::kInteger:
      return std::to_string(value.integer);
    case Kind::kFloat: {
      char text[64];
      const auto end = std::to_chars(text, text + sizeof text, value.number);
      return {text, end.ptr};
    }
    case Kind::kBool:
      return value.boolean ? "true" : "false";
    case Kind::kArray:
      return plain_list(value);
    case Kind::kMap:
      return plain_map(value);
  }
  return "";
}

std::string place_of(const conf::Position& position) {
  const std::string file = position.file == nullptr ? "" : *position.file;
  return file + ":" + std::to_string(position.line);
}

const conf::Position& last_position(const Value& map) {
  return map.members.empty() ? map.position : map.members.back().position;
}

void unknown_field(const Member& member, Findings& findings) {
  if (!member.is_variable) findings.error(member.position, "unknown field " + quoted(member.key));
}

}  // namespace midge::server
