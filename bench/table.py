"""The tables of bench/README.md, made from the figures beside it."""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Any

from bench.goals import GIB, GOALS, median, net_ratio, ratio
from bench.results import Result

BEGIN, END = "<!-- results: written by run.py -->", "<!-- end of results -->"

Results = dict[str, Result]


def write_results(readme: Path, results: Results) -> str:
    """Replace what is between the marks in the file by the tables of these results, and return them."""
    text = render(results)
    before, mark, rest = readme.read_text().partition(BEGIN)
    _, closing, after = rest.partition(END)
    if not (mark and closing):
        raise ValueError(f"{readme} has no section between {BEGIN} and {END}")
    readme.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}")
    return text


def render(results: Results) -> str:
    """All tables that there are figures for, in their order."""
    if not results:
        return "Not measured yet: `make bench`."
    sections = [
        ("### What is to be reached", goal_table(results)),
        ("### The job against others", job_table(results)),
        ("### Seconds by stage of the job", stage_table(results)),
        ("### The kernel against others, one core", kernel_table(results)),
        ("### One hashtag", large_table(results)),
        ("### Growth, and cores", scale_table(results)),
        ("### Without a shared folder", exchange_table(results)),
        ("### Many accounts, few posts", accounts_table(results)),
        ("### Only what is new", incremental_table(results)),
        ("### Where the time goes", profile_tables(results)),
        ("### Machines", machine_lines(results)),
    ]
    return "\n\n".join(f"{title}\n\n{table}" for title, table in sections if table)


def goal_table(results: Results) -> str:
    """What is to be reached, whether it is."""
    return _table(["what", "measured", "at least", "aim", "reached", "date"], [goal.row(results) for goal in GOALS])


def job_table(results: Results) -> str:
    """A row for each data set and baseline."""
    rows = []
    for result in _with("baseline", results):
        figures = result.figures
        job, other, pairs = figures["job"], figures["other"], figures["pairs"]
        found, share = figures["other_pairs"], figures.get("sampled_share")
        shown = figures["baseline"].replace("_", " ")
        rows.append(
            [
                figures["data"],
                shown if share is None else f"{shown}, extrapolated from {share:.2%} of the pairs",
                f"{median(job, 'seconds'):.1f} s",
                f"{median(other, 'seconds'):,.1f} s",
                f"**{ratio(job, other):.3g}**",
                f"{median(job, 'peak_bytes') / GIB:.1f} GiB",
                f"{median(other, 'peak_bytes') / GIB:.1f} GiB",
                f"{pairs:,}",
                "" if found is None else f"{found:,.0f} ({found / pairs:.0%})",
                result.date,
            ]
        )
    header = ["data", "baseline", "job", "baseline", "job / baseline", "job's peak", "baseline's peak"]
    return _table([*header, "pairs found", "by the baseline", "date"], rows)


def stage_table(results: Results) -> str:
    """Seconds by stage of the job's median run; what is outside of the stages is the start of the processes."""
    measured = {}
    for result in _with("stages", results):
        measured[result.figures["data"]] = result  # of several runs on one data set the last part's
    names = list(dict.fromkeys(name for result in measured.values() for name in result.figures["stages"]))
    rows = []
    for data, result in measured.items():
        stages, whole = result.figures["stages"], median(result.figures["job"], "seconds")
        seconds = [stages.get(name, 0) for name in names] + [whole - sum(stages.values()), whole]
        rows.append([data, *(f"{value:.1f}" for value in seconds), result.date])
    return _table(["seconds of", *names, "start and end", "whole", "date"], rows)


def kernel_table(results: Results) -> str:
    """A row for each number of names; the ratio is against symscan."""
    rows = []
    for result in _with("symscan", results):
        figures = result.figures
        row = [
            f"{figures['names']:,.0f}",
            f"{figures['pairs']:,.0f}",
            f"{figures['kernel']:.3f} s",
            f"{figures['symscan']:.2f} s",
            f"**{figures['symscan'] / figures['kernel']:.1f}x**",
            f"{figures['cdist']:.2f} s" if "cdist" in figures else "",
            result.date,
        ]
        rows.append(row)
    header = ["names", "similar pairs", "kernel", "symscan", "faster than symscan", "rapidfuzz cdist", "date"]
    return _table(header, rows)


def large_table(results: Results) -> str:
    """A row for each number of members; cores that were busy on average, of those that there are."""
    rows = []
    for result in _with("members", results):
        figures = result.figures
        job, cores = figures["job"], figures["cores"]
        row = [
            f"{figures['members']:,}",
            f"{figures['pairs']:,}",
            f"{median(job, 'seconds'):.1f} s",
            f"{median(job, 'compare_seconds'):.1f} s",
            f"{median(job, 'peak_bytes') / GIB:.1f} GiB",
            f"{median(job, 'busy'):.2f} of {cores}",
            f"{median(job, 'busy_last'):.2f} of {cores}",
            f"{len(job)}",
            result.date,
        ]
        rows.append(row)
    header = ["members", "pairs found", "whole", "compare", "peak", "cores busy comparing", "in its last fifth"]
    return _table([*header, "rounds", "date"], rows)


def scale_table(results: Results) -> str:
    """Ten times the data, and twice the cores."""
    rows = []
    for result in _with("small", results):
        small, large = result.figures["names"]
        one, two = result.figures["small"], result.figures["large"]
        rows.append(_scale_row(f"{large} by {small}", two, one, result.date))
    for result in _with("one", results):
        name = f"{result.figures['data']}: one core by two"
        rows.append(_scale_row(name, result.figures["one"], result.figures["two"], result.date))
    return _table(["what", "one", "other", "ratio", "date"], rows)


def exchange_table(results: Results) -> str:
    """A row for each way of rows and files, against the folder and the floor."""
    rows = []
    for result in _with("exchanged", results):
        figures = result.figures
        for kind, name in (("folder", "the work folder"), ("shuffle", "Spark's shuffle"), ("store", "an S3 server")):
            runs = figures[kind]
            rows.append(
                [
                    f"{figures['exchanged']}: {name}",
                    f"{median(runs, 'seconds'):.1f} s",
                    f"**{ratio(runs, figures['folder']):.2f}**",
                    f"**{ratio(runs, figures['floor']):.2f}**",
                    f"{median(runs, 'peak_bytes') / GIB:.1f} GiB",
                    result.date,
                ]
            )
    return _table(["rows or files through", "whole", "by the folder", "by the floor", "peak", "date"], rows)


def accounts_table(results: Results) -> str:
    """A row for each number of accounts."""
    rows = []
    for result in _with("many_accounts", results):
        for row in result.figures["many_accounts"]:
            rows.append(
                [
                    f"{row['accounts']:,}",
                    f"{row['text_bytes'] / 1e6:,.0f} MB",
                    f"{statistics.median(row['stage_seconds']):.1f} s",
                    f"{median(row['job'], 'seconds'):.1f} s",
                    f"{median(row['job'], 'driver_bytes') / GIB:.2f} GiB",
                    f"{median(row['job'], 'peak_bytes') / GIB:.2f} GiB",
                    result.date,
                ]
            )
    header = ["accounts", "text", "accounts stage", "whole", "driver's own memory", "peak of all processes", "date"]
    return _table(header, rows)


def incremental_table(results: Results) -> str:
    """A run over the last hundredth of the posts, one over all, and one over next to nothing."""
    rows = []
    for result in _with("incremental", results):
        figures = result.figures
        kinds = (figures[name] for name in ("start", "full", "incremental"))
        net = net_ratio(figures["incremental"], figures["full"], figures["start"])
        cells = [f"{median(runs, 'seconds'):.1f} s" for runs in kinds]
        stages = "  ".join(f"{name} {seconds:.1f}" for name, seconds in figures["incremental_stages"].items())
        rows.append([figures["of"], *cells, f"**{net:.0%}**", stages, result.date])
    header = ["data", "start", "full", "1% new", "1% new / full, without start", "its seconds by stage", "date"]
    return _table(header, rows)


def profile_tables(results: Results) -> str:
    """For each profiled data set Spark's stages: time on the clock, tasks, how even they are."""
    tables = []
    for result in _with("spark_stages", results):
        figures = result.figures
        rows = [
            [
                stage["group"],
                f"{stage['seconds']:.1f}",
                f"{stage['tasks']}",
                f"{stage['task_seconds']:.1f}",
                f"{stage['balance']:.2f}",
                f"{stage['collection_seconds']:.1f}",
            ]
            for stage in figures["spark_stages"]
        ]
        header = ["stage of the job", "seconds", "tasks", "their seconds", "slowest / median", "Java's garbage, s"]
        job = figures["job"]
        tables.append(
            f"{figures['data']}, {median(job, 'seconds'):.1f} s in all; a row for each of Spark's stages. Comparing,"
            f" {median(job, 'busy'):.2f} of {figures['cores']} cores were busy,"
            f" in the last fifth {median(job, 'busy_last'):.2f}. {result.date}.\n\n{_table(header, rows)}"
        )
    return "\n\n".join(tables)


def machine_lines(results: Results) -> str:
    """Each machine, with its versions, and the parts that were measured on it."""
    parts: dict[str, list[str]] = {}
    for name, result in results.items():
        parts.setdefault(result.machine, []).append(name)
    return "\n".join(f"- {machine}: {', '.join(names)}." for machine, names in parts.items())


def _with(key: str, results: Results) -> list[Result]:
    return [result for result in results.values() if key in result.figures]


def _scale_row(name: str, one: list[dict[str, float]], other: list[dict[str, float]], date: str) -> list[str]:
    seconds: list[Any] = [median(one, "seconds"), median(other, "seconds")]
    return [name, f"{seconds[0]:.1f} s", f"{seconds[1]:.1f} s", f"**{ratio(one, other):.2f}**", date]


def _table(header: list[str], rows: list[list[str]]) -> str:
    if not rows:
        return ""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
