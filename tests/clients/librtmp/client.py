"""Visits the lobby with python-librtmp and prints what it got.

    python client.py <rtmp URL> <gateway URL>

Stdin: {"codec": "librtmp" | "py3amf", "connect": the extra arguments of connect as librtmp's option
`conn` takes them, "values": what the echo is asked for, "questions": [{"method", "value", "answer"}]
for the server to ask this client, "name": who joins, "guest": who joins over HTTP meanwhile, "texts":
what the two say}.
Stdout: the report, as JSON. The client judges nothing: whoever runs it compares.

The handshake and the chunks are librtmp's. The values are too with the codec "librtmp"; but of a typed
object or a date it makes nothing, so with the codec "py3amf" Py3AMF writes and reads them, in the
tagged form of ../py3amf/tagged.py. The lobby proper is visited with that one only.
"""

import json
import pathlib
import sys
import time

import librtmp
import librtmp.rtmp
import pyamf
from librtmp.amf import AMFObject
from pyamf.remoting.client import RemotingService

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "py3amf"))
import tagged  # noqa: E402

LIMIT = 15


class Plain:
    """Values as librtmp has them: JSON and, as the one tag, {"$ecma": {...}}."""

    @staticmethod
    def build(form):
        if isinstance(form, list):
            return [Plain.build(item) for item in form]
        if not isinstance(form, dict):
            return form
        if "$ecma" in form:
            return {name: Plain.build(value) for name, value in form["$ecma"].items()}
        return AMFObject((name, Plain.build(value)) for name, value in form.items())

    @staticmethod
    def describe(value):
        if isinstance(value, list):
            return [Plain.describe(item) for item in value]
        if isinstance(value, dict):
            members = {name: Plain.describe(item) for name, item in value.items()}
            return members if isinstance(value, AMFObject) else {"$ecma": members}
        if isinstance(value, float) and value.is_integer() and abs(value) <= 2**53:
            return int(value)
        return value


class Tagged:
    """Values as Py3AMF has them."""

    @staticmethod
    def build(form):
        return tagged.Build()(form)

    @staticmethod
    def describe(value):
        return tagged.Describe()(value)

    @staticmethod
    def encode(value):
        encoder = pyamf.get_encoder(pyamf.AMF0)
        encoder.writeElement(value)
        return encoder.stream.getvalue()

    @staticmethod
    def decode(body):
        decoder = pyamf.get_decoder(pyamf.AMF0, body)
        values = []
        while not decoder.stream.at_eof():
            values.append(decoder.readElement())
        return values

    @classmethod
    def install(cls):
        tagged.register()
        librtmp.rtmp.encode_amf = cls.encode
        librtmp.rtmp.decode_amf = cls.decode


class Refused(Exception):
    """The connection ended before connect had its result."""


class Connection:
    """One connection of librtmp."""

    def __init__(self, url, codec, extra=()):
        self.codec = codec
        self.errors = []
        self.rtmp = librtmp.RTMP(url, timeout=LIMIT)
        for argument in extra:
            self.rtmp.set_option("conn", argument)
        # librtmp hands no `_error` to whoever called: it is seen here, as a call of the server.
        self.rtmp.register_invoke_handler("_error", self.note_error)
        try:
            self.connected = codec.describe(self.rtmp.connect().result(timeout=LIMIT))
        except librtmp.RTMPError as error:
            raise Refused({"raised": type(error).__name__, "errors": self.errors}) from error

    def note_error(self, *arguments):
        self.errors.append([self.codec.describe(argument) for argument in arguments])

    def call(self, method, *arguments):
        """The value of a call, as it is."""
        return self.rtmp.call(method, *arguments).result(timeout=LIMIT)

    def answer(self, method, *arguments):
        return {"result": self.codec.describe(self.call(method, *arguments))}

    def fault(self, method, *arguments):
        """What `_error` brings where a call fails."""
        self.rtmp.call(method, *arguments)
        brought = self.rtmp.process_packets(invoked_method="_error", timeout=LIMIT)
        return {"fault": [self.codec.describe(argument) for argument in brought]}

    def on(self, method, handler):
        self.rtmp.register_invoke_handler(method, handler)

    def wait_for(self, method):
        self.rtmp.process_packets(invoked_method=method, timeout=LIMIT)

    def close(self):
        self.rtmp.close()


class Visit:
    def __init__(self, url, gateway, session):
        self.url = url
        self.gateway = gateway
        self.session = session
        self.codec = {"librtmp": Plain, "py3amf": Tagged}[session["codec"]]

    def report(self):
        connection = Connection(self.url, self.codec, self.session["connect"])
        report = {
            "connected": connection.connected,
            "connection": connection.answer("ask.connection"),
            "echoed": [connection.answer("echo.echo", self.codec.build(form)) for form in self.session["values"]],
            "asked": [self.asked(connection, question) for question in self.session["questions"]],
            "fault": connection.fault("echo.fail"),
            "noMethod": connection.fault("echo.nothing"),
            "noService": connection.fault("nothing.here"),
            "afterFaults": connection.answer("echo.echo", "still here"),
            "otherApplication": self.other_application(),
        }
        if self.codec is Tagged:
            report["lobby"] = self.lobby(connection)
        connection.close()
        return report

    def asked(self, connection, question):
        """Lets the server ask this client: what came, and what the server says it was answered."""
        came = []

        def method(*arguments):
            came.append([self.codec.describe(argument) for argument in arguments])
            return self.codec.build(question["answer"])

        connection.on(question["method"], method)
        value = self.codec.build(question["value"])
        return {"answered": connection.answer("ask.client", question["method"], value), "came": came}

    def other_application(self):
        try:
            other = Connection(self.url + "-of-others", self.codec)
        except Refused as refused:
            return refused.args[0]
        other.close()
        return {"connected": other.connected}

    def lobby(self, connection):
        """Two are in the room, one over RTMP and one over HTTP: what the first hears."""
        told = []
        for method in ["playerJoined", "said", "playerLeft"]:

            def note(*arguments, method=method):
                told.append([method, *(self.codec.describe(argument) for argument in arguments)])

            connection.on(method, note)
        name, guest, texts = (self.session[key] for key in ["name", "guest", "texts"])

        seat = connection.call("lobby.join", name)
        http = RemotingService(self.gateway, pyamf.AMF3).getService("lobby")
        guests = http.join(guest)
        http.say(guests.token, texts[1])
        report = {
            "seat": self.codec.describe(seat),
            # Typed access: it fails unless the reply became the registered classes.
            "joinedAs": [type(seat).__name__, type(seat.player).__name__, seat.player.name],
            "said": connection.answer("lobby.say", seat.token, texts[0]),
            "seatAgain": connection.answer("echo.echo", seat),
            "nameTaken": connection.fault("lobby.join", guest),
            "wrongType": connection.fault("lobby.say", [1, 2], texts[0]),
            "tooFew": connection.fault("lobby.say", seat.token),
            "players": connection.answer("lobby.players"),
        }
        http.leave(guests.token)
        connection.wait_for("playerLeft")
        report["left"] = connection.answer("lobby.leave", seat.token)
        report["told"] = told
        report["lost"] = self.lost(http)
        return report

    def lost(self, http):
        """Somebody joins whose connection ends without a word: who is there before, and soon after."""
        connection = Connection(self.url, self.codec)
        connection.call("lobby.join", self.session["name"])
        before = [player.name for player in http.players()]
        connection.close()
        end = time.monotonic() + LIMIT
        while (after := [player.name for player in http.players()]) and time.monotonic() < end:
            time.sleep(0.05)
        return {"before": before, "after": after}


def main():
    url, gateway = sys.argv[1:]
    visit = Visit(url, gateway, json.load(sys.stdin))
    if visit.codec is Tagged:
        Tagged.install()
    json.dump(visit.report(), sys.stdout)
    print()


if __name__ == "__main__":
    main()
