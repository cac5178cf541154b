#include "codec/conf/parser.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "codec/conf/path.h"
#include "codec/conf/scalar.h"
#include "codec/conf/scanner.h"

namespace midge::conf {
namespace {

// What one document's parsers (its file, the included ones, the environment's values) share.
struct Shared {
  const Sources& sources;
  std::vector<std::unique_ptr<const std::string>>& files;
  std::uint32_t order = 0;
  int includes = 0;
  std::size_t expanded = 0;
};

// Where a text was reached from.
struct Origin {
  int include_depth = 0;
  std::vector<std::string> variables;  // of the environment, being parsed
};

enum class Place { kTop, kBlock, kMap, kArray };  // kBlock: the braces around a whole document

std::size_t size_of(const Value& value) {
  std::size_t size = sizeof(Value) + value.text.size();
  for (const Value& item : value.items) size += size_of(item);
  for (const Member& member : value.members) size += member.key.size() + size_of(member.value);
  return size;
}

bool is_include(std::string_view key) {
  constexpr std::string_view kName = "include";
  return std::ranges::equal(key, kName, [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a + 32) : a) == b;
  });
}

class Parser {
 public:
  Parser(Shared& shared, const Origin& origin, const std::string& file, std::string_view text)
      : shared_(shared),
        origin_(origin),
        file_(file),
        scanner_(text, &file),
        has_nul_(text.find('\0') != std::string_view::npos) {}

  // Reads all of the text into `root`; errors are in errors().
  void run(Value& root);
  [[nodiscard]] std::vector<std::string>& errors() { return errors_; }

 private:
  // A map being read: variables look their names up in these, innermost first.
  struct Scope {
    Value& map;
    std::map<std::string, std::size_t, std::less<>> index;
  };

  // All of these return false after an error has been recorded.
  bool read_member(Scope& scope, Place place);
  std::optional<std::string> read_key(Place place);
  bool read_member_value(Scope& scope, Place place, std::string key, Position position);
  void recover(Place place);
  void skip_stray_value();
  bool read_value(Value& value, bool in_array);
  bool read_map(Value& map);
  bool read_map_members(Scope& scope);
  bool read_array(Value& array);
  bool end_value(Place place);
  bool read_include(Scope& scope, Place place);
  std::optional<std::string> read_include_path();
  bool include(Scope& scope, const std::string& path, const Position& position);
  bool resolve(Value& value, const std::string& name, const Position& position);
  bool resolve_from_environment(Value& value, const std::string& name, const Position& position);

  void put(Scope& scope, Member member);
  bool enter();
  bool fail(std::string text);
  bool fail_syntax(const std::string& text);
  bool fail_at(const Position& position, std::string text);
  bool fail_unterminated(const char* expected);
  void give_up();

  [[nodiscard]] Position here() {
    Position position = scanner_.position();
    position.order = ++shared_.order;
    return position;
  }
  [[nodiscard]] bool done() const { return gave_up_ || scanner_.at_end(); }

  Shared& shared_;
  const Origin& origin_;
  const std::string& file_;
  Scanner scanner_;
  const bool has_nul_;
  std::vector<Scope*> scopes_;
  std::vector<std::string> errors_;
  int depth_ = 0;
  bool gave_up_ = false;
};

// ---- errors

bool Parser::fail(std::string text) {
  errors_.push_back(std::move(text));
  if (errors_.size() >= kErrorsMax) give_up();
  return false;
}

bool Parser::fail_at(const Position& position, std::string text) {
  if (!file_.empty()) text += " (" + to_string(position) + ")";
  return fail(std::move(text));
}

bool Parser::fail_syntax(const std::string& text) {
  const Position position = scanner_.position();
  // The line is counted behind the character that was not expected, as nats-server does.
  const std::uint32_t line = position.line + (scanner_.peek() == '\n' ? 1 : 0);
  return fail_at(position, "Parse error on line " + std::to_string(line) + ": '" + text + "'");
}

void Parser::give_up() { gave_up_ = true; }

bool Parser::enter() {
  if (++depth_ <= kDepthMax) return true;
  fail_syntax("Maps and arrays are nested more than " + std::to_string(kDepthMax) + " deep.");
  give_up();
  return false;
}

// ---- the document

void Parser::run(Value& root) {
  root.kind = Kind::kMap;
  Scope scope{root, {}};
  scopes_.push_back(&scope);
  Place place = Place::kTop;
  while (true) {
    scanner_.skip_space();
    if (done()) break;
    const int first = scanner_.peek();
    if (scanner_.at_comment()) {
      scanner_.skip_line();
    } else if (first == '{') {
      place = Place::kBlock;
      scanner_.next();
    } else if (first == '}' && place == Place::kBlock) {
      place = Place::kTop;
      scanner_.next();
    } else if (!read_member(scope, place)) {
      recover(place);
    }
  }
  if (has_nul_ && errors_.empty()) fail_syntax("Unexpected NUL character.");
  scopes_.pop_back();
}

// ---- keys and values

bool Parser::read_member(Scope& scope, Place place) {
  if (const int first = scanner_.peek(); first == '=' || first == ':') {
    const char* end = place == Place::kMap ? "'." : "'";
    return fail_syntax(std::string("Unexpected key separator '") + static_cast<char>(first) + end);
  } else if (first == '/' && place != Place::kMap) {
    return fail_syntax("Unexpected EOF.");
  }
  const bool is_quoted = scanner_.peek() == '"' || scanner_.peek() == '\'';
  Position position = here();
  if (is_quoted) ++position.column;  // a quoted key begins behind its quote
  std::optional<std::string> key = read_key(place);
  if (!key) return false;
  if (!is_quoted && is_include(*key) && scanner_.space_length() > 0)
    return read_include(scope, place);
  return read_member_value(scope, place, std::move(*key), position);
}

std::optional<std::string> Parser::read_key(Place place) {
  const int quote = scanner_.peek();
  if (quote == '"' || quote == '\'') {
    scanner_.next();
    const std::size_t begin = scanner_.offset();
    while (!scanner_.at_end() && scanner_.peek() != quote) scanner_.next();
    if (scanner_.at_end()) {
      const char* kind = quote == '"' ? "double quoted" : "quoted";
      fail_syntax(place == Place::kMap
                      ? "Unexpected EOF processing " + std::string(kind) + " map key."
                      : "Unexpected EOF.");
      return std::nullopt;
    }
    std::string key(scanner_.since(begin));
    scanner_.next();
    return key;
  }
  const std::size_t begin = scanner_.offset();
  while (!scanner_.at_end() && scanner_.peek() != '=' && scanner_.peek() != ':' &&
         scanner_.space_length() == 0)
    scanner_.next();
  if (scanner_.at_end() && place == Place::kMap) {
    fail_syntax("Unexpected EOF processing map key.");
    return std::nullopt;
  }
  return std::string(scanner_.since(begin));
}

bool Parser::read_member_value(Scope& scope, Place place, std::string key, Position position) {
  scanner_.skip_space();
  const bool has_separator = scanner_.peek() == '=' || scanner_.peek() == ':';
  if (has_separator) scanner_.next();
  if (place == Place::kMap) {
    scanner_.skip_blanks_and_newlines();
    if (scanner_.peek() == ',') return fail_syntax("Unexpected map value terminator \",\".");
    if (scanner_.peek() == '}') {
      return fail_syntax("Expected a value for the key \"" + key + "\", but got '}'.");
    }
    if (scanner_.at_end()) return end_value(place);
  } else {
    scanner_.skip_blanks();
    if (scanner_.at_newline()) {
      fail_syntax("Expected value but found new line");
      skip_stray_value();
      return false;
    }
    if (scanner_.at_end() && !has_separator) {
      if (key == "}") return true;  // one brace too many at the end is let pass
      return fail("config is invalid (" + to_string(scanner_.position()) + ")" +
                  (file_.empty() ? "" : ": the key \"" + key + "\" has no value"));
    }
  }
  Value value;
  if (!read_value(value, false)) return false;
  put(scope, {std::move(key), std::move(value), position});
  return end_value(place);
}

// To the end of the line, or of what is opened on it, or of the map that the line ends.
void Parser::recover(Place place) {
  for (int open = 0; !done(); scanner_.next()) {
    const int byte = scanner_.peek();
    if (byte == '{' || byte == '[') ++open;
    if (open == 0 && (scanner_.at_newline() || (byte == '}' && place != Place::kTop))) return;
    if (open > 0 && (byte == '}' || byte == ']')) --open;
  }
}

// A value that stands on the line after its key would look like a key: one error is enough.
void Parser::skip_stray_value() {
  Scanner ahead = scanner_;
  ahead.skip_blanks_and_newlines();
  while (!ahead.at_end() && !ahead.at_newline()) {
    if (ahead.at_blank() || ahead.peek() == '=' || ahead.peek() == ':') return;
    ahead.next();
  }
  scanner_ = ahead;
}

void Parser::put(Scope& scope, Member member) {
  const auto [known, is_new] = scope.index.try_emplace(member.key, scope.map.members.size());
  if (is_new)
    scope.map.members.push_back(std::move(member));
  else
    scope.map.members[known->second] = std::move(member);
}

bool Parser::read_value(Value& value, bool in_array) {
  if (scanner_.peek() == '{') return read_map(value);
  if (scanner_.peek() == '[') return read_array(value);
  Position position = here();
  // As a quoted key, a quoted value begins behind its quote.
  if (scanner_.peek() == '"' || scanner_.peek() == '\'') ++position.column;
  ScalarResult scalar = read_scalar(scanner_, in_array);
  if (!scalar) {
    if (scalar.error().is_whole) return fail_at(position, std::move(scalar.error().text));
    return fail_syntax(scalar.error().text);
  }
  if (scalar->is_variable) return resolve(value, scalar->value.text, position);
  value = std::move(scalar->value);
  value.position = position;
  return true;
}

// What may follow a value in this place; takes the separator.
bool Parser::end_value(Place place) {
  scanner_.skip_blanks();
  if (scanner_.at_newline() || scanner_.at_comment()) return true;
  const int next = scanner_.peek();
  const bool is_array = place == Place::kArray;
  if (next == ',' || (next == ';' && !is_array)) {
    scanner_.next();
    return true;
  }
  if (next == '}' && !is_array) {
    if (place == Place::kTop) scanner_.next();  // one brace too many is let pass
    return true;
  }
  if (next == ']' && is_array) return true;
  if (next == Scanner::kEnd && place == Place::kTop) return true;
  switch (place) {
    case Place::kTop:
    case Place::kBlock:
      return fail_syntax(std::string("Expected a ") + (place == Place::kTop ? "top" : "block") +
                         "-level value to end with a new line, comment or EOF, but got '" +
                         scanner_.character() + "' instead.");
    case Place::kMap:
      return fail_unterminated("a map value terminator \",\" or a map terminator \"}\"");
    case Place::kArray:
      return fail_unterminated("an array value terminator \",\" or an array terminator \"]\"");
  }
  return false;
}

bool Parser::fail_unterminated(const char* expected) {
  return fail_syntax(std::string("Expected ") + expected + ", but got '" + scanner_.character() +
                     "' instead.");
}

// ---- maps and arrays

bool Parser::read_map(Value& map) {
  map.kind = Kind::kMap;
  map.position = here();
  if (!enter()) return false;
  scanner_.next();
  Scope scope{map, {}};
  scopes_.push_back(&scope);
  const bool is_whole = read_map_members(scope);
  scopes_.pop_back();
  --depth_;
  return is_whole;
}

bool Parser::read_map_members(Scope& scope) {
  while (true) {
    scanner_.skip_space();
    if (gave_up_) return false;
    if (scanner_.at_end()) return fail_syntax("Unexpected EOF processing map.");
    if (scanner_.at_comment()) {
      scanner_.skip_line();
    } else if (scanner_.peek() == '}') {
      scanner_.next();
      return true;
    } else if (scanner_.peek() == ']') {
      fail_syntax("Unexpected array end ']' processing map.");
      scanner_.next();
    } else if (!read_member(scope, Place::kMap)) {
      if (done()) return false;
      recover(Place::kMap);
    }
  }
}

bool Parser::read_array(Value& array) {
  array.kind = Kind::kArray;
  array.position = here();
  if (!enter()) return false;
  scanner_.next();
  bool is_whole = true;  // one error tells enough: what follows is read to find the end
  while (true) {
    scanner_.skip_blanks_and_newlines();
    if (gave_up_) return false;
    if (scanner_.at_end()) {
      if (is_whole)
        fail_unterminated("an array value terminator \",\" or an array terminator \"]\"");
      return false;
    }
    if (scanner_.peek() == ']') break;
    const std::size_t errors = errors_.size();
    if (scanner_.peek() == ',') {
      if (is_whole) fail_syntax("Unexpected array value terminator ','.");
      is_whole = false;
      scanner_.next();
    } else if (scanner_.at_comment()) {
      scanner_.skip_line();
    } else if (Value item; read_value(item, true) && end_value(Place::kArray)) {
      array.items.push_back(std::move(item));
    } else {
      if (gave_up_) return false;
      if (!is_whole) errors_.resize(errors);
      is_whole = false;
      // On to whatever ends the item; braces are skipped, so that the loop always moves on.
      while (!done() && !scanner_.at_newline() && scanner_.peek() != ']' && scanner_.peek() != ',')
        scanner_.next();
      if (scanner_.peek() == ',') scanner_.next();
    }
  }
  scanner_.next();
  --depth_;
  return is_whole;
}

// ---- include

bool Parser::read_include(Scope& scope, Place place) {
  scanner_.skip_blanks();
  const Position position = here();
  std::optional<std::string> path = read_include_path();
  return path && include(scope, *path, position) && end_value(place);
}

std::optional<std::string> Parser::read_include_path() {
  const auto refuse = [this](const std::string& text) {
    fail_syntax(text);
    return std::nullopt;
  };
  if (scanner_.at_newline()) {
    fail_syntax("Expected include value but found new line");
    skip_stray_value();
    return std::nullopt;
  }
  switch (scanner_.peek()) {
    case '{':
      return refuse("Expected include value but found start of a map");
    case '[':
      return refuse("Expected include value but found start of an array");
    case '(':
      return refuse("Expected include value but found start of a block");
    case '"':
    case '\'': {
      const int quote = scanner_.next();
      const std::size_t begin = scanner_.offset();
      while (!scanner_.at_end() && scanner_.peek() != quote) scanner_.next();
      if (scanner_.at_end())
        return refuse(quote == '"' ? "Unexpected EOF in double quoted include"
                                   : "Unexpected EOF in quoted include");
      std::string path(scanner_.since(begin));
      scanner_.next();
      return path;
    }
    default:
      break;
  }
  const std::size_t begin = scanner_.offset();
  while (!scanner_.at_end() && !scanner_.at_blank() && !scanner_.at_newline() &&
         scanner_.peek() != ';' && scanner_.peek() != '}')
    scanner_.next();
  return std::string(scanner_.since(begin));
}

bool Parser::include(Scope& scope, const std::string& path, const Position& position) {
  const std::string context = "error parsing include file '" + path + "', ";
  if (origin_.include_depth >= kIncludeDepthMax || ++shared_.includes > kIncludesMax)
    return fail_at(position, context + "it is included too often or too deep");
  std::string resolved = join_path(folder_of(file_), path);
  Result<std::string> text = shared_.sources.read_file(resolved);
  if (!text && path.starts_with('/')) {
    // nats-server takes an absolute path for a relative one; here both work.
    if (Result<std::string> absolute = shared_.sources.read_file(path)) {
      text = std::move(absolute);
      resolved = path;
    }
  }
  if (!text) return fail_at(position, context + text.error().text());

  const std::string& file =
      *shared_.files.emplace_back(std::make_unique<const std::string>(resolved));
  Origin origin{origin_.include_depth + 1, origin_.variables};
  Parser parser(shared_, origin, file, *text);
  Value root;
  parser.run(root);
  for (Member& member : root.members) put(scope, std::move(member));
  for (const std::string& error : parser.errors())
    if (!gave_up_) fail(context + error);
  return parser.errors().empty();
}

// ---- variables

bool Parser::resolve(Value& value, const std::string& name, const Position& position) {
  for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope) {
    const auto found = (*scope)->index.find(name);
    if (found == (*scope)->index.end()) continue;
    Member& member = (*scope)->map.members[found->second];
    member.is_variable = true;
    shared_.expanded += size_of(member.value);
    if (shared_.expanded > kExpansionMax) {
      fail_at(position, "variable reference for '" + name + "' on line " +
                            std::to_string(position.line) + " makes the configuration too large");
      give_up();
      return false;
    }
    value = member.value;
    return true;
  }
  return resolve_from_environment(value, name, position);
}

bool Parser::resolve_from_environment(Value& value, const std::string& name,
                                      const Position& position) {
  const std::string context =
      "variable reference for '" + name + "' on line " + std::to_string(position.line);
  if (std::ranges::find(origin_.variables, name) != origin_.variables.end())
    return fail(context + " could not be parsed: variable reference cycle for '" + name + "'");
  const std::optional<std::string> text = shared_.sources.environment(name);
  if (!text) return fail_at(position, context + " can not be found");

  // The value is configuration itself, as if it stood behind a key.
  constexpr std::string_view kKey = "pkey";
  const std::string& file = *shared_.files.emplace_back(std::make_unique<const std::string>());
  Origin origin{origin_.include_depth, origin_.variables};
  origin.variables.push_back(name);
  const std::string assignment = std::string(kKey) + "=" + *text;
  Parser parser(shared_, origin, file, assignment);
  Value root;
  parser.run(root);
  if (!parser.errors().empty())
    return fail_at(position, context + " could not be parsed: " + parser.errors().front());
  const Member* member = root.find(kKey);
  if (member == nullptr) return fail_at(position, context + " can not be found");
  value = member->value;
  value.position = position;
  return true;
}

Parsed parse(const std::string& name, std::string_view text, const Sources& sources) {
  Parsed parsed;
  Shared shared{sources, parsed.document.files};
  const std::string& file =
      *parsed.document.files.emplace_back(std::make_unique<const std::string>(name));
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  const Origin origin;
  Parser parser(shared, origin, file, text);
  parser.run(parsed.document.root);
  parsed.errors = std::move(parser.errors());
  return parsed;
}

}  // namespace

Parsed parse_file(const std::string& path, const Sources& sources) {
  Result<std::string> text = sources.read_file(path);
  if (!text) {
    Parsed parsed;
    parsed.errors.push_back(text.error().text());
    return parsed;
  }
  return parse(path, *text, sources);
}

Parsed parse_text(const std::string& name, std::string_view text, const Sources& sources) {
  return parse(name, text, sources);
}

}  // namespace midge::conf
