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
	Talks in the lobby that `examples/src/bin/lobby.rs` serves: what others say, and who comes and goes, the server
	tells by calling the movie.

	The name and the server's address may come from the page, as the parameters `name` and `rtmp`. Flash Player and
	AIR speak RTMP by themselves; for Ruffle the movie does with `-D ruffle`, and the page's `socketProxy` brings it
	to the server. From this folder:

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
		room.join(name, function(player) write('You are here as ${player.name}. Say something:'), write);
	}

	function say() {
		if (line.text != "")
			room.say(line.text, write);
		line.text = "";
	}

	public function playerJoined(player:Player) {
		write('${player.name} came in');
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
		// For the page, where there is one.
		if (ExternalInterface.available)
			ExternalInterface.call("console.info", text);
	}

	/** The line is at the bottom, what was heard above it. **/
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
