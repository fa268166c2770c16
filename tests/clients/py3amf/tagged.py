"""Values of Py3AMF as JSON, and back.

What JSON has stands for itself; the rest is an object with one tag:

    integers                    1             what Python has as an int: AMF3 integers, and in AMF0
                                              every number that is whole, up to 2^53
    other numbers               {"$double": the eight bytes in hex | "nan"}
    undefined                   {"$undefined": true}
    dates                       {"$date": milliseconds since 1970}, an int or a $double
    byte arrays                 {"$bytes": hex}
    arrays                      [...]
    arrays with named members   {"$ecma": {...}}, the indexed ones under their number
    anonymous objects           {...}, or {"$object": {...}} where a member's name starts with $
    objects with an alias       {"$class": alias, "members": {...}}; to be built, one of CLASSES, for
                                              of others Py3AMF does not write the alias
    ArrayCollection             {"$collection": [...]}
    ObjectProxy                 {"$proxy": value}
    Dictionary                  {"$dictionary": [[key, value], ...], "weak": true | false}
    XML                         {"$xml": text}
    seen before                 {"$same": number}

Of arrays, objects, collections, proxies and dictionaries each is numbered from 0 in the order in
which they begin, the members of an object being taken by name in the order of their letters. One
that comes a second time, inside itself or elsewhere, is given by its number.
"""

import datetime
import struct

import pyamf
from pyamf import amf3, flex, xml


def registered(alias):
    try:
        return pyamf.CLASS_CACHE[text(alias)]
    except KeyError:
        raise pyamf.UnknownClassAlias(alias) from None


# In place of Py3AMF's own, which would import a Python module of the alias's name: for `test.Unknown`
# the interpreter's own tests.
pyamf.load_class = registered

EPOCH = datetime.datetime(1970, 1, 1)


class Player:
    """`lobby.Player`, registered by the client."""


class Seat:
    """`lobby.Seat`, registered by the client."""


class Message:
    """`lobby.Message`, registered by the client."""


class Unknown:
    """`test.Unknown`, which the client knows and the server does not."""


CLASSES = {
    "lobby.Player": Player,
    "lobby.Seat": Seat,
    "lobby.Message": Message,
    "test.Unknown": Unknown,
}


def register():
    """Makes objects of the known aliases instances of the classes above."""
    for alias, klass in CLASSES.items():
        pyamf.register_class(klass, alias)


def double(number):
    if number != number:
        return {"$double": "nan"}
    return {"$double": struct.pack(">d", number).hex()}


def text(name):
    """Py3AMF gives some names as bytes, and the indices of arrays as numbers."""
    return name.decode() if isinstance(name, bytes) else str(name)


class Describe:
    """Makes the tagged form of one value."""

    def __init__(self):
        self.numbers = {}
        # What was numbered stays alive, so that no other object can take its id.
        self.seen = []

    def __call__(self, value):
        if value is None or isinstance(value, (bool, str)):
            return value
        if isinstance(value, int):
            return value if abs(value) <= 2**53 else double(value)
        if value is pyamf.Undefined:
            return {"$undefined": True}
        if isinstance(value, float):
            return double(value)
        if isinstance(value, datetime.datetime):
            millis, rest = divmod(value - EPOCH, datetime.timedelta(milliseconds=1))
            if rest:
                return {"$date": double((value - EPOCH) / datetime.timedelta(milliseconds=1))}
            return {"$date": millis}
        if isinstance(value, amf3.ByteArray):
            return {"$bytes": value.getvalue().hex()}
        if isinstance(value, bytes):
            return {"$bytes": value.hex()}
        if xml.is_xml(value):
            return {"$xml": xml.tostring(value).decode()}
        if id(value) in self.numbers:
            return {"$same": self.numbers[id(value)]}
        self.numbers[id(value)] = len(self.numbers)
        self.seen.append(value)
        return self.compound(value)

    def compound(self, value):
        if isinstance(value, flex.ArrayCollection):
            return {"$collection": [self(item) for item in value]}
        if isinstance(value, flex.ObjectProxy):
            return {"$proxy": self(value._amf_object)}
        if isinstance(value, tuple) and len(value) == 2 and type(value[0]) is dict:
            return {"$dictionary": [[self(k), self(v)] for k, v in value[0].items()], "weak": value[1]}
        if isinstance(value, (list, tuple)):
            return [self(item) for item in value]
        if isinstance(value, pyamf.MixedArray):
            return {"$ecma": self.members(value)}
        if isinstance(value, pyamf.TypedObject):
            return {"$class": text(value.alias), "members": self.members(value)}
        if isinstance(value, dict):
            members = self.members(value)
            return {"$object": members} if any(name.startswith("$") for name in members) else members
        alias = pyamf.get_class_alias(type(value)).alias
        return {"$class": alias, "members": self.members(vars(value))}

    def members(self, members):
        named = {text(name): value for name, value in members.items()}
        return {name: self(named[name]) for name in sorted(named)}


class Build:
    """Makes one value from its tagged form."""

    def __init__(self):
        self.built = []

    def __call__(self, form):
        if isinstance(form, list):
            return self.list([], form)
        if not isinstance(form, dict):
            return form
        tag = next((name for name in form if name.startswith("$")), None)
        if tag is None:
            return self.members(pyamf.ASObject(), form)
        content = form[tag]
        if tag == "$undefined":
            return pyamf.Undefined
        if tag == "$double":
            return float("nan") if content == "nan" else struct.unpack(">d", bytes.fromhex(content))[0]
        if tag == "$date":
            return EPOCH + datetime.timedelta(milliseconds=content)
        if tag == "$bytes":
            return amf3.ByteArray(bytes.fromhex(content))
        if tag == "$xml":
            return xml.fromstring(content)
        if tag == "$same":
            return self.built[content]
        if tag == "$ecma":
            return self.members(pyamf.MixedArray(), content)
        if tag == "$object":
            return self.members(pyamf.ASObject(), content)
        if tag == "$collection":
            return self.list(flex.ArrayCollection(), content)
        if tag == "$proxy":
            proxy = flex.ObjectProxy()
            self.built.append(proxy)
            proxy._amf_object = self(content)
            return proxy
        if tag == "$class":
            value = CLASSES[content]()
            self.built.append(value)
            for name in sorted(form["members"]):
                setattr(value, name, self(form["members"][name]))
            return value
        raise ValueError(f"no such tag: {tag}")

    def list(self, into, items):
        self.built.append(into)
        into.extend(self(item) for item in items)
        return into

    def members(self, into, members):
        self.built.append(into)
        for name in sorted(members):
            into[name] = self(members[name])
        return into
