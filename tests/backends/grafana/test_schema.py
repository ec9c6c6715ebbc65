"""Grafana's own types know every key of the dashboards, and every value's type."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from support.boards import boards, panels

HOME = Path(__file__).parents[3] / ".venv" / "grafana"
COMPILER = HOME / "node_modules" / ".bin" / "tsc"
if not (COMPILER.exists() and shutil.which("node")):
    pytest.skip("no types of Grafana: run scripts/schema, with npm", allow_module_level=True)

BOARDS = boards()
KINDS = {"stat": "Stat", "timeseries": "TimeSeries", "bargauge": "BarGauge", "table": "Table"}
KINDS |= {"text": "Text"}
HEAD = """\
import type { AnnotationQuery, Dashboard, DataQuery, GraphFieldConfig } from '@grafana/schema';
type Plain<T> = T extends string ? `${T}` : T extends object ? { [K in keyof T]: Plain<T[K]> } : T;
// What Prometheus adds to a mark, in Grafana's newer way and in its older.
type Mark = AnnotationQuery<DataQuery & { expr: string; interval: string }>
    & { expr: string; step: string; titleFormat: string; textFormat: string };
type Sql = DataQuery & { rawSql: string; editorType: string; format: number };
type Board = Omit<Dashboard, 'annotations'>
    & { annotations: { list: (Mark | AnnotationQuery<Sql>)[] } };
"""


def program() -> str:
    """One that compiles if all dashboards are of Grafana's types."""
    lines = [HEAD]
    for kind, name in KINDS.items():
        path = f"@grafana/schema/dist/esm/raw/composable/{kind}/panelcfg/x/{name}PanelCfg_types.gen"
        lines.append(f"import type {{ Options as {name} }} from '{path}';")
    for board in BOARDS.values():
        lines.append(satisfying(board, "Partial<Board>"))
        for panel in panels(board):
            lines.append(satisfying(panel["options"], f"Partial<{KINDS[panel['type']]}>"))
            if panel["type"] == "timeseries":
                custom = panel["fieldConfig"]["defaults"]["custom"]
                lines.append(satisfying(custom, "Partial<GraphFieldConfig>"))
    return "\n".join(lines)


def satisfying(thing, kind: str) -> str:
    """A line that compiles if *thing* is of *kind*, and has no key that it does not know."""
    return f"({json.dumps(thing)}) satisfies Plain<{kind}>;"


def compiled(text: str) -> subprocess.CompletedProcess[str]:
    """What the compiler says of the program *text*."""
    (HOME / "dashboards.ts").write_text(text)
    options = ["--noEmit", "--strict", "--skipLibCheck", "--target", "es2022"]
    modules = ["--module", "esnext", "--moduleResolution", "bundler"]
    command = [str(COMPILER), *options, *modules, "dashboards.ts"]
    return subprocess.run(command, cwd=HOME, capture_output=True, text=True)


def test_the_dashboards_are_of_grafanas_types():
    """
    They compile as `Dashboard` of @grafana/schema, and each panel's options as those of its kind.
    """
    done = compiled(program())

    assert done.returncode == 0, done.stdout[:4_000]


def test_a_key_that_grafana_does_not_know_does_not_compile():
    """
    A misspelled option is found, so that the test above means something.
    """
    done = compiled(program().replace('"graphMode"', '"grafMode"'))

    assert done.returncode != 0
    assert '"grafMode"' in done.stdout
