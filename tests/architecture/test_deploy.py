"""The files of deploy/, images/ and requirements/ against each other and the program."""

import configparser
import re
import tomllib
from importlib.metadata import distributions
from pathlib import Path

import pytest

from vitrine.settings import Settings

ROOT = Path(__file__).parents[2]
SETTINGS = Settings.from_env({})
LOCKS = sorted([*ROOT.glob("requirements/*.lock"), *ROOT.glob("images/**/*.lock")])


def unit(name: str) -> dict[str, str]:
    """The last value of each directive of a systemd unit."""
    text = (ROOT / f"deploy/systemd/vitrine-{name}.service").read_text()
    return dict(line.split("=", 1) for line in text.splitlines() if re.match(r"\w+=", line))


def supervised() -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(ROOT / "deploy/supervisor/supervisord.conf.in")
    return parser


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def locked(path: Path) -> dict[str, str]:
    return dict(re.findall(r"^([A-Za-z0-9._-]+)==(\S+)", path.read_text(), re.MULTILINE))


@pytest.mark.parametrize("process", sorted(SETTINGS.accounts))
def test_a_process_has_the_same_account_under_both_supervisors(process):
    section = supervised()[f"program:{process}"]
    placeholder = f"@ACCOUNT_{process.upper()}@"
    assert section.get("user") == placeholder or f"--reuid={placeholder}" in section["command"]
    assert unit(process)["User"] == SETTINGS.accounts[process]


def test_only_the_host_helper_stays_root():
    programs = {name.removeprefix("program:") for name in supervised().sections() if ":" in name}
    programs -= {"rpcinterface:supervisor"}
    assert programs == {*SETTINGS.accounts, "host"}
    assert unit("host")["User"] == "root"
    users = [unit(program)["User"] for program in programs]
    assert len(set(users)) == len(users)


@pytest.mark.parametrize("process", ["parser", "gate"])
def test_what_handles_hostile_bytes_has_no_network_under_systemd(process):
    assert unit(process)["PrivateNetwork"] == "yes"


def test_the_host_helper_speaks_to_unix_sockets_only_and_mounts_where_the_engine_looks():
    host = unit("host")
    assert host["RestrictAddressFamilies"] == "AF_UNIX"
    own_mounts = (
        "Private",
        "Protect",
        "ReadOnly",
        "ReadWrite",
        "Inaccessible",
        "Bind",
        "Temporary",
    )
    assert [name for name in host if name.startswith(own_mounts)] == []


def test_the_parser_starts_in_an_empty_network_namespace_without_systemd():
    command = supervised()["program:parser"]["command"]
    assert command.startswith("/usr/bin/unshare --net -- /usr/bin/setpriv ")
    assert "--no-new-privs" in command


@pytest.mark.parametrize("process", sorted(set(SETTINGS.accounts)))
def test_every_unit_but_roots_gives_up_every_capability(process):
    assert unit(process)["CapabilityBoundingSet"] == ""
    assert unit(process)["NoNewPrivileges"] == "yes"


def test_the_accounts_script_makes_every_account():
    script = (ROOT / "deploy/accounts.sh").read_text()
    for account in SETTINGS.accounts.values():
        assert account in script


def test_the_two_origins_differ_in_host_name():
    text = (ROOT / "deploy/nginx/vitrine.conf").read_text()
    names = re.findall(r"listen 443.*?server_name (\S+);", text, re.DOTALL)
    assert len(names) == len(set(names)) == 2


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_lock_pins_by_hash_and_names_no_host(lock):
    text = lock.read_text()
    assert "://" not in text
    assert "index-url" not in text
    for requirement in re.split(r"\n(?=\S)", text.strip()):
        assert "--hash=sha256:" in requirement, requirement[:60]


def test_the_proxy_lock_pins_by_hash_and_names_no_registry():
    text = (ROOT / "deploy/proxy/package-lock.json").read_text()
    assert '"resolved"' not in text
    assert text.count('"integrity"') > 30


@pytest.mark.parametrize("name", ["runtime", "development"])
def test_the_lock_has_everything_that_the_project_asks_for(name):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    asked = list(project["project"]["dependencies"])
    asked += project["dependency-groups"]["dev"] if name == "development" else []
    present = {normal(each) for each in locked(ROOT / f"requirements/{name}.lock")}
    missing = {normal(re.match(r"[A-Za-z0-9._-]+", each).group()) for each in asked} - present
    assert not missing, "run ./run lock"


def test_both_locks_of_the_host_agree():
    runtime = locked(ROOT / "requirements/runtime.lock")
    development = locked(ROOT / "requirements/development.lock")
    assert {name: development.get(name) for name in runtime} == runtime


def test_lab_and_kernel_have_nothing_that_they_are_said_to_lack():
    lab = {normal(each) for each in locked(ROOT / "images/lab/requirements.lock")}
    assert not lab & set((ROOT / "images/lab/left-out.txt").read_text().split())
    kernel = {normal(each) for each in locked(ROOT / "images/kernel/requirements.lock")}
    assert not kernel & {"debugpy", "jupyterlab", "jupyter-server", "pip", "pylibjpeg-libjpeg"}


def test_nothing_installed_is_under_the_gpl():
    texts = {}
    for each in distributions():
        classifiers = each.metadata.get_all("Classifier") or []
        texts[each.name] = " ".join(
            [
                str(each.metadata.get("License-Expression") or ""),
                str(each.metadata.get("License") or "")[:100],
                *(line for line in classifiers if line.startswith("License")),
            ]
        )
    assert len(texts) > 50
    found = [name for name, text in texts.items() if re.search("GPL|General Public", text)]
    assert found == []


def test_the_configuration_of_the_hub_is_short():
    assert len((ROOT / "jupyterhub_config.py").read_text().splitlines()) <= 30


def test_no_dockerfile_fetches_a_frontend():
    for path in ROOT.glob("images/*/Dockerfile"):
        assert "# syntax=" not in path.read_text()
