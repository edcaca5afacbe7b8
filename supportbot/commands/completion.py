"""The command that prints what lets a shell complete our commands: a script with all of them written out.

TAB then asks nobody: no Python starts, nothing of the bot is imported. What it knows is what this release knew when
the script was printed, which is why the shells' own files print it anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import click


@dataclass(frozen=True)
class Option:
    """One option of a command: its names, what it is for, and what follows it."""

    names: tuple[str, ...]
    help: str
    takes: str
    """What its value is: "" for none, ``file``, ``text``, or the words to choose from."""


@dataclass(frozen=True)
class Place:
    """Where somebody may be when they press TAB: after ``supportbot kb``, say, and what can follow there."""

    path: tuple[str, ...]
    commands: Mapping[str, str]
    """The commands below this one, and what each does."""
    options: tuple[Option, ...]
    takes: str
    """What its arguments are, as for options; "" where it has none."""


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print what lets your shell complete commands and options with TAB.

    Put the line of your shell into its file, and open a new one:

    \b
    source <(supportbot completion bash)         in ~/.bashrc
    source <(supportbot completion zsh)          in ~/.zshrc, after compinit
    supportbot completion fish | source          in ~/.config/fish/config.fish
    """
    click.echo(WRITERS[shell](list(_places(context.find_root().command, context.find_root(), ()))))


def _places(command: click.Command, context: click.Context, path: tuple[str, ...]) -> Iterator[Place]:
    below: dict[str, click.Command] = {}
    if isinstance(command, click.Group):
        found = {name: command.get_command(context, name) for name in command.list_commands(context)}
        below = {name: inner for name, inner in found.items() if inner and not inner.hidden}
    options = tuple(_option(part) for part in command.get_params(context) if isinstance(part, click.Option))
    arguments = [part for part in command.params if isinstance(part, click.Argument)]
    takes = _taken(arguments[0]) if arguments else ""
    yield Place(path, {name: _short(inner) for name, inner in below.items()}, options, takes)
    for name, inner in below.items():
        yield from _places(inner, click.Context(inner, parent=context, info_name=name), (*path, name))


def _option(option: click.Option) -> Option:
    names = tuple(sorted((*option.opts, *option.secondary_opts), key=len))
    return Option(names, " ".join((option.help or "").split()), "" if option.is_flag else _taken(option))


def _taken(part: click.Parameter) -> str:
    if isinstance(part.type, click.Choice):
        return " ".join(map(str, part.type.choices))
    return "file" if isinstance(part.type, click.Path | click.File) else "text"


def _short(command: click.Command) -> str:
    return command.get_short_help_str(limit=90)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


# --- bash ---------------------------------------------------------------------------------------------------------


def _bash(places: list[Place]) -> str:
    """Find the place by the words so far, then offer what may follow there."""
    lines = [
        "_supportbot() {",
        '    local current="${COMP_WORDS[COMP_CWORD]}" place="" word words="" values="" files=""',
    ]
    lines += ['    local before="${COMP_WORDS[COMP_CWORD-1]}"', "    COMPREPLY=()"]
    lines += ['    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do', '        case "$place $word" in']
    for place in places[1:]:
        before = " ".join(place.path[:-1])
        lines.append(f'            "{before} {place.path[-1]}") place="{" ".join(place.path)}" ;;')
    lines += ["        esac", "    done", '    case "$place" in']
    for place in places:
        lines += [f'        "{" ".join(place.path)}")', *(f"            {line}" for line in _bash_place(place))]
        lines.append("            ;;")
    lines += ["    esac", '    if [[ -n "$values" ]]; then words="$values"; fi']
    lines += ['    if [[ -n "$files" ]]; then', "        local IFS=$'\\n'", "        compopt -o filenames 2>/dev/null"]
    lines += ['        COMPREPLY=($(compgen -f -- "$current"))', "        return", "    fi"]
    lines += ['    COMPREPLY=($(compgen -W "$words" -- "$current"))', "}", "complete -F _supportbot supportbot"]
    return "\n".join(lines)


def _bash_place(place: Place) -> Iterator[str]:
    names = [name for option in place.options for name in option.names if name.startswith("--")]
    arguments = "" if place.takes in ("", "file", "text") else f" {place.takes}"
    yield f'words="{" ".join((*place.commands, *names))}{arguments}"'
    if place.takes == "file":
        yield '[[ "$current" != -* ]] && files=yes'
    taking = [option for option in place.options if option.takes]
    if taking:
        yield 'case "$before" in'
        for option in taking:
            offered = 'files="" values=" "' if option.takes == "text" else f'files="" values="{option.takes}"'
            yield f"    {'|'.join(option.names)}) {'files=yes' if option.takes == 'file' else offered} ;;"
        yield "esac"


# --- zsh ----------------------------------------------------------------------------------------------------------


def _zsh(places: list[Place]) -> str:
    """Give each place a function of its own, which hands over to the one below."""
    lines = ["#compdef supportbot"]
    for place in places:
        lines += [f"{_zsh_name(place.path)}() {{", *(f"    {line}" for line in _zsh_place(place)), "}"]
    return "\n".join([*lines, "compdef _supportbot supportbot"])


def _zsh_name(path: tuple[str, ...]) -> str:
    return "_".join(("_supportbot", *path)).replace("-", "_")


def _zsh_place(place: Place) -> Iterator[str]:
    specs = [_quoted(spec) for option in place.options for spec in _zsh_option(option)]
    if place.commands:
        yield "local context state line"
        yield "typeset -A opt_args"
        shown = " ".join(_quoted(f"{name}:{_zsh_text(help)}") for name, help in place.commands.items())
        specs += ["'1: :->command'", "'*:: :->below'"]
        yield f"_arguments -C {' '.join(specs)}"
        yield 'case "$state" in'
        yield f"    command) local -a commands=({shown}); _describe command commands ;;"
        yield '    below) case "$line[1]" in'
        for name in place.commands:
            yield f"        {name}) {_zsh_name((*place.path, name))} ;;"
        yield "    esac ;;"
        yield "esac"
        return
    if place.takes:
        specs.append(_quoted(f"*:{_zsh_values(place.takes)}"))
    yield f"_arguments {' '.join(specs)}"


def _zsh_option(option: Option) -> Iterator[str]:
    for name in option.names:
        follows = f":{_zsh_values(option.takes)}" if option.takes else ""
        yield f"{name}[{_zsh_text(option.help)}]{follows}"


def _zsh_values(takes: str) -> str:
    return {"file": "file:_files", "text": "text: "}.get(takes, f"word:({takes})")


def _zsh_text(text: str) -> str:
    return text.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]").replace(":", "\\:")


# --- fish ---------------------------------------------------------------------------------------------------------


def _fish(places: list[Place]) -> str:
    """Say for each place what may follow while it is the one."""
    lines = ["complete -c supportbot -f"]
    for place in places:
        condition = _fish_condition(place, places)
        for name, help in place.commands.items():
            lines.append(f"complete -c supportbot -n {condition} -a {name} -d {_fish_quoted(help)}")
        if place.takes == "file":
            lines.append(f"complete -c supportbot -n {condition} -F")
        elif place.takes not in ("", "text"):
            lines.append(f"complete -c supportbot -n {condition} -a {_fish_quoted(place.takes)}")
        lines += [_fish_option(option, condition) for option in place.options]
    return "\n".join(lines)


def _fish_condition(place: Place, places: list[Place]) -> str:
    """Word where a place is; a word that another group has below it, as in ``kb export``, does not lead here."""
    seen = [f"__fish_seen_subcommand_from {name}" for name in place.path]
    others = [p.path[0] for p in places if len(p.path) == 1 and len(place.path) == 1 and place.path[0] in p.commands]
    if unseen := [*place.commands, *others]:
        seen.append(f"not __fish_seen_subcommand_from {' '.join(unseen)}")
    return _fish_quoted("; and ".join(seen) or "true")


def _fish_option(option: Option, condition: str) -> str:
    names = " ".join(f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in option.names)
    values = "" if option.takes in ("file", "text") else f" -a {_fish_quoted(option.takes)}"
    takes = "" if not option.takes else f" -r -F{values}" if option.takes == "file" else f" -x{values}"
    return f"complete -c supportbot -n {condition} {names} -d {_fish_quoted(option.help)}{takes}"


def _fish_quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


WRITERS: Mapping[str, Callable[[list[Place]], str]] = {"bash": _bash, "zsh": _zsh, "fish": _fish}
