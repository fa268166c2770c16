"""Says what Py3AMF's decoder reads.

Stdin: lines of {"version": 0 | 3, "bytes": hex}, the bytes being one value or several in a row.
Stdout: for each line one of {"values": [...]}, in the tagged form of tagged.py, or, where Py3AMF
refuses the bytes, {"error": its words}. No class is registered: every alias shows.

With "first": true in the question only the first value is read, and the answer says how many bytes
it took: {"value": ..., "read": number}.
"""

import json
import sys

import pyamf

import tagged


def values_of(version, data):
    decoder = pyamf.get_decoder(version, data)
    values = []
    while not decoder.stream.at_eof():
        values.append(tagged.Describe()(decoder.readElement()))
    return values


def first_of(version, data):
    decoder = pyamf.get_decoder(version, data)
    value = decoder.readElement()
    return {"value": tagged.Describe()(value), "read": decoder.stream.tell()}


def answer_to(question):
    version, data = question["version"], bytes.fromhex(question["bytes"])
    if question.get("first"):
        return first_of(version, data)
    return {"values": values_of(version, data)}


def main():
    for line in sys.stdin:
        try:
            answer = answer_to(json.loads(line))
        except Exception as error:  # whatever the decoder raises is its answer
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
