"""Replay the module cases through the reference and compare, or rewrite, what they expect.

RUSTIBLE_ORACLE is the folder with the reference's `ansible` and `python`. `--write` rewrites `expect` of differing cases.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

import yaml

CASES = pathlib.Path(__file__).resolve().parent.parent / "modules"
FOLDER = pathlib.Path(os.environ["RUSTIBLE_ORACLE"])


def placed(value, old, new):
    return json.loads(json.dumps(value).replace(old, new))


def prepare(root, files):
    for name, content in files.items():
        path = root / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, dict):
            path.symlink_to(content["link"])
        elif isinstance(content, str) and not name.endswith("/"):
            path.write_text(content)
        else:
            path.mkdir(parents=True, exist_ok=True)


def run(module, case):
    """What the reference returns, and the texts of the files that are expected."""
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder).resolve()
        prepare(root, placed(case.get("files", {}), "@root@", str(root)))
        command = [FOLDER / "ansible", "-i", "localhost,", "-c", "local", "localhost", "-m", module]
        command += ["-e", f"ansible_python_interpreter={FOLDER / 'python'}"]
        command += ["-a", json.dumps(placed(case.get("args", {}), "@root@", str(root)))]
        env = {**os.environ, "ANSIBLE_NOCOLOR": "1", "ANSIBLE_LOAD_CALLBACK_PLUGINS": "1"}
        env |= {"ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json", "ANSIBLE_DEPRECATION_WARNINGS": "0"}
        text = subprocess.run(command, env=env, capture_output=True, text=True, check=False).stdout
        result = json.loads(text[text.find("{") :])["plays"][0]["tasks"][0]["hosts"]["localhost"]
        files = {}
        for name in case.get("expect", {}).get("files", {}):
            path = root / name.lstrip("/")
            files[name] = path.read_text() if path.is_file() else None
        return placed(result, str(root), "@root@"), files


def within(expected, found):
    if isinstance(expected, dict) and isinstance(found, dict):
        return all(key in found and within(value, found[key]) for key, value in expected.items())
    return expected == found


def main():
    wrong = 0
    for path in sorted(CASES.glob("*/*.yml")):
        case = yaml.safe_load(path.read_text())
        # Without `@root@` the paths are those of a folder that stands for `/`, which the reference cannot have.
        rooted = "files" in case and "@root@" not in path.read_text()
        if rooted or case.get("oracle") is False:
            continue
        result, files = run(path.parent.name, case)
        for key, value in case["expect"].items():
            found = files if key == "files" else result.get(key)
            if not within(value, found):
                wrong += 1
                print(f"{path.parent.name}/{path.stem}: {key}: case {value!r}, reference {found!r}")
                case["expect"][key] = found
                if "--write" in sys.argv:
                    path.write_text(yaml.safe_dump(case, sort_keys=False, width=118))
    sys.exit(1 if wrong else 0)


main()
