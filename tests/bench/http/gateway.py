"""The methods of `src/service.rs` by Py3AMF, as an application for gunicorn."""

import datetime

import pyamf
from pyamf.remoting.gateway.wsgi import WSGIGateway


class Player:
    def __init__(self, **members):
        self.__dict__.update(members)


pyamf.register_class(Player, "com.example.Player")

EPOCH = datetime.datetime(1970, 1, 1)
PLAYERS = [
    Player(
        id=10_000 + number * 7,
        displayName=f"Player {number:04}",
        level=number - 10,
        score=number * 12.25 + 0.5,
        online=number % 3 == 0,
        joined=EPOCH + datetime.timedelta(milliseconds=1_500_000_000_000 + number * 1_000_000),
    )
    for number in range(100)
]


class Lab:
    def echo(self, value):
        return value

    def players(self):
        return PLAYERS

    def echoPlayers(self, players):
        return players


application = WSGIGateway({"lab": Lab()})
