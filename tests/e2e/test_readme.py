"""The README's walk-through, run as it is printed."""

import json
import os
import re
import subprocess
from pathlib import Path

import psycopg

from tests.stack import ROOT, Demo


def test_what_the_readme_proves_holds_as_printed(demo: Demo, tmp_path: Path) -> None:
    text = (ROOT / "README.md").read_text()
    section = text[text.index("## Prove it") : text.index("## Who is who")]
    blocks = re.findall(r"^```\n(.*?)^```", section, re.DOTALL | re.MULTILINE)
    script = "".join(blocks)
    script = script.replace("127.0.0.1:8000", f"127.0.0.1:{demo.gateway_port}")
    script = script.replace(".countersign/demo.json", str(demo.home / "demo.json"))
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path,
        env={
            **demo.environment,
            "PYTHONPATH": str(ROOT),
            "SEMANTIC_MODEL": str(ROOT / "seeds/pagila/model.yaml"),
            "PATH": os.environ["PATH"],
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (tmp_path / "receipt.json").exists(), done.stderr
    run_id = json.loads((tmp_path / "receipt.json").read_text())["receipt"]["run_id"]
    with psycopg.connect(demo.settings["DATABASE_URL"]) as owner:  # others use this demo too
        owner.execute("SET session_replication_role = replica")
        owner.execute(
            "UPDATE query_audit_logs SET role = 'store_manager' WHERE run_id = %s", (run_id,)
        )
    assert "Approved by reviewer_user" in done.stdout, done.stderr
    assert "Sealed in checkpoint" in done.stdout
    assert "identical" in done.stdout, done.stderr
    assert done.returncode == 1
    assert f"Broken at run {run_id}: its log row was changed" in done.stdout + done.stderr
    assert demo.countersign("audit", "verify").returncode == 0
