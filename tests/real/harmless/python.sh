# The PATH's python3 (which may be a script that starts another), no threads.
# needs: python3
python3 -c 'print(sum(range(10)))'
seq 1 10 | python3 -c 'import sys; print(sum(map(int, sys.stdin)))'
python3 -c 'import sys; sys.exit(3)'; echo "python3: $?"
{ python3 -c 'import os; os.kill(os.getpid(), 9)'; } 2>/dev/null; echo "killed: $?"
python3 -c 'import json, zlib, hashlib, sqlite3, ssl, ctypes, decimal; print(hashlib.md5(b"x").hexdigest())'
python3 -c 'import subprocess; print(subprocess.check_output(["echo", "child"]))'
python3 -c 'import os
r, w = os.pipe()
if os.fork() == 0:
    os.write(w, b"from the child"); os._exit(0)
print(os.read(r, 100), os.wait()[1])'
python3 -m venv --help | head -n 1
echo end of script
