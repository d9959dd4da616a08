"""Logistic regression with scikit-learn: reads job.json, leaves model.onnx and metrics.json."""

import json
import sys
from pathlib import Path

import sklearn
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, roc_auc_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from features import places, read


def main(job):
    features, label = job["features"], job["label"]
    say(progress=0.1, message="reading the rows")
    train = read(job["data"]["train"], features, label)
    validation = read(job["data"]["validation"], features, label)

    say(progress=0.4, message=f"fitting {len(train[1])} rows")
    strength = job["parameters"].get("strength", 1.0)
    model = Pipeline(
        [
            (
                "columns",
                ColumnTransformer(
                    [
                        ("texts", OneHotEncoder(handle_unknown="ignore"), places(features, text=True)),
                        ("numbers", make_pipeline(SimpleImputer(), StandardScaler()), places(features, text=False)),
                    ]
                ),
            ),
            ("model", LogisticRegression(C=strength, max_iter=1000, random_state=job["seed"])),
        ]
    ).fit(*train)

    output = Path(job["output"])
    (output / "model.onnx").write_bytes(to_onnx(model, features))
    probabilities = model.predict_proba(validation[0])[:, 1]
    metrics = {
        "auc": float(roc_auc_score(validation[1], probabilities)),
        "brier": float(brier_score_loss(validation[1], probabilities)),
    }
    versions = {"scikit-learn": sklearn.__version__}
    (output / "metrics.json").write_text(json.dumps({"metrics": metrics, "versions": versions}))
    say(progress=1, message="done")


def to_onnx(model, features):
    """One input a feature, preprocessing inside, as the job contract wants it."""
    inputs = [
        (feature["name"], (StringTensorType if feature["type"] == "string" else FloatTensorType)([None, 1]))
        for feature in features
    ]
    onnx = convert_sklearn(
        model,
        name="churn",  # without it a random one: the same job is to give the same bytes
        initial_types=inputs,
        options={"zipmap": False},
        target_opset={"": 21, "ai.onnx.ml": 3},
    )
    onnx.ir_version = 10
    return onnx.SerializeToString()


def say(**line):
    print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[-1]).read_text()))
