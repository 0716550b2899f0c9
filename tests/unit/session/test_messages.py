"""What the gate lets pass, per channel and direction, and what it makes of what a kernel says."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitrine.activity.record import canonical
from vitrine.session.channels import CHANNELS
from vitrine.session.gate import messages
from vitrine.session.gate.messages import BadMessage, Signer, parse
from vitrine.session.wire import encode


def frames(msg_type: str = "stream", content: object = None, **header: object) -> list[bytes]:
    fields = {"msg_id": "m-1", "msg_type": msg_type, **header}
    parts = (fields, {"msg_id": "p-1"}, {}, {} if content is None else content)
    return [json.dumps(part).encode() for part in parts]


@pytest.mark.parametrize(
    ("channel", "msg_type"),
    [
        ("control", "debug_request"),
        ("shell", "debug_request"),
        ("shell", "shutdown_request"),
        ("shell", "interrupt_request"),
        ("shell", "input_reply"),
        ("shell", "execute_reply"),
        ("shell", "stream"),
        ("control", "execute_request"),
        ("stdin", "execute_request"),
        ("iopub", "execute_request"),
        ("hb", "execute_request"),
        ("", "execute_request"),
        ("shell", "usage_request"),
        ("shell", "EXECUTE_REQUEST"),
        ("shell", "execute_request\0"),
    ],
)
def test_the_lab_cannot_send_what_is_not_on_its_channels_list(channel, msg_type):
    with pytest.raises(BadMessage):
        parse(frames(msg_type), channel, messages.INWARD)


@pytest.mark.parametrize(
    ("channel", "msg_type"),
    [
        ("iopub", "debug_event"),
        ("iopub", "execute_reply"),
        ("iopub", "input_request"),
        ("iopub", "execute_request"),
        ("shell", "stream"),
        ("shell", "status"),
        ("shell", "debug_reply"),
        ("control", "debug_reply"),
        ("control", "execute_reply"),
        ("stdin", "input_reply"),
        ("stdin", "stream"),
        ("hb", "stream"),
    ],
)
def test_a_kernel_cannot_say_what_is_not_on_its_channels_list(channel, msg_type):
    with pytest.raises(BadMessage):
        parse(frames(msg_type, {"execution_state": "idle"}), channel, messages.OUTWARD)


def test_every_request_that_may_go_in_has_a_reply_that_may_come_out():
    for channel, types in messages.INWARD.items():
        for msg_type in types:
            if msg_type.endswith("_request"):
                reply = msg_type.replace("_request", "_reply")
                assert reply in messages.OUTWARD[channel]
    assert messages.INWARD.keys() | messages.OUTWARD.keys() <= set(CHANNELS)


DEEP = b'{"a":' * 100_000 + b"1" + b"}" * 100_000


@pytest.mark.parametrize(
    "part",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\xff\xfe\x00", id="not UTF-8"),
        pytest.param(b"not json", id="garbage"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b"null", id="null"),
        pytest.param(DEEP, id="nested 100,000 deep"),
        pytest.param(b'{"a":' + b"[" * 300 + b"]" * 300 + b"}", id="nested 300 deep"),
        pytest.param(b'{"a":NaN}', id="NaN"),
        pytest.param(b'{"a":Infinity}', id="Infinity"),
        pytest.param(b'{"a":1e999}', id="a float beyond all"),
        pytest.param(b'{"a":' + b"9" * 5000 + b"}", id="an integer of 5,000 digits"),
        pytest.param(b'{"a":"\\ud800"}', id="a lone surrogate"),
        pytest.param(b'{"\\udfff":1}', id="a lone surrogate as key"),
        pytest.param(b'{"a":1}{"b":2}', id="two objects"),
    ],
)
@pytest.mark.parametrize("place", range(4))
def test_a_part_that_is_not_plain_json_is_refused_wherever_it_stands(place, part):
    message = frames()
    message[place] = part
    with pytest.raises(BadMessage) as refused:
        parse(message, "iopub", messages.OUTWARD)
    assert "9999" not in str(refused.value)


@pytest.mark.parametrize("count", range(4))
def test_a_message_with_parts_missing_is_refused(count):
    with pytest.raises(BadMessage, match="parts missing"):
        parse(frames()[:count], "iopub", messages.OUTWARD)


@pytest.mark.parametrize(
    "header",
    [
        {"msg_id": None},
        {"msg_id": 7},
        {"msg_id": ""},
        {"msg_id": "x" * 129},
        {"msg_id": "a\nb"},
        {"msg_id": "<script>"},
        {"msg_type": None},
        {"msg_type": ["stream"]},
        {"msg_type": {"stream": 1}},
    ],
)
def test_a_header_without_an_id_or_type_of_the_known_form_is_refused(header):
    with pytest.raises(BadMessage):
        parse(frames(**header), "iopub", messages.OUTWARD)


@pytest.mark.parametrize("state", [None, "dead", "restarting", 7, ["idle"], {"a": 1}])
def test_a_status_that_would_stop_jupyters_bookkeeping_is_refused(state):
    content = {} if state is None else {"execution_state": state}
    with pytest.raises(BadMessage):
        parse(frames("status", content), "iopub", messages.OUTWARD)


@pytest.mark.parametrize("parent", [{"msg_id": 7}, {"msg_id": ["a"]}, {"msg_id": "x" * 400}, {}])
def test_a_parent_that_is_no_request_is_as_good_as_none(parent):
    message = frames()
    message[1] = json.dumps(parent).encode()
    assert parse(message, "iopub", messages.OUTWARD).parent_id == ""


@pytest.mark.parametrize("version", ["x.y", "5.x", "", None, 5, "9" * 50, "5.4.1.2", ["5"]])
def test_a_protocol_version_that_would_stop_the_lab_is_replaced(version):
    content = {"protocol_version": version, "supported_features": ["debugger", "subshells"]}
    message = parse(frames("kernel_info_reply", content), "shell", messages.OUTWARD)
    rewritten = json.loads(messages.outward_content(message))
    assert rewritten["protocol_version"] == messages.PROTOCOL_VERSION
    assert rewritten["supported_features"] == ["subshells"]
    assert rewritten["debugger"] is False


def test_an_integer_beyond_64_bits_reaches_the_record_with_all_its_digits():
    digits = "1234567890123456789012345678901234567890"
    message = frames("comm_msg")
    message[3] = b'{"data":{"a":%s,"b":"%s"}}' % (digits.encode(), digits.encode())
    parsed = parse(message, "shell", messages.INWARD)
    assert canonical(parsed.content).count(digits.encode()) == 2


@given(st.lists(st.binary(max_size=60), max_size=7), st.sampled_from((*CHANNELS, "")))
def test_whatever_bytes_a_kernel_sends_the_answer_is_a_message_or_a_refusal(parts, channel):
    try:
        message = parse(parts, channel, messages.OUTWARD)
    except BadMessage:
        return
    assert message.msg_type in messages.OUTWARD[channel]


@given(st.binary(max_size=400))
def test_the_beginning_of_an_oversize_message_is_read_or_refused(first):
    try:
        start = messages.beginning_of(first)
    except BadMessage:
        return
    assert 0 <= start.number < 1 << 64


def test_the_beginning_of_an_oversize_message_names_number_channel_and_cell():
    parts = [(7).to_bytes(8, "big"), b"\x01", *frames(), bytes(300_000)]
    start = messages.beginning_of(encode(parts)[: 256 << 10])
    assert (start.number, start.channel, start.parent_id) == (7, 1, "p-1")


def test_a_signature_is_checked_against_the_four_signed_frames_only():
    signer = Signer(b"k" * 32)
    signed = signer.frames(*frames(), b"buffer")
    assert signer.is_signed(signed[1], signed[2:])
    assert not signer.is_signed(b"0" * 64, signed[2:])
    assert not signer.is_signed("é".encode(), signed[2:])
    assert not Signer(b"j" * 32).is_signed(signed[1], signed[2:])


def test_a_header_of_the_gate_takes_nothing_from_the_kernel_but_type_and_id():
    header = json.loads(messages.header_for("stream", "gate-1", "m-1"))
    assert header.pop("date").endswith("Z")
    assert header == {
        "msg_id": "m-1", "msg_type": "stream", "username": "kernel", "session": "gate-1",
        "version": "5.4",
    }  # fmt: skip
