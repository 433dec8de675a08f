"""As much of YAML as a model.yaml may hold: mappings and lists, block or flow, scalars of the core schema, comments.

Anchors, aliases, tags and duplicate keys are refused, as everywhere. So is what no model.yaml needs and this reader does not
know: complex keys, several documents, tabs as indentation.
"""

import math
import re


class YamlError(Exception):
    def __init__(self, line, message):
        super().__init__(f"line {line}: {message}")
        self.line = line
        self.message = message


_INT = re.compile(r"[-+]?[0-9]+\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_KEY = re.compile(r"""("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s#:,\[\]{}&*!|>'"%@`?-][^#:\n]*?|-[^\s#:][^#:\n]*?)\s*:(?=\s|$)""")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", '"': '"', "\\": "\\", "/": "/", " ": " ", "e": "\x1b", "a": "\a"}


def parse(text):
    """Returns the value; raises YamlError with the line and what is wrong."""
    return _Block(text).document()


def _scalar(text):
    if text in ("", "~", "null", "Null", "NULL"):
        return None
    if text in ("true", "True", "TRUE"):
        return True
    if text in ("false", "False", "FALSE"):
        return False
    if _INT.match(text):
        return int(text)
    if re.match(r"0o[0-7]+\Z", text) or re.match(r"0x[0-9a-fA-F]+\Z", text):
        return int(text, 0)
    if _FLOAT.match(text):
        return float(text)
    if re.match(r"[-+]?\.(inf|Inf|INF)\Z", text):
        return -math.inf if text[0] == "-" else math.inf
    return math.nan if text in (".nan", ".NaN", ".NAN") else text


def _without_comment(text):
    """The text before a comment; quotes hide a #."""
    quote = None
    at = 0
    while at < len(text):
        char = text[at]
        if quote == '"' and char == "\\":
            at += 1
        elif quote is not None:
            quote = None if char == quote else quote
        elif char in "\"'" and (at == 0 or text[at - 1] in " \t[{,:"):
            quote = char
        elif char == "#" and (at == 0 or text[at - 1] in " \t"):
            return text[:at].rstrip()
        at += 1
    return text.rstrip()


class _Block:
    def __init__(self, text):
        self.lines = []
        self.raw = text.lstrip("\ufeff").splitlines()
        for number, raw in enumerate(self.raw, 1):
            content = _without_comment(raw)
            if not content.strip():
                continue
            indent = len(content) - len(content.lstrip(" "))
            if content[indent] == "\t":
                raise YamlError(number, "a tab stands where spaces indent")
            self.lines.append((number, indent, content[indent:]))
        self.at = 0

    def document(self):
        if self.lines and self.lines[0][2] == "---":
            self.at = 1
        if self.at >= len(self.lines):
            return None
        value = self.node(self.lines[self.at][1])
        if self.at < len(self.lines):
            raise YamlError(self.lines[self.at][0], "this line does not belong to what stands above it")
        return value

    def node(self, indent):
        number, found, content = self.lines[self.at]
        if found != indent:
            raise YamlError(number, "the indentation does not fit the lines above")
        if content == "-" or content.startswith("- "):
            return self.sequence(indent)
        if _KEY.match(content):
            return self.mapping(indent)
        return self.value(content, number, indent - 1)

    def sequence(self, indent):
        items = []
        while self.at < len(self.lines):
            number, found, content = self.lines[self.at]
            if found != indent or not (content == "-" or content.startswith("- ")):
                break
            rest = content[1:].lstrip(" ")
            if rest == "":
                self.at += 1
                items.append(self.nested(indent))
            elif rest == "-" or rest.startswith("- ") or _KEY.match(rest):
                # The rest of the line is the first line of a block of its own.
                inner = indent + len(content) - len(rest)
                self.lines[self.at] = (number, inner, rest)
                items.append(self.node(inner))
            else:
                items.append(self.value(rest, number, indent))
        return items

    def mapping(self, indent):
        values = {}
        while self.at < len(self.lines):
            number, found, content = self.lines[self.at]
            if found != indent:
                break
            match = _KEY.match(content)
            if not match:
                raise YamlError(number, "a key and a colon were expected")
            text = match.group(1)
            key = _Flow(text, number).quoted() if text[0] in "\"'" else text
            if key in values:
                raise YamlError(number, f'the key "{key}" stands here a second time')
            rest = content[match.end() :].strip(" ")
            if rest == "":
                self.at += 1
                following = self.lines[self.at] if self.at < len(self.lines) else None
                if following and following[1] == indent and (following[2] == "-" or following[2].startswith("- ")):
                    values[key] = self.sequence(indent)
                else:
                    values[key] = self.nested(indent)
            else:
                values[key] = self.value(rest, number, indent)
        if self.at < len(self.lines) and self.lines[self.at][1] > indent:
            raise YamlError(self.lines[self.at][0], "the indentation does not fit the lines above")
        return values

    def nested(self, indent):
        if self.at >= len(self.lines) or self.lines[self.at][1] <= indent:
            return None
        return self.node(self.lines[self.at][1])

    def value(self, text, number, indent):
        """A value that begins on this line; `indent` is that of what it belongs to."""
        self.at += 1
        if text[0] in "&*!":
            what = {"&": "an anchor", "*": "an alias", "!": "a tag"}[text[0]]
            raise YamlError(number, f"{what} is not allowed")
        if text[0] in "|>":
            return self.literal(text, number, indent)
        parts = [text]
        while self.at < len(self.lines) and self.lines[self.at][1] > indent:
            parts.append(self.lines[self.at][2])
            self.at += 1
            if text[0] in "[{\"'" and _Flow(" ".join(parts), number).is_whole():
                break
        # A flow list may end on a line that is not indented further.
        while text[0] in "[{" and not _Flow(" ".join(parts), number).is_whole() and self.at < len(self.lines):
            parts.append(self.lines[self.at][2])
            self.at += 1
        whole = " ".join(parts)
        if text[0] in "[{\"'":
            return _Flow(whole, number).document()
        if text[0] in "%@`" or text.startswith("? "):
            raise YamlError(number, f"a value cannot begin with {text[0]}")
        if re.search(r":(\s|$)", whole):
            raise YamlError(number, "a colon in a value needs quotes around it")
        return _scalar(whole)

    def literal(self, header, number, indent):
        if header not in ("|", "|-", "|+", ">", ">-", ">+"):
            raise YamlError(number, f"the block header {header} is not known")
        rows = []
        at = number
        while at < len(self.raw) and (not self.raw[at].strip() or len(self.raw[at]) - len(self.raw[at].lstrip(" ")) > indent):
            rows.append(self.raw[at].rstrip())
            at += 1
        while self.at < len(self.lines) and self.lines[self.at][0] <= at:
            self.at += 1
        end = len(rows)
        while end > 0 and rows[end - 1] == "":
            end -= 1
        kept, trailing = rows[:end], len(rows) - end
        margin = min((len(row) - len(row.lstrip(" ")) for row in kept if row), default=0)
        kept = [row[margin:] for row in kept]
        text = "\n".join(kept) if header[0] == "|" else _folded(kept)
        if not kept or header.endswith("-"):
            return text
        return text + "\n" * (1 + trailing if header.endswith("+") else 1)


def _folded(rows):
    text = ""
    for at, row in enumerate(rows):
        if at > 0:
            text += " " if row and rows[at - 1] else ("\n" if row == "" else "")
        text += row
    return text


class _Flow:
    """A value in brackets, braces or quotes."""

    def __init__(self, text, line):
        self.text = text
        self.line = line
        self.at = 0

    def is_whole(self):
        depth, quote, at = 0, None, 0
        while at < len(self.text):
            char = self.text[at]
            if quote == '"' and char == "\\":
                at += 1
            elif quote is not None:
                quote = None if char == quote else quote
            elif char in "\"'" and (at == 0 or self.text[at - 1] in " [{,:"):
                quote = char
            elif char in "[{":
                depth += 1
            elif char in "]}":
                depth -= 1
            at += 1
        return depth <= 0 and quote is None

    def document(self):
        value = self.value()
        self.space()
        if self.at < len(self.text):
            raise YamlError(self.line, f"nothing may follow here, found {self.text[self.at:][:20]}")
        return value

    def space(self):
        while self.at < len(self.text) and self.text[self.at] == " ":
            self.at += 1

    def peek(self):
        self.space()
        return self.text[self.at] if self.at < len(self.text) else ""

    def value(self):
        char = self.peek()
        if char == "[":
            return self.list()
        if char == "{":
            return self.map()
        if char in ("'", '"') and char:
            return self.quoted()
        if char and char in "&*!":
            what = {"&": "an anchor", "*": "an alias", "!": "a tag"}[char]
            raise YamlError(self.line, f"{what} is not allowed")
        match = re.compile(r"[^,\[\]{}]*?(?=\s*(?:[,\]}]|:(?:\s|$)|$))").match(self.text, self.at)
        if match is None:
            raise YamlError(self.line, "the list or mapping is not closed")
        self.at = match.end()
        return _scalar(match.group().strip())

    def list(self):
        self.at += 1
        items = []
        while self.peek() != "]":
            if self.peek() in ("", ",", "}"):
                raise YamlError(self.line, "the list is not closed or has an empty place")
            items.append(self.value())
            if self.peek() == ",":
                self.at += 1
            elif self.peek() != "]":
                raise YamlError(self.line, "a comma or ] was expected")
        self.at += 1
        return items

    def map(self):
        self.at += 1
        values = {}
        while self.peek() != "}":
            if self.peek() in ("", ",", "]"):
                raise YamlError(self.line, "the mapping is not closed or has an empty place")
            start = self.at
            key = self.value()
            key = key if isinstance(key, str) else self.text[start : self.at].strip()
            if key in values:
                raise YamlError(self.line, f'the key "{key}" stands here a second time')
            if self.peek() != ":":
                raise YamlError(self.line, "a colon was expected")
            self.at += 1
            values[key] = None if self.peek() in (",", "}") else self.value()
            if self.peek() == ",":
                self.at += 1
            elif self.peek() != "}":
                raise YamlError(self.line, "a comma or } was expected")
        self.at += 1
        return values

    def quoted(self):
        quote = self.text[self.at]
        self.at += 1
        out = ""
        while self.at < len(self.text):
            char = self.text[self.at]
            self.at += 1
            if char == quote:
                if quote == "'" and self.text[self.at : self.at + 1] == "'":
                    out += "'"
                    self.at += 1
                    continue
                return out
            if quote == '"' and char == "\\":
                out += self.escape()
            else:
                out += char
        raise YamlError(self.line, "the quotes are not closed")

    def escape(self):
        char = self.text[self.at : self.at + 1]
        self.at += 1
        digits = {"x": 2, "u": 4, "U": 8}.get(char)
        if digits is None:
            if char not in _ESCAPES:
                raise YamlError(self.line, f"the escape \\{char} is not known")
            return _ESCAPES[char]
        code = self.text[self.at : self.at + digits]
        self.at += digits
        try:
            return chr(int(code, 16))
        except (ValueError, OverflowError):
            raise YamlError(self.line, f"the escape \\{char}{code} is no character") from None
