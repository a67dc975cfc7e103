"""Every reference model on the GPU and on the CPU, against each other and against the reference. Standard library alone.

    parity.py collect FIXTURES FOLDER [FAMILY…]   reference models and answers into FOLDER/models and FOLDER/references
    parity.py compare GPU CPU FOLDER              compares two running services; the exit code is that of a test

Every model's rollout is compared with PyTorch's. One export of each family, and its pair of towers, is asked for more, GPU against CPU: the unit tests compare
the CPU's answers with the references.
"""

import json
import math
import os
import shutil
import struct
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

# Float32 on a GPU sums in another order. Models of lower precision have their own tolerance, beside their reference.
TOLERANCE = 1e-5
LOW_PRECISION = 1e-3
ARRAY = "rollout_mean_alpha1"

# Of the largest value: products over all layers and labels' gradients are sums of many parts. Image-text models have texts for labels, classifiers indices.
FURTHER_TOLERANCE = 1e-4
LABELS = ("labels=0,1", "labels=a photo of a cat,noise&prompt={}")
FURTHER = {
    "scores": ("top=100", lambda answer: [entry["logit"] for entry in sorted(answer["predictions"], key=lambda entry: entry["label"])]),
    "alignment": ("method=alignment", lambda answer: numbers(answer["maps"][-1:])),
    "libra": ("method=libra", lambda answer: numbers(answer["maps"])),
    "text": ("textTokens=true", lambda answer: [token["weight"] for text in answer["textTokens"] or [] for token in text["tokens"]]),
}


def numbers(maps):
    return [value for entry in maps for row in entry["values"] for value in row]


def collect(fixtures, folder, *families):
    for family in sorted(families or os.listdir(fixtures)):
        source = os.path.join(fixtures, family)
        if not os.path.exists(f"{source}/expected.json"):
            continue
        with open(f"{source}/expected.json", encoding="utf-8") as file:
            expected = json.load(file)
        if ARRAY not in expected["arrays"]:
            continue
        entry = expected["arrays"][ARRAY]
        with open(f"{source}/expected.bin", "rb") as file:
            file.seek(entry["offset"])
            values = struct.unpack(f"<{math.prod(entry['shape'])}f", file.read(4 * math.prod(entry["shape"])))
        first = True
        for variant in expected["variants"]:
            name = os.path.basename(variant["file"])
            # Text towers, and combined files, say nothing that the vision tower does not say here.
            if name.startswith("text") or (os.path.exists(f"{source}/onnx/vision_model.onnx") and not name.startswith("vision")):
                continue
            if not os.path.exists(f"{source}/{variant['file']}"):
                continue
            model = f"{family}.{name[:-5]}"
            os.makedirs(f"{folder}/models/{model}/onnx", exist_ok=True)
            for config in os.listdir(source):
                if config.endswith("config.json"):
                    shutil.copy(f"{source}/{config}", f"{folder}/models/{model}/")
            shutil.copy(f"{source}/{variant['file']}", f"{folder}/models/{model}/onnx/model.onnx")
            if os.path.exists(f"{source}/{variant['file']}_data"):
                shutil.copy(f"{source}/{variant['file']}_data", f"{folder}/models/{model}/onnx/")
            os.makedirs(f"{folder}/references", exist_ok=True)
            shutil.copy(f"{source}/image.png", f"{folder}/references/{family}.png")
            with open(f"{folder}/references/{model}.json", "w", encoding="utf-8") as file:
                json.dump({"tolerance": variant.get("tolerance", 0), "values": values, "further": first}, file)
            first = False
        if os.path.exists(f"{source}/onnx/text_model.onnx"):
            pair(source, f"{folder}/models/{family}.pair")
            with open(f"{folder}/references/{family}.pair.json", "w", encoding="utf-8") as file:
                json.dump({"tolerance": 0, "values": values, "further": True}, file)


def pair(source, model):
    """Both towers with their tokenizer."""
    os.makedirs(f"{model}/onnx", exist_ok=True)
    for name in os.listdir(source):
        if name.endswith((".json", "merges.txt")) and not name.startswith(("expected", "methods", "attribution")):
            shutil.copy(f"{source}/{name}", model)
    for tower in ("vision_model", "text_model"):
        shutil.copy(f"{source}/onnx/{tower}.onnx", f"{model}/onnx/")


def call(base, path, picture=None):
    request = urllib.request.Request(base + path, data=picture, headers={"Content-Type": "image/png"} if picture else {})
    try:
        with urllib.request.urlopen(request, timeout=120) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read() or b"{}")


def wait(base, seconds=60):
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        try:
            if call(base, "/readyz")[0] == 200:
                return
        except (OSError, ValueError):
            pass
        time.sleep(0.1)
    sys.exit(f"{base} is not ready after {seconds} seconds.")


def explain(base, model, picture, query=""):
    status, answer = call(base, f"/api/v1/explain?model={model}&{urllib.parse.quote(query, safe='=&,{}')}", picture)
    if status != 200:
        raise ValueError(f"{status}: {answer.get('detail')}")
    return answer


def rollout(base, model, picture):
    return numbers(explain(base, model, picture)["maps"][:1])


def further(gpu, cpu, model, picture):
    """By name, the difference of GPU and CPU relative to the largest value; what the model does not offer is left out."""
    described = next(entry for entry in call(cpu, "/api/v1/models")[1]["models"] if entry["id"] == model)
    labels = LABELS[1] if described["text"] else LABELS[0] if described["classes"] else ""
    differences = {}
    for name, (query, read) in FURTHER.items():
        needed = "rollout" if name == "scores" else name
        if not labels or (not described["text"] if name == "text" else needed not in described["methods"]):
            continue
        on_cpu, on_gpu = (read(explain(base, model, picture, f"{query}&{labels}")) for base in (cpu, gpu))
        # A number that is missing or not finite must not pass.
        same = len(on_gpu) == len(on_cpu) > 0 and all(map(math.isfinite, on_gpu))
        differences[name] = max(abs(a - b) for a, b in zip(on_gpu, on_cpu)) / max(1e-9, *map(abs, on_cpu)) if same else math.inf
    return differences


def compare(gpu, cpu, folder):
    wait(gpu)
    wait(cpu)
    right = wrong = 0
    print(f"{'model':44} {'GPU - CPU':>10} {'GPU - ref.':>10} {'CPU - ref.':>10}")
    for file in sorted(os.listdir(f"{folder}/references")):
        if not file.endswith(".json"):
            continue
        model = file[:-5]
        with open(f"{folder}/references/{file}", encoding="utf-8") as opened:
            reference = json.load(opened)
        with open(f"{folder}/references/{model.split('.')[0]}.png", "rb") as opened:
            picture = opened.read()
        try:
            on_gpu, on_cpu = rollout(gpu, model, picture), rollout(cpu, model, picture)
        except ValueError as problem:
            wrong += 1
            print(f"{model:44} FAILED {problem}")
            continue
        differences = [max(abs(a - b) for a, b in zip(*pair)) for pair in ((on_gpu, on_cpu), (on_gpu, reference["values"]), (on_cpu, reference["values"]))]
        good = differences[1] <= max(TOLERANCE, reference["tolerance"] if reference["tolerance"] > LOW_PRECISION else 0)
        right, wrong = right + good, wrong + (not good)
        print(f"{model:44} {differences[0]:10.1e} {differences[1]:10.1e} {differences[2]:10.1e}{'' if good else '  FAILED'}")
        if reference["further"]:
            try:
                more = further(gpu, cpu, model, picture)
            except ValueError as problem:
                wrong += 1
                print(f"  FAILED {problem}")
                continue
            far = [name for name, difference in more.items() if difference > FURTHER_TOLERANCE]
            right, wrong = right + len(more) - len(far), wrong + len(far)
            if more:
                print("  " + "  ".join(f"{name} {difference:.1e}{' FAILED' if name in far else ''}" for name, difference in more.items()))
    providers = {json.dumps(model["provider"], sort_keys=True) for model in call(gpu, "/api/v1/models")[1]["models"] if model["provider"]}
    wanted = os.environ.get("ATTENTION_GPU_PROVIDER", "cuda")
    for provider in sorted(providers):
        print(provider)
        if json.loads(provider)["actual"] != wanted:
            wrong += 1
            print(f"FAILED: this ran on {json.loads(provider)['actual']} and not on {wanted}.")
    print(f"{right} of {right + wrong} right")
    return wrong == 0 and right > 0


if __name__ == "__main__":
    if sys.argv[1] == "collect":
        collect(*sys.argv[2:])
    else:
        sys.exit(0 if compare(*sys.argv[2:]) else 1)
