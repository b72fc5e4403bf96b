"""The last net: what was a secret here is not written down, whoever tries."""

import logging

from statusdesk import redact


def test_a_known_secret_is_taken_out_of_a_text_in_each_of_its_forms():
    redact.remember("s3cret/with+signs=")
    said = redact.scrubbed("token s3cret/with+signs= and ?t=s3cret%2Fwith%2Bsigns%3D")
    assert said == "token … and ?t=…"


def test_each_part_of_a_secret_of_several_lines_is_one():
    redact.remember("-----BEGIN KEY-----\nMIIBVwIBADANBgkq\n-----END KEY-----")
    assert "MIIBVwIBADANBgkq" not in redact.scrubbed("line: MIIBVwIBADANBgkq")


def test_short_words_stay_in_honest_texts():
    redact.remember("on")
    assert redact.scrubbed("The line is on again.") == "The line is on again."


def test_log_lines_and_tracebacks_hold_none():
    redact.remember("tok_9f8e7d6c5b")
    try:
        raise ValueError("refused tok_9f8e7d6c5b")
    except ValueError as error:
        record = logging.LogRecord(
            "x", logging.ERROR, "f", 1, "said %s", ("tok_9f8e7d6c5b",), (ValueError, error, error.__traceback__)
        )
    line = redact.Formatter().format(record)
    assert "tok_9f8e7d6c5b" not in line
    assert "ValueError: refused …" in line


def test_a_passphrase_takes_no_single_words_out_of_honest_texts():
    redact.remember("correct status staple")
    assert redact.scrubbed("The status page is online.") == "The status page is online."
    assert redact.scrubbed("login with correct status staple") == "login with …"
