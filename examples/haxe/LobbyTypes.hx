/** Player in the room. The types of this file have the members of those in `examples/src/lobby/wire.rs`. **/
class Player {
	public var id:Int;
	public var name:String;
	public var joinedAt:Date;
}

/** Result of joining: the player and its secret token. **/
class Seat {
	public var token:String;
	public var player:Player;
}

/** Message of a player. **/
class Message {
	public var from:String;
	public var text:String;
	public var at:Date;
}

/** Methods that the lobby calls on the clients in the room. **/
interface LobbyEvents {
	function playerJoined(player:Player):Void;
	function said(message:Message):Void;
	function playerLeft(player:Player):Void;
}
