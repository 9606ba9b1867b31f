"""What gevent does in the cases of the files here, `name: what it logged` a line, in a .txt
beside each. Run with a Python that has gevent: python3 tests/api/as_gevent/ask.py [FILE...]"""

import pathlib
import subprocess
import sys

for file in sorted(pathlib.Path(__file__).parent.glob("*.py")):
    chosen = file.stem in sys.argv[1:] or not sys.argv[1:]
    if file.stem not in ("ask", "support") and chosen:
        with open(file.with_suffix(".txt"), "w") as answers:
            subprocess.run([sys.executable, "-B", file], stdout=answers, check=True)
