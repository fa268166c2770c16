/** What travels between the lobby and its clients: `examples/src/lobby/wire.rs`, member by member. **/
class Player {
	public var id:Int;
	public var name:String;
	public var joinedAt:Date;
}

/** What joining gives: the player, and a secret that speaks for it. **/
class Seat {
	public var token:String;
	public var player:Player;
}

/** Something that was said. **/
class Message {
	public var from:String;
	public var text:String;
	public var at:Date;
}

/** What the lobby tells those in the room: methods that it calls. **/
interface LobbyEvents {
	function playerJoined(player:Player):Void;
	function said(message:Message):Void;
	function playerLeft(player:Player):Void;
}
