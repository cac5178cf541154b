#!/usr/bin/env python3
"""Shows Doxygen a public header as the house writes it: plain comments are documentation.

filter.py HEADER prints the header with `//` made into `///`. What readers know, Doxygen is told:
- the comment at the top of a file is about the file;
- a comment is of all functions below it, up to the next blank line or comment, or of one member;
- a type without a comment that is the first of its file is what the file is about;
- of `int a, b;` each is a declaration;
- a field, an enumerator, a property (a constant function without arguments) and what every class has
  (copying, moving) that says nothing of itself is explained by its type.
So what is left for Doxygen to complain of are types and functions that nobody explains.
"""

import re
import sys

COMMENT = re.compile(r"(\s*)//( ?)(.*)$")
TRAILING = re.compile(r"^(.*?\S)\s\s+// ")
SCOPE = re.compile(r"^\s*(?:template <.*>\s*)?(namespace|class|struct|enum class|enum|union)\b\s*(\w*)")
# Nothing that is documented, or something that is so by what it belongs to.
SILENT = re.compile(r"^\s*(#|}|friend\b|public:|private:|protected:|namespace\b|(class|struct) \w+;)")


def is_plain(code, owner):
    """Whether it is a member that need not explain itself."""
    if re.match(r"\s*(template|static_assert)\b", code) or SCOPE.match(code):
        return False
    field = "(" not in re.sub(r"<.*>", "", code).split("=")[0] and not re.match(r"\s*using\b", code)
    is_property = re.search(r"[\w*]\(\) (const|&&|const&)", code) or "using value_type" in code
    of_every_class = re.search(rf"\b({owner}|operator=)\((const )?{owner}(&&|&)? ?\w*\)", code)
    return bool(field or is_property or of_every_class)


def without_literals(line):
    return re.sub(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])\'', '""', line)


FIELDS = re.compile(r"^(\s+)((?:[\w:]+(?:<[\w:, ()&]*>)?) )(\w+(?:\{\}| = [^,;()]+)?(?:, \w+(?:\{\}| = [^,;()]+)?)+);(.*)$")


def split_fields(line, scopes):
    """`int a, b;` as two lines, with what stands above the first above each."""
    fields = FIELDS.match(line) if scopes and scopes[-1][0] == "type" else None
    if not fields:
        return [line]
    indent, kind, names, rest = fields.groups()
    return [f"{indent}{kind}{name};{rest}" for name in names.split(", ")]


class Filter:
    def __init__(self):
        self.out = []
        self.scopes = []  # of each open brace: "namespace", "type", "enum", "body"; and a type's name
        self.parens = 0
        self.in_statement = False  # it began on a line before
        self.group = []  # the comment that is of what follows
        self.above = []  # the documentation of the declaration at hand
        self.fresh = False  # it stands right above
        self.head = []  # the file's comment, until there is a type
        self.trailing_at = None  # the column of a comment behind code, which may go on below

    def statement(self, line, code):
        """Before the first line of a declaration."""
        inside = self.scopes[-1] if self.scopes else ("namespace", "")
        if inside[0] == "body" or SILENT.match(line):
            return
        if SCOPE.match(code):
            self.group = self.group or self.head
            self.head = []
        plain = inside[0] == "enum" or (inside[0] == "type" and is_plain(code, inside[1]))
        self.above = self.group
        if self.group and (self.fresh or not plain):
            if not self.fresh:
                self.out += self.group
        elif plain:
            indent = re.match(r"\s*", line).group(0)
            self.above = [f"{indent}/// See {inside[1]}."]
            self.out += self.above

    def count(self, code):
        """What a line opens and closes."""
        scope = SCOPE.match(code)
        for letter in code:
            if letter in "([":
                self.parens += 1
            elif letter in ")]":
                self.parens -= 1
            elif letter == "{":
                kind = ("body", "")
                if scope and self.parens == 0:
                    word = scope.group(1)
                    kind = ("namespace" if word == "namespace" else
                            "enum" if word.startswith("enum") else "type", scope.group(2))
                    scope = None
                self.scopes.append(kind)
                if kind[0] in ("type", "enum"):
                    self.group = []
            elif letter == "}" and self.scopes:
                self.scopes.pop()
        ended = code.rstrip().endswith((";", "{", "}", ":")) or \
            (self.scopes and self.scopes[-1][0] == "enum" and code.rstrip().endswith(","))
        self.in_statement = not ended or self.parens > 0

    def comment(self, match):
        indent, blank, text = match.groups()
        if self.trailing_at is not None and len(indent) == self.trailing_at:
            self.out.append(f"{indent}///< {text}")
            return
        self.trailing_at = None
        if not self.fresh:
            self.group = []
        self.group.append(f"{indent}///{blank}{text}")
        self.out.append(self.group[-1])
        self.fresh = True

    def line(self, line):
        comment = COMMENT.fullmatch(line)
        if comment and not self.in_statement and (not self.scopes or self.scopes[-1][0] != "body"):
            return self.comment(comment)
        if comment:
            return self.out.append(line)
        self.trailing_at = None
        trailing = TRAILING.match(line)
        code = without_literals(trailing.group(1) if trailing else line)
        if not line.strip():
            self.group, self.fresh = [], False
        elif not self.in_statement and not trailing:
            self.statement(line, code)
        in_body = bool(self.scopes) and self.scopes[-1][0] == "body"
        if line.strip():
            self.count(code)
            self.fresh = False
        if trailing and not in_body:
            at = trailing.end() - 3
            if not self.in_statement:
                self.trailing_at = at
            line = line[:at] + "///< " + line[at + 3:]
        first, *others = split_fields(line, self.scopes)
        self.out.append(first)
        for other in others:
            self.out += [] if trailing else self.above
            self.out.append(other)

    def run(self, text):
        head, rest = text.split("#pragma once", 1)
        self.head = ["///" + line[2:] for line in head.splitlines()]
        self.out += ["/// @file", *self.head]
        self.out.append("#pragma once")
        for line in rest.splitlines()[1:]:
            self.line(line)
        return "\n".join(self.out) + "\n"


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as header:
        sys.stdout.write(Filter().run(header.read()))
