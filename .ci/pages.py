"""Collects the commands that people type: from the documentation, from messages in the sources, and from the templates."""
import dataclasses
import pathlib
import re

ROOT = pathlib.Path(__file__).parent.parent
PAGES = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "benches/README.md", *sorted(str(page.relative_to(ROOT)) for page in (ROOT / "docs").rglob("*.md"))]
PROGRAMS = r"(?:aws|openssl|curl|jq|sed|unzip|xargs|keytool|certtool|cargo)"


@dataclasses.dataclass
class Text:
    where: str
    shell: str
    complete: bool
    """False for a command that is only named: `aws kms enable-key`."""


def pages():
    """Blocks of shell, and code in sentences."""
    for page in PAGES:
        text = (ROOT / page).read_text()
        line = lambda at: f"{page}:{text.count(chr(10), 0, at) + 1}"
        rest = text
        for block in re.finditer(r"^```(\w*)\n(.*?)^```", text, re.M | re.S):
            rest = rest.replace(block[0], re.sub(r"[^\n]", " ", block[0]), 1)
            if block[1] == "sh":
                yield Text(line(block.start(2)), named(block[2]), True)
            elif block[1] == "console":
                for typed in re.finditer(r"^\$ ((?:.*\\\n)*.*)", block[2], re.M):
                    yield Text(line(block.start(2)), named(typed[1]), True)
        for block in re.finditer(r"(?:^    .*\n)+", rest, re.M):
            if re.match(rf"\s*(?:#|{PROGRAMS}|countersign)\s", block[0]):
                yield Text(line(block.start()), named(block[0]), True)
        for code in re.finditer(r"`([^`]+)`", rest):
            shell = " ".join(code[1].replace("\\|", "|").split())
            if re.match(rf"{PROGRAMS} ", shell):
                yield Text(line(code.start()), named(shell), is_complete(shell))


def sources(folders=("cli/src", "workflow/src", "pki/src", "workers")):
    """Advice in the texts of the programs."""
    for path in rust(folders):
        source = code(path)
        # A command that is put into another one, by the name of the variable that holds it.
        bound = {name: unescaped(text) for name, text in re.findall(r'let (\w+) =\s*format!\("(aws (?:[^"\\]|\\.)*)"\)', source)}
        for literal in re.finditer(r'"((?:[^"\\]|\\.)*)"', source, re.S):
            text = re.sub(r"\$\(\{(\w+)\}\)", lambda name: f"$({bound.get(name[1], name[0])})", unescaped(literal[1]))
            for shell in advice(text):
                where = f"{path}:{source.count(chr(10), 0, literal.start()) + 1}"
                # A word that the program puts in, or several; part of a word is like a name.
                shell = re.sub(r"(--[a-z-]+)\{[\w.]*\}", r"\1 EXPRESSION", shell)
                shell = re.sub(r"(?<=[\s'\"])\{[\w.]*\}(?=[\s'\"]|$)", "EXPRESSION", shell)
                yield Text(where, named(re.sub(r"\{[\w.]*\}", "NAME", shell)), is_complete(shell))


def templates():
    """Commands in comments, descriptions and user data of the templates, and on the pages of the portal."""
    for path in sorted((ROOT / "infra").rglob("*.yaml")):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            for shell in advice(line):
                yield Text(f"{path.relative_to(ROOT)}:{number}", named(shell), is_complete(shell))
    for path in sorted((ROOT / "workers/portal/templates").glob("*.html")):
        for block in re.findall(r"<pre[^>]*><code>([^<{]+)</code>", path.read_text()):
            yield Text(str(path.relative_to(ROOT)), block, True)


def advice(text):
    """Commands in a sentence. One ends where the sentence goes on."""
    text = re.sub(r"\\\n\s*", "", text)
    for start in re.finditer(r"(?:^|[\s(:])((?:aws|openssl) [a-z][a-z0-9-]+)", text):
        rest = text[start.start(1) :]
        shell, quoted, depth = "", False, 0
        for at, letter in enumerate(rest):
            if letter == '"':
                quoted = not quoted
            depth += {"(": 1, ")": -1}.get(letter, 0)
            ends = re.match(r"[.,;:]?\s+(?:and|or|printed|to|in|on|with|is|of|failed)\s|[.,;:]\s|[.,;:]$|\s\(|\n", rest[at:])
            if depth < 0 or (ends and not quoted):
                break
            shell += letter
        yield shell


def is_complete(shell):
    """False if the command has no argument, or options without values only."""
    return any(not word.startswith("--") for word in shell.split()[3:])


def named(shell):
    """`<the version AWSPREVIOUS>` as one word in capitals; `...` stays."""
    return re.sub(r"<([A-Za-z][A-Za-z -]*)>", lambda words: words[1].upper().replace(" ", "-"), shell)


def rust(folders):
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.rs")):
            parts = path.relative_to(ROOT).parts
            if path.stem != "tests" and path.stem != "scripted" and "tests" not in parts and "target" not in parts:
                yield path.relative_to(ROOT)


def code(path):
    """A source without comments and without its tests; lines stay where they are."""
    text = (ROOT / path).read_text().split("#[cfg(test)]\nmod tests {")[0]
    token = re.compile(r"""//[^\n]*|'(?:\\.|[^'\\])'|"(?:[^"\\]|\\.)*"|r(#*)".*?"\1""", re.S)
    return token.sub(lambda one: one[0] if one[0][0] == '"' else re.sub(r"[^\n]", " ", one[0]), text)


def unescaped(literal):
    literal = re.sub(r"\\\n\s*", "", literal).replace("{{", "{").replace("}}", "}")
    return literal.replace("\\n", "\n").replace('\\"', '"').replace("\\\\", "\\")
