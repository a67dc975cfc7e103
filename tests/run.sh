#!/usr/bin/env bash
# Sets up everything the tests need on a fresh Debian-like machine, builds, and runs every test.
# The last line is the total, "N passed, N failed, N skipped"; the exit code is non-zero on any failure.
set -u
cd "$(dirname "$0")/.."
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_CLI_UI_LANGUAGE=en
passed=0 failed=0 skipped=0
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT

add() { passed=$((passed + ${1:-0})); failed=$((failed + ${2:-0})); skipped=$((skipped + ${3:-0})); }

# A step that must succeed counts as one failed test where it does not.
must() { echo "== $*"; "$@" || { echo "FAILED: $*"; add 0 1 0; return 1; }; }

install_tools() {
  export CHROMIUM_PATH=${CHROMIUM_PATH:-/usr/bin/chromium}
  [ -x "$CHROMIUM_PATH" ] && command -v curl >/dev/null && return 0
  local sudo=""; [ "$(id -u)" = 0 ] || sudo=sudo
  $sudo apt-get update -qq && $sudo apt-get install -y -qq chromium curl >/dev/null
}

# Prometheus' own check of its files. The package is unpacked and not installed, as that would start a server; without it two tests are skipped.
fetch_promtool() {
  command -v promtool >/dev/null && return 0
  (cd "$results" && { apt-get download -qq prometheus || { apt-get update -qq && apt-get download -qq prometheus; }; } && dpkg -x prometheus_*.deb prometheus) >/dev/null 2>&1 || return 0
  export PROMTOOL="$results/prometheus/usr/bin/promtool"
}

# For the client of client/python, which is tested with Debian's own interpreter.
install_python() {
  /usr/bin/python3 -c 'import numpy, requests' 2>/dev/null && return 0
  local sudo=""; [ "$(id -u)" = 0 ] || sudo=sudo
  $sudo apt-get update -qq && $sudo apt-get install -y -qq python3-numpy python3-requests >/dev/null
}

# xunit prints "Total: 12, Errors: 0, Failed: 1, Skipped: 2, ..." at its end.
run_dotnet_tests() {
  local name=$1 log="$results/$1.log" line
  echo "== $name"
  dotnet "tests/$name/bin/Release/net10.0/$name.dll" -noLogo 2>&1 | tee "$log"
  local code=${PIPESTATUS[0]}
  line=$(grep -E 'Total: [0-9]+' "$log" | tail -1)
  if [ -z "$line" ]; then echo "FAILED: $name ended without a result (exit code $code)"; add 0 1 0; return; fi
  number() { sed -E "s/.*$1: ([0-9]+).*/\1/" <<<"$line"; }
  local total errors bad skips
  total=$(number Total) errors=$(number Errors) bad=$(number Failed) skips=$(number Skipped)
  add $((total - bad - skips)) $((bad + errors)) "$skips"
  if [ "$code" -ne 0 ] && [ $((bad + errors)) -eq 0 ]; then echo "FAILED: $name exited with $code"; add 0 1 0; fi
}

# Node's own test runner, in a folder with a package.json.
run_node_tests() {
  local log="$results/node.log"
  echo "== $1"
  (cd "$1" && node --test --test-reporter=tap) 2>&1 | tee "$log" | grep -E '^(not ok|# )' || true
  count() { sed -nE "s/^# $1 ([0-9]+)/\1/p" "$log" | tail -1; }
  if [ -z "$(count pass)" ]; then echo "FAILED: node --test in $1 ended without a result"; add 0 1 0; return; fi
  add "$(count pass)" "$(($(count fail) + $(count cancelled)))" "$(count skipped)"
}

# What someone has who cloned the repository and nothing else: the fast tests must pass on the references of tests/fixtures, with nothing failed and no error at discovery.
# Uses the program built here. Counts as one test; where the whole references are absent, the run above is this test already.
# Tests of the API and the command line that name no references use the embedded model and tests/fixtures alone above, too: they are not run again.
run_in_a_bare_clone() {
  [ -d "${ATTENTION_FIXTURES:-../shared}" ] || return 0
  echo "== AttentionApi.Tests in a clone without the whole references"
  local clone="$results/clone/attention" output=tests/AttentionApi.Tests/bin/Release/net10.0 sample=samples/ExplainPicture/bin/Release/net10.0
  mkdir -p "$clone"
  git ls-files -z --cached --others --exclude-standard | tar -c --null -T - --ignore-failed-read 2>/dev/null | tar -x -C "$clone"
  tar -c "$output" "$sample" | tar -x -C "$clone"
  local file without=(-class- '*.Faults.*' -class- '*.Hosting.*' -class- '*.Packaging.*')
  for file in $(cd tests && grep -rLE --include='*Tests.cs' 'SharedFixtures\.(InShared|Family)' AttentionApi.Tests/{Api,Cli}); do
    file=${file%.cs}
    without+=(-class- "${file//\//.}")
  done
  if env -u CI -u ATTENTION_FIXTURES dotnet "$clone/$output/AttentionApi.Tests.dll" -noLogo -noColor "${without[@]}" >"$results/clone.log" 2>&1; then add 1 0 0
  else echo "FAILED: tests in a clone"; grep -E -A 8 'FAIL|ERROR' "$results/clone.log" | head -100; add 0 1 0; fi
  grep 'Total:' "$results/clone.log"
  rm -rf "$clone"
}

check_page_types() { if (cd client && npx --no-install tsc -p tsconfig.json); then add 1 0 0; else echo "FAILED: type check of client/"; add 0 1 0; fi; }

must install_tools
must install_python
fetch_promtool
# Before the browser tests: one of them reads a tensors file with a package of npm.
must npm --prefix client ci --no-audit --no-fund --silent
must npm --prefix tests/deployment ci --no-audit --no-fund --silent
must npm --prefix tests/clients ci --no-audit --no-fund --silent
if must dotnet build AttentionApi.sln -c Release -v quiet -p:RestoreLockedMode=true; then
  run_dotnet_tests AttentionApi.Tests
  run_dotnet_tests AttentionApi.BrowserTests
  run_in_a_bare_clone
fi
check_page_types
run_node_tests client
run_node_tests tests/deployment
run_node_tests tests/clients

# On machines with a GPU; skipped with its reason on others.
gpu=$(bash tests/gpu.sh 2>&1) || echo "FAILED: tests/gpu.sh"
# Its total is added to ours, which is the only line of that form.
echo "== GPU"; head -n -1 <<<"$gpu"
add $(tail -n 1 <<<"$gpu" | sed -E 's/ [a-z]+,?//g')

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
