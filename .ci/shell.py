"""Splits lines of shell into the commands that they run. Enough of the language for what the documentation tells to type."""
import dataclasses
import re

FUNCTIONS = set()
"""Names that the text, or a text before it, defines."""
KEYWORDS = {"do", "done", "then", "else", "fi", "if", "while", "until", "!", "{", "}", "(", ")"}


@dataclasses.dataclass
class Command:
    words: list
    """Words without quotes. `\\0N\\0` stands for what nested[N] prints."""
    nested: list
    """Commands of each `$(...)`."""
    into: str = ""
    """The file that its output goes to."""
    input: "Command | None" = None
    """The command before it in a pipe."""


def commands(text):
    """Every command of the text, those in `$(...)` too, which come before the one around them."""
    def defined(function):
        FUNCTIONS.add(function[1])
        return "{ "

    text = re.sub(r"\\\n[ \t]*", " ", text)
    return _Reader(re.sub(r"(?m)^(\w+)\(\)\s*\{", defined, text)).all()


class _Reader:
    def __init__(self, text):
        self.text, self.at, self.variables, self.input = text, 0, {}, None

    def all(self, closing=""):
        found, words, nested, into, word, redirect = [], [], [], "", None, False

        def end_word():
            nonlocal word, redirect, into
            if word is not None:
                if redirect:
                    into, redirect = word, False
                elif words or word not in KEYWORDS:
                    words.append(word)
                word = None

        def end_command():
            nonlocal words, nested, into
            end_word()
            while words and re.fullmatch(r"[A-Za-z_]+=[^ ]*", words[0]):
                words.pop(0)
            if words[:1] == ["for"]:
                first = words[3] if len(words) > 3 else "NAME"
                self.variables[words[1]] = re.sub(r"\0\d+\0", "NAME", first)
                found.extend(one for inner in nested for one in inner)
            else:
                found.extend(one for inner in nested for one in inner)
                if words:
                    found.append(Command(words, nested, into, self.input))
                    self.input = None
            words, nested, into = [], [], ""

        while self.at < len(self.text):
            here = self.text[self.at]
            if here == closing and closing:
                self.at += 1
                end_command()
                return found
            if here == "'":
                end = self.text.index("'", self.at + 1)
                word = (word or "") + self.text[self.at + 1 : end]
                self.at = end + 1
            elif here == '"':
                self.at += 1
                word = word or ""
                while self.text[self.at] != '"':
                    word += self.character(nested, in_quotes=True)
                self.at += 1
            elif here in " \t":
                end_word()
                self.at += 1
            elif here == "#" and word is None:
                end = self.text.find("\n", self.at)
                self.at = len(self.text) if end < 0 else end
                end_command()
            elif here == "|":
                end_command()
                self.input = found[-1]
                self.at += 1
            elif here in "\n;()" or (here == "&" and not redirect):
                end_command()
                self.at += 1
            elif here in "<>":
                if word is not None and word.isdigit():
                    word = None
                end_word()
                redirect = True
                self.at += 1
            else:
                word = (word or "") + self.character(nested)
        if closing:
            raise ValueError(f"no {closing} in: {self.text}")
        end_command()
        return found

    def character(self, nested, in_quotes=False):
        """The next character, or what `\\x`, `$(...)` and `$name` stand for."""
        rest = self.text[self.at :]
        if number := re.match(r"\$\(\(.*?\)\)", rest):
            self.at += number.end()
            return "1"
        if rest.startswith("$("):
            self.at += 2
            nested.append(self.all(")"))
            return f"\0{len(nested) - 1}\0"
        if name := re.match(r"\$(?:\{(\w+)[^}]*\}|(\w+))", rest):
            self.at += name.end()
            return self.variables.get(name[1] or name[2], "NAME")
        if rest[0] == "\\" and (not in_quotes or rest[1:2] in '"\\$`'):
            self.at += 2
            return rest[1:2]
        self.at += 1
        return rest[0]
