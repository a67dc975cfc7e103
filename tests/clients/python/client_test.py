"""client/python against a running service (ATTENTION_API) on the embedded model; started by the unit tests with Debian's python3."""

import contextlib
import io
import json
import runpy
import struct
import sys
import tempfile
import unittest
import zipfile
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "client" / "python"))
sys.dont_write_bytecode = True
from attention_api import AttentionApi, Explanation, Problem, read_safetensors, rollout  # noqa: E402

PICTURE = ROOT / "client" / "samples" / "scene-02.png"


def safetensors(header, numbers=b""):
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + numbers


class ClientTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.api = AttentionApi()

    def test_maps_are_arrays_with_their_labels_and_layers(self):
        explained = self.api.explain(PICTURE, method="alignment", labels=["dog", "a car, red"], from_layer=2)
        layers, grid = explained.answer["model"]["layers"], explained.answer["model"]["grid"]
        self.assertEqual((2 * (layers - 1), grid["rows"], grid["columns"]), explained.maps.shape)
        self.assertEqual(["dog", "a car, red"] * (layers - 1), explained.labels)
        np.testing.assert_array_equal(explained.maps[1], explained.map("a car, red", layer=2))
        self.assertAlmostEqual(1, sum(explained.predictions.values()), 5)
        with self.assertRaises(KeyError):
            explained.map("cat")

    def test_rollout_of_the_raw_arrays_is_the_map_of_the_service(self):
        for kind, error in (("float32", 1e-6), ("float16", 1e-4)):
            arrays = self.api.tensors(PICTURE, dtype=kind)
            self.assertEqual(np.dtype(kind), arrays["attention.mean"].dtype)
            own = arrays.patches(rollout(arrays["attention.mean"])[0])
            np.testing.assert_allclose(own, self.api.explain(PICTURE).map(), atol=error)

    def test_every_array_is_there_and_readable_in_place(self):
        arrays = self.api.tensors(PICTURE, labels=["dog", "car"], heads="each")
        model = arrays.explain["model"]
        patches = arrays.grid[0] * arrays.grid[1]
        tokens = model["prefixTokens"] + patches + model["suffixTokens"]
        self.assertEqual((model["layers"], model["heads"], tokens, tokens), arrays["attention.heads"].shape)
        self.assertEqual((model["layers"], 2, patches), arrays["alignment"].shape)
        self.assertEqual(["dog", "car"], arrays.labels)
        for name, array in arrays.items():
            self.assertTrue(array.flags.aligned and np.isfinite(array).all(), name)
        cosine = arrays["label_embeddings"] @ arrays["image_embedding"]
        np.testing.assert_allclose(cosine * arrays["logit_scale"] + arrays.get("logit_bias", 0), arrays["logits"], atol=1e-3)

    def test_pictures_show_themselves_in_a_notebook(self):
        for picture, kind, magic in (
            (self.api.overlay(PICTURE, legend=True), "image/png", b"\x89PNG"),
            (self.api.animation(PICTURE, size=64), "image/gif", b"GIF89a"),
            (self.api.grid(PICTURE, format="webp"), "image/webp", b"RIFF"),
            (self.api.compare(PICTURE, methods="rollout,attention"), "image/png", b"\x89PNG"),
        ):
            self.assertEqual(kind, picture.media_type)
            self.assertTrue(picture.data.startswith(magic))
            self.assertIn(f'src="data:{kind};base64,', picture._repr_html_())
        self.assertTrue(any("prompt" in warning for warning in self.api.overlay(PICTURE, prompt="a {}").warnings))

    def test_regions_are_a_dictionary_and_evidence_is_a_ZIP_file(self):
        regions = self.api.regions(PICTURE, method="alignment", labels=["dog", "car"], target="car")
        self.assertEqual("car", regions["label"])
        self.assertTrue(regions["regions"])
        with zipfile.ZipFile(io.BytesIO(self.api.evidence(PICTURE))) as bundle:
            self.assertIn("manifest.json", bundle.namelist())

    def test_an_array_of_bytes_is_a_picture(self):
        pixels = np.zeros((40, 60, 3), np.uint8)
        pixels[:, 30:] = (250, 10, 5)
        answer = self.api.explain(pixels).answer["image"]
        self.assertEqual((60, 40), (answer["width"], answer["height"]))
        with self.assertRaises(ValueError):
            self.api.explain(pixels.astype(np.float32))

    def test_many_pictures_are_explained_and_a_bad_one_is_a_problem_of_its_own(self):
        pictures = [PICTURE, b"no picture", *sorted(PICTURE.parent.glob("*.png"))[:35]]
        answers = dict(self.api.explain_all(pictures, labels=["dog"]))
        self.assertEqual(set(range(len(pictures))), set(answers))
        self.assertEqual([1], [index for index, answer in answers.items() if isinstance(answer, Problem)])
        self.assertEqual(415, answers[1].status)
        np.testing.assert_array_equal(self.api.explain(PICTURE, labels=["dog"]).maps, answers[0].maps)
        self.assertIsInstance(answers[0], Explanation)

    def test_problems_say_what_is_wrong(self):
        with self.assertRaises(Problem) as refused:
            self.api.explain(PICTURE, to_layer=99)
        self.assertEqual((400, "toLayer"), (refused.exception.status, refused.exception.parameter))

    def test_damaged_tensor_files_are_refused(self):
        entry = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
        arrays, metadata = read_safetensors(safetensors({"__metadata__": {"a": "b"}, "x": entry}, struct.pack("<2f", 1, 2)))
        self.assertEqual(({"a": "b"}, [1, 2]), (metadata, arrays["x"].tolist()))
        for data in (b"", struct.pack("<Q", 99), safetensors({"x": entry}, b"1234"), safetensors({"x": {**entry, "dtype": "I64"}}, bytes(8)),
                     safetensors({"x": {**entry, "shape": [3]}}, bytes(12))):
            with self.assertRaises(ValueError):
                read_safetensors(data)

    def test_the_lines_of_the_README_print_what_it_says(self):
        readme = (ROOT / "README.md").read_text(encoding="utf-8")
        lines = readme.split("```python\n")[1].split("```")[0]
        with tempfile.TemporaryDirectory() as folder, contextlib.chdir(ROOT), contextlib.redirect_stdout(io.StringIO()) as printed:
            exec(lines.replace("overlay.png", f"{folder}/overlay.png"), {})
            self.assertTrue(Path(folder, "overlay.png").read_bytes().startswith(b"\x89PNG"))
        for line in printed.getvalue().splitlines():
            self.assertIn(f"`{line}`", readme)

    def test_the_notebook_runs_from_top_to_bottom(self):
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            runpy.run_path(str(ROOT / "client" / "python" / "notebook.py"))
        self.assertIn("fromLayer", printed.getvalue())
        self.assertRegex(printed.getvalue(), r"rollout by (\d\.?\d*e-(0[6-9]|1\d)|0\.0)\n")


if __name__ == "__main__":
    unittest.main()
