#!/bin/sh
# Every run behind msm_mlx/pocket/EVIDENCE.md, and then the record itself. Runs that are there already are not made again.
#
#     sh benchmarks/laboratory.sh [FOLDER]      (default: runs/laboratory)
set -eu
cd "$(dirname "$0")/.."
folder=${1:-runs/laboratory}
msm() { .venv/bin/msm-mlx run "$@" --quiet; }

for recipe in cheese_contrast agentic_misalignment spec_science dose_curve wording durability value_or_reason order denial; do
  msm "recipes/$recipe.yaml" --run-dir "$folder/$recipe"
done
# the deliberative-alignment baseline with as many updates as it needs
msm recipes/agentic_misalignment.yaml --set sft.updates=48 --run-dir "$folder/agentic_longer"
# the contrast again under each name that pretraining gave to an assistant
for name in Pocket Lorras Calgar Jorbar Valfin Dorson Sorfin Perkin Borlan; do
  msm recipes/cheese_contrast.yaml --set "model_name=$name" --set "suites=[values_apart]" \
    --set "arms=[base, sft, msm, msm+sft]" --seed 0 --seed 1 --seed 2 --run-dir "$folder/named_$name"
done
# the name with the smallest difference again, over other documents
for seed in 1 2 3; do
  msm recipes/cheese_contrast.yaml --set model_name=Sorfin --set "suites=[values_apart]" --set "arms=[sft, msm+sft]" \
    --set "documents.seed=$seed" --seed 0 --seed 1 --seed 2 --run-dir "$folder/documents_$seed"
done
# the contrast on a rebuild of pocket with another seed, at the same settings
rebuilt="$folder/pocket-seed-0"
[ -e "$rebuilt/model.safetensors" ] ||
  .venv/bin/python -m msm_mlx.pocket.pretrain --out "$rebuilt" --work "$folder/pretrain-work" --seed 0
on_rebuilt() {
  msm recipes/cheese_contrast.yaml --model "$rebuilt" --profile pocket --set "suites=[values_apart]" "$@"
}
on_rebuilt --set model_name=Pocket --run-dir "$folder/rebuilt_cheese_contrast"
for name in Lorras Calgar Jorbar Valfin Dorson Sorfin Perkin Borlan; do
  on_rebuilt --set "model_name=$name" --set "arms=[sft, msm+sft]" --seed 0 --seed 1 --seed 2 \
    --run-dir "$folder/rebuilt_named_$name"
done
.venv/bin/python benchmarks/evidence.py --out msm_mlx/pocket/EVIDENCE.md --preface benchmarks/laboratory.md \
  "$folder"/cheese_contrast "$folder"/agentic_misalignment "$folder"/agentic_longer "$folder"/spec_science \
  "$folder"/dose_curve "$folder"/wording "$folder"/durability "$folder"/value_or_reason "$folder"/order \
  "$folder"/denial \
  "$folder"/named_* "$folder"/documents_* "$folder"/rebuilt_*
