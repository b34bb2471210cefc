"""Documents of semantic models: a small one to change, the sample's, and the format's own."""

import os
from pathlib import Path

import pytest

from workflow.semantic.load import ModelError, load
from workflow.semantic.model import SemanticModel

ROOT = Path(__file__).parents[3]
SHARED = Path(os.environ.get("COUNTERSIGN_SHARED", ROOT.parent / "shared" / "data"))
EXAMPLE = SHARED / "ossie" / "tpcds_semantic_model.yaml"
SCHEMA = SHARED / "ossie" / "osi-schema.json"
PAGILA = ROOT / "seeds" / "pagila" / "model.yaml"
needs_example = pytest.mark.skipif(
    not EXAMPLE.exists(), reason="the format's example is not at hand"
)

SMALL = """\
version: "0.2.0.dev0"
semantic_model:
  - name: small
    datasets:
      - name: orders
        source: db.s.v_orders
        primary_key: [id]
        fields:
          - name: id
            expression: {dialects: [{dialect: ANSI_SQL, expression: id}]}
            datatype: Integer
          - name: amount
            expression: {dialects: [{dialect: ANSI_SQL, expression: amount}]}
            datatype: Decimal
          - name: placed
            expression: {dialects: [{dialect: ANSI_SQL, expression: placed}]}
            datatype: DateTime
          - name: customer_id
            expression: {dialects: [{dialect: ANSI_SQL, expression: customer_id}]}
        custom_extensions:
          - vendor_name: COUNTERSIGN
            data: '{"time_field": "placed"}'
      - name: customers
        source: v_customers
        primary_key: [id]
        fields:
          - name: id
            expression: {dialects: [{dialect: ANSI_SQL, expression: id}]}
          - name: full_name
            expression: {dialects: [{dialect: ANSI_SQL, expression: "first || ' ' || last"}]}
    relationships:
      - {name: r, from: orders, to: customers, from_columns: [customer_id], to_columns: [id]}
    metrics:
      - name: total
        expression: {dialects: [{dialect: ANSI_SQL, expression: SUM(orders.amount)}]}
"""


def load_text(tmp_path: Path, text: str | bytes) -> SemanticModel:
    path = tmp_path / "m.yaml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return load(path)


def faults(tmp_path: Path, text: str | bytes) -> list[str]:
    """Of a document that breaks the format, or of the parts that were left out."""
    try:
        lines = [part.fault for part in load_text(tmp_path, text).unusable]
    except ModelError as error:
        lines = str(error).splitlines()
    return [line.replace(f"{tmp_path}{os.sep}", "") for line in lines]
