#!/bin/sh
# Trains a first model on a small synthetic market and promotes it, unless one is in force already.
set -eu
models=$(creneau model list --json)
case $models in
  *'"state": "in force"'*)
    echo "a model is in force already"
    exit 0
    ;;
esac
folder=$(mktemp -d)
creneau sandbox market --out "$folder/market" --lessons 40000 >/dev/null
creneau model train --data "$folder/market" --out "$folder/training"
# The same lessons give the same bytes, so after an interruption this finds it registered.
creneau model register "$folder/training/model.zip" --version first --reason "the first model"
creneau model promote first --reason "the first model"
rm -r "$folder"
