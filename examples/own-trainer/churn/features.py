"""How the columns of a job go into a model."""

import numpy as np
import pyarrow.parquet as parquet


def read(path, features, label):
    """The features as one array of objects, a column each, and the label as booleans."""
    names = [feature["name"] for feature in features]
    table = parquet.read_table(path, columns=[*names, label])
    columns = np.empty((table.num_rows, len(features)), dtype=object)
    for place, feature in enumerate(features):
        values = table.column(feature["name"]).to_pylist()
        if feature["type"] == "string":
            columns[:, place] = ["" if value is None else value for value in values]
        else:
            columns[:, place] = np.array([np.nan if value is None else value for value in values], dtype=np.float32)
    return columns, np.array(table.column(label).to_pylist(), dtype=bool)


def places(features, text):
    """Positions of the text features, or of the others."""
    return [place for place, feature in enumerate(features) if (feature["type"] == "string") == text]
