"""Runs the audit of npm's graphql-http against a demo of this gateway; argument: the folder with its node_modules."""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SCRIPT = """
const { createRequire } = require("node:module");
const { auditServer } = createRequire(process.argv[2] + "/")("graphql-http");
auditServer({ url: process.argv[1] + "/graphql" }).then(async (results) => {
  const failed = results.filter((result) => result.status !== "ok");
  for (const result of failed) console.log(`${result.status} ${result.id} ${result.name}: ${result.reason ?? ""}`);
  console.log(`${results.length - failed.length} of ${results.length} cases pass`);
  process.exit(failed.length ? 1 : 0);
});
"""


def main() -> int:
    """0 when every case passes."""
    packages = str(Path(sys.argv[1]).resolve())
    with tempfile.TemporaryDirectory() as folder:
        ready_file = Path(folder) / "ready.json"
        command = [
            "demo",
            "--port",
            "0",
            "--companies",
            "1",
            "--lines-per-company",
            "1",
            "--ready-file",
            str(ready_file),
        ]
        demo = subprocess.Popen([sys.executable, "-c", "from gateway.cli import main; main()", *command])
        try:
            while not ready_file.exists():
                if demo.poll() is not None:
                    return 1
                time.sleep(0.05)
            url = json.loads(ready_file.read_text())["url"]
            return subprocess.run(["node", "-e", SCRIPT, url, packages], check=False).returncode
        finally:
            demo.terminate()
            demo.wait()


if __name__ == "__main__":
    sys.exit(main())
