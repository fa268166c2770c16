import LobbyTypes;
import flash.display.StageAlign;
import flash.display.StageScaleMode;
import flash.events.Event;
import flash.events.KeyboardEvent;
import flash.external.ExternalInterface;
import flash.text.TextField;
import flash.text.TextFieldType;
import flash.text.TextFormat;
import flash.ui.Keyboard;

/**
	Chat client for the lobby that `examples/src/bin/lobby.rs` serves. The server reports messages and players by
	calling methods of the movie.

	The page may set the player's name and the server's address by the parameters `name` and `rtmp`. Flash Player and
	AIR implement RTMP. Ruffle does not: compiled with `-D ruffle`, the movie implements RTMP itself, and the page's
	`socketProxy` connects it to the server. Compile it in this folder:

	    haxe --main Talk --swf talk.swf
	    haxe --main Talk --swf talk.swf -D ruffle
**/
class Talk implements LobbyEvents {
	static inline final URL = "rtmp://127.0.0.1:1935/lobby";
	static inline final LINE = 30;

	final heard = field(TextFieldType.DYNAMIC);
	final line = field(TextFieldType.INPUT);
	final name:String;
	final room:Room;

	static function main() {
		new Talk(flash.Lib.current.loaderInfo.parameters);
	}

	function new(parameters:Dynamic) {
		name = parameters.name == null ? "Guest " + Std.random(1000) : parameters.name;
		heard.multiline = heard.wordWrap = true;
		line.border = true;
		var stage = flash.Lib.current.stage;
		stage.scaleMode = StageScaleMode.NO_SCALE;
		stage.align = StageAlign.TOP_LEFT;
		stage.addEventListener(Event.RESIZE, function(_) lay());
		line.addEventListener(KeyboardEvent.KEY_DOWN, function(event:KeyboardEvent) {
			if (event.keyCode == Keyboard.ENTER)
				say();
		});
		lay();
		stage.focus = line;
		room = new Room(parameters.rtmp == null ? URL : parameters.rtmp, this, join, write);
	}

	function join() {
		room.join(name, function(player) write('You joined as ${player.name}. Say something:'), write);
	}

	function say() {
		if (line.text != "")
			room.say(line.text, write);
		line.text = "";
	}

	public function playerJoined(player:Player) {
		write('${player.name} joined');
	}

	public function said(message:Message) {
		write('${message.from}: ${message.text}');
	}

	public function playerLeft(player:Player) {
		write('${player.name} left');
	}

	function write(text:String) {
		heard.appendText(text + "\n");
		heard.scrollV = heard.maxScrollV;
		// Also prints to the console of the page, if the movie runs in one.
		if (ExternalInterface.available)
			ExternalInterface.call("console.info", text);
	}

	/** Places the input line at the bottom and the messages above it. **/
	function lay() {
		var stage = flash.Lib.current.stage;
		heard.width = line.width = stage.stageWidth - 1;
		heard.height = line.y = stage.stageHeight - LINE;
		line.height = LINE - 1;
	}

	static function field(type:TextFieldType) {
		var field = new TextField();
		field.type = type;
		field.defaultTextFormat = new TextFormat("_sans", 18);
		flash.Lib.current.addChild(field);
		return field;
	}
}
