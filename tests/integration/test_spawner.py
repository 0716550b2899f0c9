"""Sessions on a running node: what starts, what is refused, what ends, and with which sentence."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator

import pytest

from tests.support.node import RunningNode, wait_until, why_not
from tests.support.person import Person, said
from vitrine.workspaces import store

pytestmark = [
    pytest.mark.docker,
    pytest.mark.skipif(bool(why_not()), reason=why_not()),
]


@pytest.fixture(scope="module")
def node() -> Iterator[RunningNode]:
    with RunningNode() as found:
        found.add_dataset()
        for name in ("ann", "bob"):
            found.add_person(name)
        found.add_project("lungs", ["ann", "bob"])
        yield found


@pytest.fixture
def ann(node: RunningNode) -> Iterator[Person]:
    found = node.person("ann")
    assert found.sign_in().status_code == 200
    yield found
    if found.server("lungs"):
        found.stop("lungs")
    wait_until(lambda: is_empty(node), "nothing of the session is left")


def is_empty(node: RunningNode) -> bool:
    with node.database.read() as tx:
        records = store.open_sessions(tx)
    found = (node.halves(), node.gate_sessions(), node.host_sessions(), node.mounts(), records)
    return not any(found)


def last_reason(node: RunningNode) -> str:
    with node.database.read() as tx:
        return str(store.sessions(tx)[-1].reason)


# -- a session --------------------------------------------------------------------------------


def test_a_session_is_a_pair_that_opens_jupyterlab(node: RunningNode, ann: Person) -> None:
    ann.start("lungs")
    assert sorted(half.role for half in node.halves()) == ["kernel", "lab"]
    page = ann.http.get("/user/ann/lungs/lab")
    assert page.status_code == 200
    assert "jupyter-config-data" in page.text
    images = node.audited("session_images")[-1]["detail"]
    assert images["kernel_image"].startswith("sha256:")
    assert images["lab_image"].startswith("sha256:")


PROBE = """
import json, os, socket
def outcome(family, kind=socket.SOCK_STREAM):
    try:
        socket.socket(family, kind).close()
        return "made"
    except OSError as error:
        return error.strerror
def can_write(path):
    try:
        open(path, "w").close()
        return True
    except OSError:
        return False
status = dict(line.split(":", 1) for line in open("/proc/self/status") if ":" in line)
print(json.dumps({
    "uid": os.getuid(),
    "interfaces": os.listdir("/sys/class/net"),
    "capabilities": status["CapEff"].strip() + status["CapBnd"].strip(),
    "no_new_privileges": status["NoNewPrivs"].strip(),
    "seccomp": status["Seccomp"].strip(),
    "vsock": outcome(40), "packet": outcome(17), "alg": outcome(38), "bluetooth": outcome(31),
    "unix": outcome(1), "inet": outcome(2), "netlink": outcome(16, socket.SOCK_RAW),
    "writes": [path for path in ("/x", "/etc/x", "/data/x", "/run/gate/x", "/run/hub/x",
               "/workspace/x", "/tmp/x", "/run/lab/x", "/data/small-ct/x") if can_write(path)],
    "resolver": open("/etc/resolv.conf").read(),
    "first": open("/proc/1/environ", "rb").read().decode(),
    "mounts": open("/proc/self/mountinfo").read(),
    "core": os.popen("ulimit -c").read().strip(),
}))
"""


def test_both_halves_are_closed_boxes(node: RunningNode, ann: Person) -> None:
    ann.start("lungs")
    for role, writes in (
        ("kernel", ["/workspace/x", "/tmp/x"]),
        ("lab", ["/tmp/x", "/run/lab/x"]),
    ):
        found = node.run_inside(role, PROBE)
        assert found["uid"] > 100_000
        assert found["interfaces"] == ["lo"]
        assert set(found["capabilities"]) == {"0"}
        assert (found["no_new_privileges"], found["seccomp"]) == ("1", "2")
        for family in ("vsock", "packet", "alg", "bluetooth"):
            assert found[family] == "Operation not permitted"
        assert {found["unix"], found["inet"], found["netlink"]} == {"made"}
        assert found["writes"] == writes
        assert found["resolver"] == ""
        assert found["core"] == "0"


def test_the_kernel_knows_no_token_no_hub_and_no_project(node: RunningNode, ann: Person) -> None:
    ann.start("lungs")
    found = node.run_inside("kernel", PROBE)
    for word in ("JUPYTERHUB", "token", "hub", "lungs", "ann"):
        assert word not in found["first"]
        assert word not in found["mounts"].replace("channels", "")
    lab = node.run_inside("lab", PROBE)
    assert "JUPYTERHUB_API_TOKEN" in lab["first"]
    assert "/data" not in lab["mounts"]
    assert "/workspace" not in lab["mounts"]


CALLS = """
import ctypes, errno, json
libc = ctypes.CDLL(None, use_errno=True)
def outcome(number, *arguments):
    ctypes.set_errno(0)
    libc.syscall(number, *arguments)
    return errno.errorcode.get(ctypes.get_errno(), "done")
print(json.dumps({
    "io_uring_setup": outcome(425, 8, 0), "bpf": outcome(321, 0, 0, 0),
    "userfaultfd": outcome(323, 0), "keyctl": outcome(250, 0, 0, 0, 0),
    "perf_event_open": outcome(298, 0, 0, 0, 0, 0), "unshare": outcome(272, 0x10000000),
    "clone": outcome(56, 0x10000000 | 17, 0, 0, 0, 0), "clone3": outcome(435, 0, 0),
    "ptrace": outcome(101, 0, 0, 0, 0), "mount": outcome(165, 0, 0, 0, 0, 0),
}))
"""


def test_calls_that_go_round_the_namespaces_are_refused(node: RunningNode, ann: Person) -> None:
    ann.start("lungs")
    for role in ("kernel", "lab"):
        found = node.run_inside(role, CALLS)
        assert found.pop("clone3") == "ENOSYS"  # so that the C library uses clone
        assert set(found.values()) == {"EPERM"}, found


# -- one pair is one thing ----------------------------------------------------------------------


def test_every_save_is_answered(node: RunningNode, ann: Person) -> None:
    """Through the proxy, whose connections to the lab are Unix sockets: see sockets.mjs."""
    ann.start("lungs")
    base = "/user/ann/lungs"
    ann.http.get(f"{base}/lab")
    token = next(
        each.value or ""
        for each in ann.http.cookies.jar
        if (each.name, each.path) == ("_xsrf", f"{base}/")
    )
    layout = {"data": {"note": "x" * 3000}, "metadata": {"id": "mine"}}
    answers = [
        ann.http.put(
            f"{base}/lab/api/workspaces/mine", json=layout, headers={"X-XSRFToken": token}
        ).status_code
        for _ in range(100)
    ]
    assert set(answers) == {204}


@pytest.mark.parametrize("role", ["kernel", "lab"])
def test_the_death_of_one_half_ends_both_with_a_reason(
    node: RunningNode, ann: Person, role: str
) -> None:
    ann.start("lungs")
    node.kill_half(role)
    died = time.monotonic()
    wait_until(lambda: is_empty(node), "the other half is gone", timeout_s=12)
    assert time.monotonic() - died < 10
    assert last_reason(node) == f"the {role} container ended with exit code 137"
    assert last_reason(node) in ann.home()


def test_a_restarted_hub_adopts_the_session_that_runs(node: RunningNode, ann: Person) -> None:
    ann.start("lungs")
    before = {half.container_id for half in node.halves()}
    node.kill("hub")
    assert ann.http.get("/user/ann/lungs/api").status_code == 200, "the lab goes on meanwhile"
    node.start("hub")
    assert {half.container_id for half in node.halves()} == before
    assert ann.is_ready("lungs")
    assert ann.http.get("/user/ann/lungs/lab").status_code == 200


def test_an_administrator_ends_a_session_within_seconds(node: RunningNode, ann: Person) -> None:
    ann.start("lungs")
    session = node.halves()[0].session_id
    node.cli("session", "stop", session, "--reason", "maintenance at noon")
    assert last_reason(node) == "maintenance at noon"
    assert "maintenance at noon" in ann.home()


def test_a_person_who_leaves_the_project_loses_the_session(node: RunningNode, ann: Person) -> None:
    ann.start("lungs")
    node.cli("project", "remove", "lungs", "ann")
    try:
        wait_until(lambda: is_empty(node), "the session is gone", timeout_s=12)
        assert "not a member" in last_reason(node)
        refused = ann.press_start("lungs")
        assert refused.status_code == 403
        assert "not a member" in said(refused.text)
    finally:
        node.cli("project", "add", "lungs", "ann")


# -- what nobody may ask for ----------------------------------------------------------------------

FORGERIES = [
    pytest.param({"image": "vitrine/kernel"}, id="image"),
    pytest.param({"volumes": {"/": {"bind": "/host", "mode": "rw"}}}, id="mount"),
    pytest.param({"environment": {"LD_PRELOAD": "/workspace/x.so"}}, id="environment"),
    pytest.param({"kernel_name": "bash"}, id="kernel"),
]


@pytest.mark.parametrize("options", FORGERIES)
def test_options_of_a_request_are_refused_and_audited(
    node: RunningNode, ann: Person, options: dict[str, object]
) -> None:
    before = len(node.audited("spawn_refused"))
    reply = ann.api("POST", "users/ann/servers/lungs", json={"user_options": options})
    assert reply.status_code == 403
    assert "takes no options" in reply.json()["message"]
    (refused,) = node.audited("spawn_refused")[before:]
    assert refused["actor"] == "person:ann"
    assert next(iter(options)) in refused["detail"]["reason"]
    assert is_empty(node)


def test_options_in_a_link_or_a_form_start_nothing(node: RunningNode, ann: Person) -> None:
    before = len(node.audited("spawn_refused"))
    link = ann.http.get("/hub/spawn/ann/lungs?image=other")
    form = ann.press_start("lungs", image="other")
    assert (link.status_code, form.status_code) == (403, 403)
    assert "takes no options" in said(link.text)
    assert "takes no options" in said(form.text)
    assert len(node.audited("spawn_refused")) == before + 2
    assert is_empty(node)


def test_a_refused_option_does_not_stick_to_the_next_start(ann: Person) -> None:
    ann.api("POST", "users/ann/servers/lungs", json={"image": "other"})
    ann.start("lungs")
    assert ann.is_ready("lungs")


@pytest.mark.parametrize("name", ["brains", "lungs2", "a.b", "%2e%2e", "LUNGS"])
def test_a_server_that_is_no_project_of_the_person_is_refused(
    node: RunningNode, ann: Person, name: str
) -> None:
    reply = ann.api("POST", f"users/ann/servers/{name}")
    assert reply.status_code in (400, 403, 404)
    assert is_empty(node)
    refused = node.audited("request_refused")[-1]
    assert (refused["actor"], refused["detail"]["method"]) == ("person:ann", "POST")
    assert refused["subject"].startswith("hub:/hub/api/users/ann/")


def test_there_is_no_default_server(node: RunningNode, ann: Person) -> None:
    reply = ann.api("POST", "users/ann/server")
    assert reply.status_code == 403
    assert "belongs to a project" in reply.json()["message"]
    assert is_empty(node)


def test_nobody_enters_or_stops_the_session_of_another(node: RunningNode, ann: Person) -> None:
    ann.start("lungs")
    node.cli("user", "reset", "bob", "--password-stdin", stdin="correct horse battery\n")
    bob = node.person("bob")
    assert bob.sign_in().status_code == 200
    assert bob.http.get("/user/ann/lungs/lab").status_code == 403
    assert bob.http.get("/user/ann/lungs/api/contents").status_code == 403
    assert bob.api("DELETE", "users/ann/servers/lungs").status_code in (403, 404)
    assert bob.api("POST", "users/ann/servers/lungs").status_code in (403, 404)
    assert bob.api("GET", "users/ann").status_code in (403, 404)
    refused = [each for each in node.audited("request_refused") if "ann" in each["subject"]]
    assert [each["actor"] for each in refused[-3:]] == ["person:bob"] * 3
    assert ann.is_ready("lungs")


def test_nobody_makes_tokens_shares_or_other_users(ann: Person) -> None:
    assert ann.api("POST", "users/ann/tokens").status_code == 403
    assert ann.api("POST", "shares/ann/lungs", json={"user": "bob"}).status_code in (403, 404)
    assert ann.api("GET", "users").status_code == 403
    assert ann.api("POST", "users/eve").status_code == 403
    assert ann.http.get("/hub/admin").status_code == 403


# -- signing in -----------------------------------------------------------------------------------


def test_a_wrong_password_gets_one_sentence(node: RunningNode) -> None:
    page = node.person("ann").sign_in(password="wrong")
    assert page.status_code == 403
    assert "that name, password or code is not right" in page.text.lower()
    assert node.audited("login_refused")[-1]["subject"] == "account:ann"


def test_signing_out_is_audited(node: RunningNode) -> None:
    bob = node.person("bob")
    bob.sign_in()
    bob.http.get("/hub/logout")
    assert node.audited("logout")[-1]["subject"] == "account:bob"
    assert "Your projects" not in bob.home()


def test_a_disabled_account_is_cut_off_at_once(node: RunningNode) -> None:
    cyd = node.add_person("cyd")
    node.cli("project", "add", "lungs", "cyd")
    cyd.sign_in()
    cyd.start("lungs")
    node.cli("user", "disable", "cyd")
    wait_until(lambda: is_empty(node), "the session is gone", timeout_s=15)
    assert "disabled" in last_reason(node)
    wait_until(lambda: "Your projects" not in cyd.home(), "the cookies are worthless", timeout_s=15)
    assert cyd.sign_in().status_code == 403


# -- what is broken says so ---------------------------------------------------------------------


def refusal(ann: Person) -> str:
    """The sentence that a start which cannot work ends with."""
    page = ann.press_start("lungs")
    if page.status_code < 400:
        url = "/hub/spawn-pending/ann/lungs"
        wait_until(lambda: ann.http.get(url).status_code >= 400, "the start fails", timeout_s=60)
        page = ann.http.get(url)
    return said(page.text)


def test_a_dataset_that_changed_is_named(node: RunningNode, ann: Person) -> None:
    (image,) = (node.settings.dataset_root / "small-ct" / "1").rglob("*.dcm")
    content, stamp = image.read_bytes(), image.stat()
    image.chmod(0o644)
    image.write_bytes(content + b"x")
    sentence = refusal(ann)
    assert "small-ct" in sentence
    assert is_empty(node)
    card = ann.home()
    assert "small-ct" in card
    assert card.count(">Start<") == 0
    image.write_bytes(content)
    image.chmod(stamp.st_mode)
    # Its change time differs for ever: publish it anew, as an administrator would.
    delivery = node.root / "delivery"
    node.cli(
        "dataset", "publish", str(delivery / "small-ct"), "--clinical",
        str(delivery / "small-ct.csv"), "--name", "small-ct", "--title", "Small CT",
    )  # fmt: skip


def test_a_gate_that_is_down_is_named_and_nothing_is_left(node: RunningNode, ann: Person) -> None:
    node.kill("gate")
    try:
        assert "gate" in refusal(ann)
        assert not node.halves()
        assert not node.mounts()
    finally:
        node.start("gate")
    ann.start("lungs")


def test_a_host_helper_that_is_down_is_named(node: RunningNode, ann: Person) -> None:
    node.kill("host")
    try:
        assert "host helper" in refusal(ann)
        assert not node.halves()
    finally:
        node.start("host")


@pytest.mark.parametrize(
    ("environment", "said_"),
    [
        pytest.param(
            {"VITRINE_KERNEL_IMAGE": "vitrine/no-such-image"},
            lambda text: "Image vitrine/no-such-image is not on this node" in text,
            id="image missing",
        ),
        pytest.param(
            {"DOCKER_HOST": "unix:///run/no-such-engine.sock"},
            lambda text: "The Docker engine does not answer" in text,
            id="engine down",
        ),
    ],
)
def test_what_is_missing_is_named_with_the_fix(
    node: RunningNode, ann: Person, environment: dict[str, str], said_: Callable[[str], bool]
) -> None:
    node.stop("hub")
    node.start("hub", **environment)
    try:
        sentence = refusal(ann)
        assert said_(sentence), sentence
        assert ": " in sentence, "and the fix"
        assert is_empty(node)
    finally:
        node.stop("hub")
        node.start("hub")


def test_leftovers_of_nobody_are_removed_when_the_hub_starts(
    node: RunningNode, ann: Person
) -> None:
    ann.start("lungs")
    session = node.halves()[0].session_id
    node.stop("hub")
    hub_state = node.settings.state_root / "hub" / "jupyterhub.sqlite"
    hub_state.unlink()  # the Hub forgets everything
    node.start("hub")
    assert is_empty(node)
    with node.database.read() as tx:
        assert "interrupted" in str(store.session(tx, session).reason)
    assert json.dumps(ann.home())
    assert ann.sign_in().status_code == 200
