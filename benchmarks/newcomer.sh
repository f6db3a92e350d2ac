#!/bin/sh
# The walk of a newcomer, in an empty folder with a virtual environment of its own: install, `init`, three lines edited,
# `validate`, `run` on pocket, `compare`, `report`, and all kinds of `export`. Says when each step began.
#
#     sh benchmarks/newcomer.sh
set -eu
clone=$(cd "$(dirname "$0")/.." && pwd)
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"
began=$(date +%s)
step() {
  echo "$(($(date +%s) - began)) s: $*"
  "$@" > "$place/said" 2>&1 || { cat "$place/said"; exit 1; }
}

step python3 -m venv .venv
step .venv/bin/pip install -q "$clone"
PATH=$place/.venv/bin:$PATH
step msm-mlx init my_values
step sed -i.bak \
  -e 's/^seeds: .*/seeds: [3, 4]/' \
  -e 's/^suites: .*/suites: [unseen.yaml, capability]/' \
  -e 's/count: 180/count: 150/' my_values/recipe.yaml
step msm-mlx validate my_values
step msm-mlx run my_values
step msm-mlx compare latest --plain
cat said
step msm-mlx report latest
for format in mlx peft fused; do
  step msm-mlx export latest --arm msm+sft --format "$format"
done
step msm-mlx export latest --arm msm+sft --data
step msm-mlx push latest --repo me/my-values --dry-run
test -s runs/my_values/report.html
echo "$(($(date +%s) - began)) s: done"
