"""AttentionApi from Python: maps as NumPy arrays, pictures that show themselves in a notebook.

    from attention_api import AttentionApi
    api = AttentionApi("http://localhost:5080")
    api.overlay("cat.jpg", method="alignment", labels=["cat", "dog"], legend=True)   # shows itself in a notebook
    arrays = api.tensors("cat.jpg", labels=["cat", "dog"])                           # arrays["attention.mean"]: [layer, query, key]

One file, to be copied where it is needed; it takes requests and NumPy. Parameters are those of the service (docs/api.md, /swagger) under their own names or
in snake_case: from_layer=3 is fromLayer=3. A list of labels is sent label by label, commas and all. A picture is a path, the bytes of a file, or an array of
height x width x 3 bytes.
"""

import base64
import json
import os
import re
import struct
import time
import zlib
from collections.abc import Mapping

import numpy as np
import requests

__all__ = ["AttentionApi", "Explanation", "Picture", "Problem", "Tensors", "read_safetensors", "rollout"]


class Problem(Exception):
    """The service refused (RFC 9457): what is wrong, what to do about it, and the parameter at fault where one is."""

    def __init__(self, problem, retry_after=None):
        self.status = problem.get("status")
        self.detail = problem.get("detail", "")
        self.parameter = problem.get("parameter")
        self.retry_after = retry_after
        super().__init__(f"{self.status}: {self.detail}")


class AttentionApi:
    """A service at an address, that of the environment variable ATTENTION_API where none is given.

    key: an API key, where the service asks for one. model: an id of models(), where it shall not be the default one.
    patience: seconds to wait for a free slot before a 429 or 503 is raised. timeout: seconds for one answer.
    """

    def __init__(self, address=None, key=None, model=None, patience=30, timeout=120):
        self.base = (address or os.environ.get("ATTENTION_API", "http://localhost:5080")).rstrip("/") + "/api/v1/"
        self.model, self.patience, self.timeout = model, patience, timeout
        self.session = requests.Session()
        if key:
            self.session.headers["Authorization"] = f"Bearer {key}"

    def models(self):
        """The models, as a list of dictionaries."""
        return self._send("GET", "models").json()["models"]

    def methods(self):
        """The methods, with the parameters that each takes."""
        return self._send("GET", "methods").json()["methods"]

    def predict(self, picture, **parameters):
        """{label: score}, best first."""
        answer = self._explain("predict", picture, parameters).json()
        return {entry["label"]: entry["score"] for entry in answer["predictions"]}

    def explain(self, picture, **parameters):
        """The maps of a method as arrays: an Explanation."""
        return Explanation(self._explain("explain", picture, parameters).json())

    def explain_all(self, pictures, **parameters):
        """Explains many pictures side by side. Yields (index, Explanation or Problem) as they become ready, in any order."""
        for group in _groups(pictures):
            files = [("image", (f"{index}", data)) for index, data in group]
            with self._send("POST", "explain/batch", self._query(parameters), files, stream=True) as answer:
                for line in filter(None, answer.iter_lines()):
                    entry = json.loads(line)
                    yield group[entry["index"]][0], Problem(entry["problem"]) if "problem" in entry else Explanation(entry)

    def overlay(self, picture, **parameters):
        """A map over the picture: a Picture."""
        return Picture(self._explain("explain/overlay", picture, parameters))

    def animation(self, picture, **parameters):
        """A frame for each layer, GIF or WebP: a Picture."""
        return Picture(self._explain("explain/animation", picture, parameters))

    def grid(self, picture, **parameters):
        """Small multiples: a Picture."""
        return Picture(self._explain("explain/grid", picture, parameters))

    def compare(self, picture, **parameters):
        """Methods ("rollout,libra") or models side by side: a Picture."""
        return Picture(self._explain("explain/compare", picture, {"format": "png", **parameters}))

    def regions(self, picture, **parameters):
        """Where the map is high, as boxes, points and masks: a dictionary."""
        return self._explain("explain/regions", picture, parameters).json()

    def evidence(self, picture, **parameters):
        """Everything behind an explanation: the bytes of a ZIP file."""
        return self._explain("explain/evidence", picture, parameters).content

    def tensors(self, picture, **parameters):
        """The raw arrays: Tensors, a mapping from names to arrays."""
        return Tensors(self._explain("explain/tensors", picture, parameters).content)

    def _explain(self, call, picture, parameters):
        return self._send("POST", call, self._query(parameters), [("image", ("picture", _bytes(picture)))])

    def _query(self, parameters):
        query = [("model", self.model)] if self.model and "model" not in parameters else []
        for name, value in parameters.items():
            name = re.sub("_([a-z])", lambda letter: letter[1].upper(), name)
            if isinstance(value, (list, tuple)):
                query += [("label" if name == "labels" else name, str(one)) for one in value]
            elif value is not None:
                query.append((name, str(value).lower() if isinstance(value, bool) else str(value)))
        return query

    def _send(self, verb, call, query=(), files=None, stream=False):
        deadline = time.monotonic() + self.patience
        while True:
            answer = self.session.request(verb, self.base + call, params=list(query), files=files, stream=stream, timeout=self.timeout)
            if answer.ok:
                return answer
            problem = _problem(answer)
            wait = problem.retry_after
            if wait is None or time.monotonic() + wait > deadline:
                raise problem
            time.sleep(wait)


class Explanation:
    """An answer of /explain. maps: array [map, row, column]; layers, heads, labels: of each map; answer: everything, as a dictionary."""

    def __init__(self, answer):
        self.answer = answer
        self.maps = np.array([entry["values"] for entry in answer["maps"]], np.float32)
        self.layers, self.heads, self.labels = ([entry[name] for entry in answer["maps"]] for name in ("layer", "head", "label"))
        self.predictions = {entry["label"]: entry["score"] for entry in answer["predictions"]}
        self.warnings = answer["warnings"]

    def map(self, label=None, layer=None):
        """The last map of this label and this layer, of any where they are not given."""
        found = [i for i, (of, at) in enumerate(zip(self.labels, self.layers)) if label in (None, of) and layer in (None, at)]
        if not found:
            raise KeyError(f"There is no map of label {label!r} and layer {layer!r}.")
        return self.maps[found[-1]]

    def __repr__(self):
        best = next(iter(self.predictions.items()), None)
        return f"<{self.answer['method']} of {self.answer['model']['id']}: {len(self.maps)} maps{f', {best[0]} {best[1]:.0%}' if best else ''}>"


class Picture:
    """A picture that shows itself in a notebook. data: the file; media_type; warnings: what a careful reader must know of it."""

    def __init__(self, answer):
        self.data = answer.content
        self.media_type = answer.headers["Content-Type"]
        self.warnings = json.loads(answer.headers.get("X-Warnings", "[]"))

    def save(self, path):
        with open(path, "wb") as file:
            file.write(self.data)

    def _repr_html_(self):
        return f'<img alt="" src="data:{self.media_type};base64,{base64.b64encode(self.data).decode()}">'

    def __repr__(self):
        return f"<{self.media_type}, {len(self.data)} bytes>"


class Tensors(Mapping):
    """The arrays of /explain/tensors by their names. explain: the answer of /explain without maps; labels: as sent."""

    def __init__(self, data):
        self.arrays, self.metadata = read_safetensors(data)
        self.explain = json.loads(self.metadata["explain"])
        self.labels = json.loads(self.metadata["labels"])

    @property
    def grid(self):
        """(rows, columns) of patches."""
        return self.explain["model"]["grid"]["rows"], self.explain["model"]["grid"]["columns"]

    def patches(self, tokens):
        """The patches of the last axis, which counts tokens, as rows and columns."""
        first = self.explain["model"]["prefixTokens"]
        rows, columns = self.grid
        return np.asarray(tokens)[..., first:first + rows * columns].reshape(*np.shape(tokens)[:-1], rows, columns)

    def __getitem__(self, name):
        return self.arrays[name]

    def __iter__(self):
        return iter(self.arrays)

    def __len__(self):
        return len(self.arrays)

    def __repr__(self):
        return "\n".join(f"{name} {array.dtype}{list(array.shape)}" for name, array in self.arrays.items())


def rollout(attention, residual=1.0):
    """Attention rollout (Abnar and Zuidema 2020) of [layer, query, key]: [query, key], rows summing to one."""
    product = np.eye(attention.shape[-1])
    for layer in np.asarray(attention, np.float64):
        mixed = layer + residual * np.eye(len(layer))
        product = mixed / mixed.sum(-1, keepdims=True) @ product
    return product


def read_safetensors(data):
    """Reads a safetensors file of F16 and F32: ({name: array}, metadata). Arrays are views of the data, not copies."""
    kinds = {"F16": np.dtype("<f2"), "F32": np.dtype("<f4")}
    if len(data) < 8:
        raise ValueError("The file is cut short: it has no safetensors header.")
    (length,) = struct.unpack_from("<Q", data)
    start = 8 + length
    if start > len(data):
        raise ValueError("The file is cut short: its header is longer than the file.")
    header = json.loads(bytes(data[8:start]))
    metadata = header.pop("__metadata__", {})
    arrays = {}
    for name, entry in header.items():
        if entry["dtype"] not in kinds:
            raise ValueError(f"{name} is of type {entry['dtype']}; only F16 and F32 are read.")
        kind, shape, (begin, end) = kinds[entry["dtype"]], entry["shape"], entry["data_offsets"]
        count = int(np.prod(shape, dtype=np.int64))
        if start + end > len(data) or end - begin != count * kind.itemsize:
            raise ValueError(f"{name} does not fit into the file as its shape says.")
        arrays[name] = np.frombuffer(data, kind, count, start + begin).reshape(shape)
    return arrays, metadata


def _problem(answer):
    wait = answer.headers.get("Retry-After")
    try:
        problem = answer.json()
    except ValueError:
        problem = {"status": answer.status_code, "detail": answer.text[:500]}
    return Problem(problem, float(wait) if wait else None)


def _groups(pictures, most=32, most_bytes=16 << 20):
    """[(index, bytes)] of as many pictures as one request may hold."""
    group, size = [], 0
    for index, picture in enumerate(pictures):
        data = _bytes(picture)
        if group and (len(group) == most or size + len(data) > most_bytes):
            yield group
            group, size = [], 0
        group.append((index, data))
        size += len(data)
    if group:
        yield group


def _bytes(picture):
    if isinstance(picture, np.ndarray):
        return _png(picture)
    if isinstance(picture, (str, os.PathLike)):
        with open(picture, "rb") as file:
            return file.read()
    return bytes(picture)


def _png(pixels):
    """A PNG of [row, column, 3] bytes."""
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3:
        raise ValueError(f"A picture is an array of height x width x 3 bytes (uint8), not {pixels.dtype}{list(pixels.shape)}.")
    height, width, _ = pixels.shape
    rows = np.zeros((height, 1 + 3 * width), np.uint8)
    rows[:, 1:] = pixels.reshape(height, -1)

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows.tobytes(), 1)) + chunk(b"IEND", b"")
