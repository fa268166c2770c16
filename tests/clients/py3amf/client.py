"""Visits the lobby with Py3AMF's RemotingService and prints what it got.

    python client.py <gateway URL>

Stdin: {"version": 0 | 3, "name": who joins, "text": what is said, "header": what every request
carries in the header `Trace`, "values": what the echo is asked for}, values in the tagged form of
tagged.py.
Stdout: the report, as JSON. The client judges nothing: whoever runs it compares.
"""

import json
import sys
import urllib.request

from pyamf import remoting
from pyamf.remoting.client import RemotingService

import tagged


class Visit:
    """One session in one version of AMF."""

    def __init__(self, gateway, session):
        self.session = session
        self.packets = []
        self.service = RemotingService(gateway, session["version"], opener=self.open)
        self.service.addHeader("Trace", tagged.Build()(session["header"]))

    def report(self):
        name, text = self.session["name"], self.session["text"]
        seat = self.called("lobby.join", name)
        report = {
            "join": tagged.Describe()(seat),
            # Typed access: it fails unless the reply became the registered classes.
            "joinedAs": [type(seat).__name__, type(seat.player).__name__, seat.player.name],
            "players": self.answer("lobby.players"),
            "said": self.answer("lobby.say", seat.token, text),
            "echoed": [self.answer("echo.echo", tagged.Build()(value)) for value in self.session["values"]],
            # The objects of a reply go back as they are.
            "seatAgain": self.answer("echo.echo", seat),
            "fault": self.answer("echo.fail"),
            "raised": self.raised("echo.fail"),
            "badToken": self.answer("lobby.say", "not " + seat.token, text),
            "nameTaken": self.answer("lobby.join", name),
            "noMethod": self.answer("lobby.nothing"),
            "noService": self.answer("nothing.here"),
            "tooFew": self.answer("lobby.say", seat.token),
            "wrongType": self.answer("lobby.say", [1, 2], text),
            "batch": self.batch(
                ("echo.echo", text), ("lobby.players",), ("echo.fail",), ("lobby.say", seat.token, text), ("echo.echo", None)
            ),
            "left": self.answer("lobby.leave", seat.token),
            "leftAgain": self.answer("lobby.leave", seat.token),
            "playersAfter": self.answer("lobby.players"),
        }
        report["packets"] = self.packets
        return report

    def answer(self, method, *arguments):
        """One call, one packet: {"result": ...} or {"fault": {...}}."""
        request = self.service.addRequest(method, *arguments)
        return told(self.service.execute_single(request))

    def called(self, method, *arguments):
        """The value of a call as Py3AMF's users make it: by a proxy, which raises faults."""
        service, _, name = method.rpartition(".")
        return getattr(self.service.getService(service), name)(*arguments)

    def raised(self, method, *arguments):
        try:
            return {"result": tagged.Describe()(self.called(method, *arguments))}
        except remoting.RemotingError as error:
            return {"error": type(error).__name__, "words": str(error.args[0])}

    def batch(self, *calls):
        """Several calls in one packet; every answer in the order of the calls."""
        requests = [self.service.addRequest(method, *arguments) for method, *arguments in calls]
        envelope = self.service.execute()
        return {
            "asked": [request.id for request in requests],
            "answered": list(envelope.keys()),
            "answers": [told(envelope[request.id]) for request in requests],
        }

    def open(self, request):
        """Takes part in every exchange, to write down what is on the wire."""
        response = urllib.request.urlopen(request, timeout=30)
        body = response.read()
        self.packets.append({
            "request": request.data.hex(),
            "reply": body.hex(),
            "status": response.status,
            "type": response.headers["Content-Type"],
        })
        response.read = lambda *_: body
        return response


def told(response):
    """What a response says, in the tagged form."""
    if response.status == remoting.STATUS_OK:
        return {"result": tagged.Describe()(response.body)}
    fault = response.body
    if isinstance(fault, remoting.BaseFault):
        return {"fault": {"level": fault.level, "code": fault.code, "description": fault.description}}
    return {"fault": tagged.Describe()(fault)}


def main():
    tagged.register()
    json.dump(Visit(sys.argv[1], json.load(sys.stdin)).report(), sys.stdout)
    print()


if __name__ == "__main__":
    main()
