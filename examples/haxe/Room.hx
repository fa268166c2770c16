import LobbyTypes;

#if ruffle
/** Client of the lobby on the movie's own implementation of RTMP. **/
class Room {
	final connection:RtmpConnection;

	var token:String;

	public function new(url:String, events:LobbyEvents, connected:() -> Void, failed:String->Void) {
		RtmpValues.register("lobby.Player", Player);
		RtmpValues.register("lobby.Seat", Seat);
		RtmpValues.register("lobby.Message", Message);
		connection = new RtmpConnection(url, [], function(_) connected(), failed);
		connection.on("playerJoined", function(arguments, _, _) events.playerJoined(arguments[0]));
		connection.on("said", function(arguments, _, _) events.said(arguments[0]));
		connection.on("playerLeft", function(arguments, _, _) events.playerLeft(arguments[0]));
	}

	public function join(name:String, joined:Player->Void, refused:String->Void) {
		connection.call("lobby.join", [name], function(seat:Seat) {
			token = seat.token;
			joined(seat.player);
		}, function(fault) refused(fault.description));
	}

	public function say(text:String, refused:String->Void) {
		connection.call("lobby.say", [token, text], function(_) {}, function(fault) refused(fault.description));
	}
}
#else
import flash.events.NetStatusEvent;
import flash.net.NetConnection;
import flash.net.Responder;

/** Client of the lobby on the player's class `NetConnection`. **/
class Room {
	final connection = new NetConnection();

	var token:String;

	public function new(url:String, events:LobbyEvents, connected:() -> Void, failed:String->Void) {
		register("lobby.Player", Player);
		register("lobby.Seat", Seat);
		register("lobby.Message", Message);
		// The server calls methods of this object.
		connection.client = events;
		connection.addEventListener(NetStatusEvent.NET_STATUS, function(event:NetStatusEvent) {
			if (event.info.code == "NetConnection.Connect.Success")
				connected();
			else
				failed(event.info.code);
		});
		connection.connect(url);
	}

	public function join(name:String, joined:Player->Void, refused:String->Void) {
		connection.call("lobby.join", new Responder(function(seat:Seat) {
			token = seat.token;
			joined(seat.player);
		}, function(fault) refused(fault.description)), name);
	}

	public function say(text:String, refused:String->Void) {
		connection.call("lobby.say", new Responder(function(_) {}, function(fault) refused(fault.description)), token, text);
	}

	/** Registers a class alias. The standard library of Haxe does not declare this function of the player. **/
	static function register(alias:String, type:Class<Dynamic>) {
		untyped __global__["flash.net.registerClassAlias"](alias, type);
	}
}
#end
