"""A gateway of Py3AMF for a client to visit; prints its port and serves until it is killed.

Services: `echo`, `add`, `fail`, and `vault.open` for ann with the password secret. A class
`test.Player` has the attributes `name` and `level`.
"""

from wsgiref.simple_server import WSGIRequestHandler, make_server

import pyamf
from pyamf.remoting.gateway.wsgi import WSGIGateway


class Player:
    pass


class OutOfRooms(Exception):
    _amf_code = "Game.RoomFull"


class Quiet(WSGIRequestHandler):
    def log_message(self, *arguments):
        pass


def echo(value):
    return value


def promote(player):
    # Typed access: it fails unless the argument became the registered class.
    assert isinstance(player, Player), type(player)
    player.level += 1
    return player


def add(a, b):
    return a + b


def fail(text):
    raise OutOfRooms(text)


class Vault:
    def open(self):
        return "gold"


pyamf.register_class(Player, "test.Player")
gateway = WSGIGateway({"echo": echo, "promote": promote, "add": add, "fail": fail})
gateway.addService(Vault, "vault", authenticator=lambda user, password: (user, password) == ("ann", "secret"))
server = make_server("127.0.0.1", 0, gateway, handler_class=Quiet)
print(server.server_port, flush=True)
server.serve_forever()
