#!/usr/bin/env bash
# Parity and speed on a machine with an NVIDIA GPU, in one go and in less than four minutes; anywhere else it is skipped with the reason.
#   tests/gpu.sh          builds where nothing is built yet, compares every reference model on GPU and CPU, prints the report's table
#   tests/gpu.sh build    only builds, into artifacts/gpu: carry that folder to a machine without .NET and run gpu.sh in it
# Results go to $OUT, by default artifacts/gpu/results. Needs python3, CUDA 13 and cuDNN 9 (docs/gpu.md). ATTENTION_GPU_PROVIDER=cpu tries the script itself without a GPU.
# The last line is "N passed, N failed, N skipped".
set -u
here=$(cd "$(dirname "$0")" && pwd)
if [ -d "$here/app" ]; then root=$here; else root=$(dirname "$here")/artifacts/gpu; fi
out=${OUT:-$root/results} provider=${ATTENTION_GPU_PROVIDER:-cuda} ids=

skip() { echo "skipped: $1"; echo "0 passed, 0 failed, 1 skipped"; exit 0; }

build() {
  local project fixtures; project=$(dirname "$here"); fixtures=${ATTENTION_FIXTURES:-$project/../shared}/fixtures/models
  [ -d "$fixtures" ] || fixtures=$here/fixtures/models
  # The benchmarks' folder holds the host as well. Self-contained: the machine may have no .NET. The intermediate files are kept apart from those of other builds.
  rm -rf "$root" && mkdir -p "$root/source"
  (cd "$project" && tar c --exclude=bin --exclude=obj --exclude=node_modules --exclude=fixtures .editorconfig global.json ./*.props ./*.targets ./*.sln LICENSE NOTICE README.md licenses src client models/demo-clip tests) | tar x -C "$root/source" || return 1
  dotnet publish "$root/source/tests/AttentionApi.Benchmarks" -c Release -r linux-x64 --self-contained -p:OnnxRuntime=gpu -p:RunAnalyzers=false -o "$root/app" -v quiet -nodeReuse:false || return 1
  rm -rf "$root/source"
  python3 "$here/gpu/parity.py" collect "$fixtures" "$root" || return 1
  cp "$here/gpu/parity.py" "$here/gpu.sh" "$root/"
  cp -r "$root/app/models/demo-clip" "$root/models/"
  # The benchmarks look for it above themselves.
  touch "$root/AttentionApi.sln"
}

serve() {
  Models__Path=$root/models Models__Default=demo-clip Models__MaxLoaded=100 Models__CachePath=$root/cache-$1 Inference__ExecutionProvider=$2 \
    "$root/app/AttentionApi" --urls "http://127.0.0.1:$3" > "$out/$1.log" 2>&1 & ids="$ids $!"
}

if [ "${1:-}" != build ] && [ "$provider" = cuda ]; then
  command -v nvidia-smi >/dev/null || skip "there is no nvidia-smi, so no NVIDIA driver."
  nvidia-smi -L 2>/dev/null | grep -q GPU || skip "nvidia-smi finds no GPU."
fi
command -v python3 >/dev/null || skip "there is no python3, which compares the answers."
if [ "${1:-}" = build ] || [ ! -d "$root/app" ]; then
  command -v dotnet >/dev/null || skip "there is no .NET SDK; build elsewhere with 'tests/gpu.sh build' and bring artifacts/gpu here."
  build || { echo "FAILED: the build"; echo "0 passed, 1 failed, 0 skipped"; exit 1; }
fi
[ "${1:-}" = build ] && { du -sm "$root" | awk '{ print $2, $1, "MB" }'; exit 0; }

mkdir -p "$out"
# CUDA as Python's packages bring it, too.
libraries=$(python3 -c 'import glob, site; print(":".join(glob.glob(site.getsitepackages()[0] + "/nvidia/**/lib", recursive=True)))' 2>/dev/null)
export LD_LIBRARY_PATH=$libraries:/usr/local/cuda/lib64:${LD_LIBRARY_PATH:-} MALLOC_ARENA_MAX=2
trap 'kill $ids 2>/dev/null' EXIT
passed=0 failed=0
check() { if "${@:2}"; then passed=$((passed + 1)); else echo "FAILED: $1"; failed=$((failed + 1)); fi; }

[ "$provider" = cuda ] && nvidia-smi | tee "$out/nvidia-smi.txt" | sed -n 3,4p
serve gpu "$provider" 25401
serve cpu cpu 25402
check parity timeout 100 python3 -u "$root/parity.py" compare http://127.0.0.1:25401 http://127.0.0.1:25402 "$root" > "$out/parity.txt"
cat "$out/parity.txt"; tail -n 5 "$out/gpu.log"
kill $ids 2>/dev/null; wait $ids 2>/dev/null; ids=

if [ "$provider" = cuda ]; then
  # Photos of 24 megapixels measure the processor, and labels that are new the text tower.
  check report timeout 130 "$root/app/AttentionApi.Benchmarks" report --provider cuda --rounds 5 --model vit-b-32 --json "$out/report.json" \
    --only 'forward|explain, 224|explain, 1024|8 known|1024 x|224 x|overlay PNG, 1024|animation GIF|same picture' > "$out/report.txt" 2>&1
  cat "$out/report.txt"
fi
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]
