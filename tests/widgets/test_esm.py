"""Modules joined into one: evaluated in order and each once, names apart, and refused where it cannot be the same."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest

from wsnotebook.widgets.esm import join_modules


@pytest.fixture
def default_of(missing: Callable[[str], NoReturn]) -> Callable[[Path], Any]:
    """A function that imports a module in Node and returns its default export."""
    node = shutil.which("node") or missing("node")

    def run(path: Path) -> Any:
        code = f"import value from {json.dumps(path.as_uri())}; console.log(JSON.stringify(value));"
        command = [node, "--input-type=module", "--eval", code]
        return json.loads(subprocess.run(command, capture_output=True, check=True).stdout)

    return run


def write(folder: Path, **sources: str) -> Path:
    """Write modules; return the path of the first."""
    for name, source in sources.items():
        (folder / f"{name}.mjs").write_text(source, encoding="utf-8")
    return folder / f"{next(iter(sources))}.mjs"


def test_the_joined_module_exports_what_the_real_one_does(
    default_of: Callable[[Path], Any], tmp_path: Path
) -> None:
    """Siblings of siblings, a sibling imported twice, other names, the same private name everywhere, all forms of export."""
    entry = write(
        tmp_path,
        entry='import {\n  count,\n  next as advance,\n} from "./counter.mjs";\nimport { Pair, twice } from "./pair.mjs";\n'
        "const secret = 1;\nadvance();\nexport const named = 7;\n"
        "export default { secret, counted: count(), pair: new Pair(2, twice(3)) };\n",
        pair='import { next } from "./counter.mjs";\nconst secret = 2;\nnext();\n'
        "export class Pair {\n  constructor(a, b) { Object.assign(this, { a, b, secret }); }\n}\n"
        "export const twice = (n) => 2 * n;\n",
        counter="let secret = 0;\nexport function next() { secret++; }\nexport function count() { return secret; }\n"
        "export async function unused() {}\n",
    )
    (tmp_path / "alone").mkdir()
    joined = write(tmp_path / "alone", joined=join_modules(entry))
    expected = {"secret": 1, "counted": 2, "pair": {"a": 2, "b": 6, "secret": 2}}
    assert default_of(entry) == default_of(joined) == expected


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ('\nimport * as all from "./other.mjs";', "entry.mjs, line 2: this form of import or export"),
        ('import other from "./other.mjs";', "line 1: this form"),
        ('import "./other.mjs";', "line 1: this form"),
        ('import { a } from "elsewhere";', "line 1: this form"),
        ('import { a } from "https://elsewhere.test/a.mjs";', "line 1: this form"),
        ('import { a } from "../other.mjs";', "line 1: this form"),
        ('const late = () => import("./other.mjs");', "line 1: this form"),
        ("const here = import.meta.url;", "line 1: this form"),
        ('export { a } from "./other.mjs";', "line 1: this form"),
        ("export let variable = 1;", "line 1: this form"),
        ("const a = 1;\nexport { a };", "entry.mjs, line 2: this form"),
        ('import { b } from "./other.mjs";', "entry.mjs, line 1: other.mjs does not export b"),
        ('import { a } from "./none.mjs";', "entry.mjs, line 1: there is no none.mjs"),
        (
            'import { a } from "./circle.mjs";',
            "circle.mjs, line 1: a circle, as entry.mjs imports this module",
        ),
        ('import { a } from "./default.mjs";', "default.mjs, line 1: this form"),
        (
            'import { a } from "./other.mjs";\nconst $$other = a;',
            "line 2: \\$\\$other is a name of the joined",
        ),
    ],
)
def test_what_cannot_be_joined_is_refused(tmp_path: Path, entry: str, message: str) -> None:
    """The error names the line of the module, and says why."""
    path = write(
        tmp_path,
        entry=entry + "\nexport default {};\n",
        other="export const a = 1;\n",
        circle='import { a } from "./entry.mjs";\n',
        default="export default {};\n",
    )
    with pytest.raises(ValueError, match=message):
        join_modules(path)


def test_joining_again_reads_nothing_again(tmp_path: Path) -> None:
    """The string is kept for the next widget."""
    path = write(tmp_path, entry="export default {};\n")
    joined = join_modules(path)
    path.unlink()
    assert join_modules(path) is joined
