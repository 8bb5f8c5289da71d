"""What Python's driver shows richer than by repr(): tables, figures, pictures.

Compiled when first needed, and embedded in the driver as a string, so that it costs nothing at
the start: three single quotes in a row must not stand in this file. Nothing is imported that the
step did not import itself, except small modules of the standard library.

Tables of pandas become Markdown, bounded as pandas' own options say. Figures and what has a
_repr_png_ become files of the working folder, which the program reports like any other."""
import os
import re
import sys

ROWS_MOST, COLUMNS_MOST, TEXT_MOST = 1000, 20, 1000  # whatever pandas' options say
IMAGES = (("_repr_png_", "png"), ("_repr_jpeg_", "jpg"))
PARTS = ("axes", "images", "texts", "lines", "patches", "legends", "subfigs")  # of a figure
CJK_FONTS = ("Noto Sans CJK JP", "IPAexGothic", "IPAGothic", "TakaoPGothic", "VL PGothic")


def is_of(value, package, *names):
    """Whether the value's class, or one above it, is the package's."""
    return any(kind.__name__ in names and kind.__module__.partition(".")[0] == package
               for kind in type(value).__mro__)


# ---- files ----

def new_file(stem, end):
    """(path, open file) of the first name in the working folder that is free."""
    number = 1
    while True:
        path = f"{stem}-{number}.{end}"
        try:
            return path, open(path, "xb")
        except FileExistsError:
            number += 1


def keep(stem, end, data):
    if isinstance(data, str) and end in ("png", "jpg"):  # some give base64
        import binascii
        data = binascii.a2b_base64(data)
    elif isinstance(data, str):
        data = data.encode("utf-8", "replace")
    path, file = new_file(stem, end)
    with file:
        file.write(data)
    print(f"[saved as {path}]")


# ---- figures ----

def save_figure(figure):
    path, file = new_file("plot", "png")
    try:
        with file:
            figure.savefig(file, format="png")
    except BaseException:
        os.unlink(path)
        raise
    print(f"[figure saved as {path}]")


def watch(module):
    """Notes which figures the step saves itself, and lets Japanese be drawn where a font has it."""
    figure = getattr(module, "Figure", None)
    original = getattr(figure, "savefig", None)
    if original is None:
        return  # another matplotlib than the one we know

    def savefig(self, *args, **kwargs):
        result = original(self, *args, **kwargs)
        self._sunaba_saved = True
        return result
    savefig.__doc__ = original.__doc__
    figure.savefig = savefig
    try:
        fonts = {font.name for font in sys.modules["matplotlib.font_manager"].fontManager.ttflist}
        params = sys.modules["matplotlib"].rcParams
        found = [name for name in CJK_FONTS if name in fonts]
        if found and list(params["font.family"]) == ["sans-serif"]:
            params["font.family"] = ["sans-serif", found[0]]
    except Exception:
        pass  # its fonts stay as they are


def save_figures():
    """At a step's end: what is open and was not saved becomes a file; all are closed."""
    pyplot = sys.modules["matplotlib.pyplot"]
    try:
        for number in pyplot.get_fignums():
            figure = pyplot.figure(number)
            if not getattr(figure, "_sunaba_saved", False) and \
                    any(getattr(figure, part, None) for part in PARTS):
                save_figure(figure)
    finally:
        pyplot.close("all")


# ---- tables ----

def option(name, otherwise, most):
    pandas = sys.modules.get("pandas")
    try:
        value = pandas.get_option("display." + name)
    except Exception:
        return min(otherwise, most)
    if name == "max_columns" and not value:  # 0: as wide as the terminal, which there is none of
        return most
    return most if value is None else min(value, most)


def width(text):
    import unicodedata
    return sum(0 if unicodedata.combining(c) else
               2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def is_float(value):
    return isinstance(value, float) or type(value).__name__ in ("float16", "float32")


def is_number(value):
    return is_float(value) or (hasattr(type(value), "__index__") and
                               not isinstance(value, bool))


def floats(values, digits):
    """As many decimals as the column needs, `digits` at the most."""
    numbers = [abs(v) for v in values if is_float(v) and v == v and abs(v) != float("inf")]
    small = min((v for v in numbers if v), default=1)
    if max(numbers, default=0) >= 1e15 or small < 10.0 ** -digits:
        return [f"{v:.{digits}e}" if is_float(v) and v == v else cell(v) for v in values]
    texts = [f"{v:.{digits}f}" if is_float(v) and v == v else cell(v) for v in values]
    while all(t.endswith("0") and not t.endswith(".0") for t in texts if "." in t) and \
            any("." in t for t in texts):
        texts = [t[:-1] if "." in t else t for t in texts]
    return texts


def cell(value):
    if is_float(value) and value != value:
        return "NaN"
    return str(value)


def label(name):
    return " / ".join(map(str, name)) if isinstance(name, tuple) else str(name)


def escape(text, most):
    """One line that cannot end its cell."""
    if len(text) > most:
        text = text[:max(most - 1, 1)] + "…"
    text = "".join(c if c.isprintable() or c == " " else
                   {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(c) or f"\\x{ord(c):02x}"
                   for c in text)
    return re.sub(r"(\\*)\|", lambda m: m.group(1) * 2 + "\\|", text)


def column(head, values, digits, most):
    """(escaped texts with the head first, whether they are numbers)."""
    numeric = any(is_number(v) for v in values) and \
        all(is_number(v) or v is None for v in values)
    texts = floats(values, digits) if any(is_float(v) for v in values) else \
        [cell(v) for v in values]
    return [escape(head, most)] + [escape(t, most) for t in texts], numeric


def ends(count, most, shown):
    """Positions to show of so many, and where the gap is; None: all."""
    if count <= most:
        return list(range(count)), None
    head, tail = (shown + 1) // 2, shown // 2
    return list(range(head)) + list(range(count - tail, count)), head


def markdown(columns):
    """Columns as the lines of a table, its bars below each other."""
    widths = [max(3, *(width(t) for t in texts)) for texts, _ in columns]

    def line(row):
        parts = []
        for (texts, numeric), wide in zip(columns, widths):
            pad = " " * (wide - width(texts[row]))
            parts.append(pad + texts[row] if numeric else texts[row] + pad)
        return "| " + " | ".join(parts) + " |"
    rule = "| " + " | ".join("-" * (wide - 1) + (":" if numeric else "-")
                             for (_, numeric), wide in zip(columns, widths)) + " |"
    return [line(0), rule] + [line(row) for row in range(1, len(columns[0][0]))]


def table(frame):
    """A DataFrame as Markdown."""
    digits = option("precision", 6, 17)
    most = option("max_colwidth", 50, TEXT_MOST)
    names, index = list(frame.columns), frame.index
    count = len(frame)
    max_rows = option("max_rows", 60, ROWS_MOST)
    rows, gap = ends(count, max_rows, min(max_rows, option("min_rows", 10, ROWS_MOST)))
    max_columns = option("max_columns", COLUMNS_MOST, COLUMNS_MOST)
    places, wide_gap = ends(len(names), max_columns, max_columns)
    part = frame.iloc[rows]
    columns = [column(label(index.name) if index.name is not None else "",
                      [label(i) for i in part.index], digits, most)]
    for place in places:
        columns.append(column(label(names[place]), list(part.iloc[:, place]), digits, most))
    if wide_gap is not None:
        columns.insert(1 + wide_gap, (["…"] * (len(rows) + 1), False))
    if gap is not None:
        for texts, _ in columns:
            texts.insert(1 + gap, "…")
    lines = markdown(columns)
    if gap is not None or wide_gap is not None or not rows:
        lines += ["", f"[{count} rows x {len(names)} columns]"]
    return "\n".join(lines)


def series(values):
    name = values.name if values.name is not None else ""
    return table(values.to_frame(name))


# ---- any value ----

def representation(value, name):
    """What a _repr_*_ method gives, or None."""
    method = getattr(type(value), name, None)
    if method is None or isinstance(value, type):
        return None
    result = method(value)
    return result[0] if isinstance(result, tuple) else result


def rich(value):
    """Shows the value and returns True when there is a better way than repr()."""
    if is_of(value, "matplotlib", "Figure"):
        save_figure(value)
        return True
    if is_of(value, "pandas", "DataFrame"):
        print(table(value))
        return True
    if is_of(value, "pandas", "Series"):
        print(series(value))
        return True
    for name, end in IMAGES:
        data = representation(value, name)
        if data:
            keep("picture", end, data)
            return True
    text = representation(value, "_repr_markdown_")
    if text:
        print(text)
        return True
    for name, end in (("_repr_svg_", "svg"), ("_repr_html_", "html")):
        if name == "_repr_html_" and type(value).__repr__ is not object.__repr__:
            continue
        data = representation(value, name)
        if data:
            keep("display", end, data)
            return True
    return False


def show(value):
    """rich(), or repr() when that fails: what cannot be shown well is shown plainly."""
    try:
        return rich(value)
    except Exception as failure:
        print(f"[shown plainly: {type(failure).__name__}: {failure}]", file=sys.stderr)
        return False
