"""Every reference model on the GPU and on the CPU, against each other and against the reference. Standard library alone.

    parity.py collect FIXTURES FOLDER     reference models and answers into FOLDER/models and FOLDER/references
    parity.py compare GPU CPU FOLDER      compares two running services; the exit code is that of a test
"""

import json
import math
import os
import shutil
import struct
import sys
import time
import urllib.error
import urllib.request

# Float32 on a GPU sums in another order. Models of lower precision have their own tolerance, beside their reference.
TOLERANCE = 1e-5
LOW_PRECISION = 1e-3
ARRAY = "rollout_mean_alpha1"


def collect(fixtures, folder):
    for family in sorted(os.listdir(fixtures)):
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
                json.dump({"tolerance": variant.get("tolerance", 0), "values": values}, file)


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


def rollout(base, model, picture):
    status, answer = call(base, f"/api/v1/explain?model={model}", picture)
    if status != 200:
        raise ValueError(f"{status}: {answer.get('detail')}")
    return [value for row in answer["maps"][0]["values"] for value in row]


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
