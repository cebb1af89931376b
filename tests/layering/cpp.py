# SPDX-License-Identifier: Apache-2.0
"""Reads C++ without a compiler: separates code, comments and literals, and splits code in statements and functions.

Limits: preprocessor lines are blank, so a conditional expression in a macro is not seen."""
import collections
import pathlib
import re

PRODUCT = ("core", "config", "systemd", "agent")

_PIECE = re.compile(r"""
    (?P<number>\b[0-9][0-9a-zA-Z.]*(?:'[0-9a-zA-Z]+)+)     # 1'000: its apostrophes open no character
  | (?P<comment>//(?:\\\n|[^\n])*|/\*.*?\*/)
  | (?P<raw>\b(?:u8|[uUL])?R"(?P<mark>[^\s()\\]*)\(.*?\)(?P=mark)")
  | (?P<include>^[ \t]*\#[ \t]*include[^\n]*)
  | (?P<string>"(?:\\.|[^"\\\n])*")
  | (?P<character>'(?:\\.|[^'\\\n])+')
""", re.VERBOSE | re.DOTALL | re.MULTILINE)
_PREPROCESSOR = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", re.MULTILINE)
_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(["<][^">]+[">])', re.MULTILINE)

Function = collections.namedtuple("Function", "first last")
Statement = collections.namedtuple("Statement", "line conditionals")


def sources(top, folders=PRODUCT):
    """Every C++ file below the folders of a checkout, in order."""
    return sorted(path for folder in folders for path in (pathlib.Path(top) / folder).rglob("*.[ch]pp"))


def _blank(text):
    return "\n" * text.count("\n")


def code(text):
    """The text without comments, and with empty literals; every line keeps its number."""
    def replacement(found):
        kind = found.lastgroup if found.lastgroup != "mark" else "raw"
        if kind in ("number", "include"):
            return found[0]
        if kind == "comment":
            return " " + _blank(found[0])
        return ("''" if kind == "character" else '""') + _blank(found[0])
    return _PIECE.sub(replacement, text)


def prose(text):
    """[(line, text)] of every comment and string: what people read."""
    found = []
    for piece in _PIECE.finditer(text):
        if piece["comment"] or piece["raw"] or piece["string"]:
            first = text.count("\n", 0, piece.start()) + 1
            found += [(first + number, line) for number, line in enumerate(piece[0].splitlines())]
    return found


def lines_of_raw_strings(text):
    """The numbers of the lines that a raw string touches."""
    found = set()
    for piece in _PIECE.finditer(text):
        if piece["raw"]:
            first = text.count("\n", 0, piece.start()) + 1
            found.update(range(first, first + piece[0].count("\n") + 1))
    return found


def includes(text):
    """[(line, '"core/base/time.hpp"' or '<string>')]"""
    plain = code(text)
    return [(plain.count("\n", 0, found.start()) + 1, found[1]) for found in _INCLUDE.finditer(plain)]


_TOKEN = re.compile(r"\n|[A-Za-z_]\w*|->|::|\S")
_HEADS = {"if", "for", "while", "switch", "catch"}   # what follows their parentheses is a statement of its own
_SCOPES = {"namespace", "class", "struct", "union", "enum", "extern"}
_BEFORE_BLOCK = {")", "}", ";", ":", "else", "do", "try", "const", "noexcept", "override", "final", "mutable", ""}


class _Frame:
    """What is between two braces: the statement that is being read there."""

    def __init__(self, is_block, is_function=False, first=0):
        self.is_block, self.is_function, self.first = is_block, is_function, first
        self.start()

    def start(self):
        self.line = self.conditionals = 0
        self.words = []
        self.parentheses = []


def _is_block(frame, previous):
    """Whether a brace opens statements (or declarations), rather than a list of values."""
    if not frame.is_block:
        return previous in (")", "mutable", "noexcept") or "->" in frame.words[-4:]   # a lambda among values
    if not frame.parentheses and _SCOPES.intersection(_without_template_head(frame.words)[:1]):
        return True
    if previous in _BEFORE_BLOCK:
        return True
    tail = frame.words[-12:]
    return "->" in tail and ")" in tail[:tail.index("->")]   # [](…) -> Type {


def _is_function(frames, frame):
    """Whether a block is the body of a function or of a lambda that is in no function."""
    if any(outer.is_function for outer in frames):
        return False
    words = _without_template_head(frame.words)
    return (")" in words or "]" in words) and (words[0] not in _SCOPES or ")" in words)


def _without_template_head(words):
    if words[:1] != ["template"]:
        return words
    depth = 0
    for position, word in enumerate(words):
        depth += (word == "<") - (word == ">")
        if word == ">" and depth == 0:
            return _without_template_head(words[position + 1:])
    return []


def structure(text):
    """([Statement with a conditional expression], [Function]) of a source."""
    plain = _PREPROCESSOR.sub(lambda found: _blank(found[0]), code(text))
    frames, line, previous = [_Frame(True)], 1, ""
    statements, functions = [], []
    pending_close = False   # a block has ended; the next token decides whether its statement goes on

    def end(frame):
        if frame.conditionals:
            statements.append(Statement(frame.line, frame.conditionals))
        frame.start()

    for token in _TOKEN.findall(plain):
        if token == "\n":
            line += 1
            continue
        frame = frames[-1]
        if pending_close:
            pending_close = False
            if token not in {";", ")", ",", "(", ".", "]", "?", ":", "{", "}"} or token == "}" and frame.is_block:
                if not frame.parentheses and frame.is_block:
                    end(frame)
        if not frame.line:
            frame.line = line
        if token == "{":
            if _is_block(frame, frame.words[-1] if frame.words else ""):
                function = _is_function(frames, frame)
                frames.append(_Frame(True, function, frame.line))
            else:
                frames.append(_Frame(False))
        elif token == "}":
            if len(frames) > 1:
                frames.pop()
                outer = frames[-1]
                if frame.is_block:
                    end(frame)
                    pending_close = True
                else:
                    outer.conditionals += frame.conditionals
                if frame.is_function:
                    functions.append(Function(frame.first, line))
                outer.words.append("}")
        elif token == ";" and frame.is_block and not frame.parentheses:
            end(frame)
        else:
            frame.words.append(token)
            if token == "?":
                frame.conditionals += 1
            elif token == "(":
                frame.parentheses.append(previous)
            elif token == ")" and frame.parentheses:
                if frame.parentheses.pop() in _HEADS and not frame.parentheses and frame.is_block:
                    end(frame)
                    frame.words = [")"]
            elif token == "else" and frame.is_block:
                end(frame)
        previous = token
    end(frames[0])
    return statements, functions
