import flash.events.AsyncErrorEvent;
import flash.events.IOErrorEvent;
import flash.events.NetStatusEvent;
import flash.events.SecurityErrorEvent;
import flash.external.ExternalInterface;
import flash.net.NetConnection;
import flash.net.ObjectEncoding;
import flash.net.Responder;

/** One person of the lobby; on the wire `lobby.Player`. The names differ so that a report tells them apart. **/
class Guest {
	public var id:Int;
	public var name:String;
	public var joinedAt:Date;

	public function new() {}
}

/** What joining gives; on the wire `lobby.Seat`. **/
class Place {
	public var token:String;
	public var player:Guest;

	public function new() {}
}

/** What was said; on the wire `lobby.Message`. **/
class Line {
	public var from:String;
	public var text:String;
	public var at:Date;

	public function new() {}
}

/** What a session is told by the page. **/
typedef Session = {
	/** The name of this session in the report. **/
	var label:String;

	/** The gateway's path on the page's origin. **/
	var gateway:String;

	/** `objectEncoding`: 0 or 3. **/
	var encoding:Int;

	/** Who joins. **/
	var name:String;

	/** What is said. **/
	var text:String;

	/** What the echo is asked for, in the tagged form of `Tagged`. **/
	var values:Array<Dynamic>;
}

/**
	A movie that visits the lobby as a Flash game would, and reports to the page what it got.

	It judges nothing: whoever runs it compares the report with what was asked for.
**/
class Main {
	static function main() {
		register("lobby.Player", Guest);
		register("lobby.Seat", Place);
		register("lobby.Message", Line);
		var parameters:Dynamic = flash.Lib.current.loaderInfo.parameters;
		// Not by haxe.Json, which is the player's own here: Ruffle's cuts whole numbers to 32 bits.
		var sessions:Array<Session> = haxe.format.JsonParser.parse(parameters.sessions);
		var reports = new Array<Dynamic>();
		function next() {
			var session = sessions.shift();
			if (session == null) {
				ExternalInterface.call("report", haxe.Json.stringify(reports));
				return;
			}
			new Visit(parameters.origin, session, function(report) {
				reports.push(report);
				next();
			});
		}
		next();
	}

	/** The standard library of Haxe has no name for this function of the player. **/
	static function register(alias:String, type:Class<Dynamic>) {
		untyped __global__["flash.net.registerClassAlias"](alias, type);
	}
}

/** One session, one connection, step after step. **/
class Visit {
	final connection = new NetConnection();
	final origin:String;
	final session:Session;
	final done:Dynamic->Void;
	final report:Dynamic = {};
	final steps = new Array<() -> Void>();

	/** From `join` on. **/
	var seat:Place;

	public function new(origin:String, session:Session, done:Dynamic->Void) {
		this.origin = origin;
		this.session = session;
		this.done = done;
		report.label = session.label;
		report.events = [];
		report.echoed = [];
		connection.addEventListener(NetStatusEvent.NET_STATUS, function(event:NetStatusEvent) note(event.info.code));
		connection.addEventListener(IOErrorEvent.IO_ERROR, function(event:IOErrorEvent) note(event.text));
		connection.addEventListener(SecurityErrorEvent.SECURITY_ERROR, function(event:SecurityErrorEvent) note(event.text));
		connection.addEventListener(AsyncErrorEvent.ASYNC_ERROR, function(event:AsyncErrorEvent) note(event.text));
		connection.objectEncoding = session.encoding == 3 ? ObjectEncoding.AMF3 : ObjectEncoding.AMF0;
		connection.connect(origin + session.gateway);
		steps.push(join);
		steps.push(function() one("players", "lobby.players", []));
		steps.push(say);
		for (value in session.values) {
			steps.push(function() call("echo.echo", [Tagged.build(value)], function(answer) {
				report.echoed.push(answer);
				next();
			}));
		}
		// Whatever else arrives, the movie's own objects go back and forth too.
		steps.push(function() one("seatAgain", "echo.echo", [seat]));
		steps.push(function() one("fault", "echo.fail", []));
		steps.push(function() one("badToken", "lobby.say", ["not " + seat.token, session.text]));
		steps.push(function() one("nameTaken", "lobby.join", [session.name]));
		steps.push(function() one("noMethod", "lobby.nothing", []));
		steps.push(function() one("noService", "nothing.here", []));
		steps.push(function() one("tooFew", "lobby.say", [seat.token]));
		steps.push(function() together("pair", [["echo.echo", "first"], ["echo.echo", "second"]]));
		steps.push(function() together("faultInTheMiddle", [["echo.echo", 1], ["echo.fail"], ["echo.echo", 3]]));
		steps.push(withHeader);
		steps.push(function() one("left", "lobby.leave", [seat.token]));
		steps.push(function() one("leftAgain", "lobby.leave", [seat.token]));
		steps.push(function() one("playersAfter", "lobby.players", []));
		steps.push(function() refused("http404", "/gateway/none"));
		steps.push(function() refused("http500", "/gateway/broken"));
		next();
	}

	function note(event:String) {
		report.events.push(event);
		if (event == "NetConnection.Call.Failed") {
			// Nobody else is told, so the step would never end.
			steps.resize(0);
			next();
		}
	}

	function next() {
		var step = steps.shift();
		if (step != null) {
			step();
			return;
		}
		connection.close();
		done(report);
	}

	function join() {
		call("lobby.join", [session.name], function(answer:Dynamic) {
			report.join = answer;
			next();
		}, function(value:Dynamic) {
			// Typed access: it fails unless the reply became the registered classes.
			seat = cast(value, Place);
			report.joinedAs = {id: seat.player.id, name: seat.player.name, joinedAt: seat.player.joinedAt.getTime()};
		});
	}

	function say() {
		call("lobby.say", [seat.token, session.text], function(answer:Dynamic) {
			report.said = answer;
			next();
		}, function(value:Dynamic) {
			var line:Line = cast(value, Line);
			report.heard = {from: line.from, text: line.text, at: line.at.getTime()};
		});
	}

	function withHeader() {
		connection.addHeader("Trace", false, {session: session.label, numbers: [1, 2, 3]});
		one("withHeader", "echo.header", ["Trace"]);
	}

	/** A call that HTTP itself refuses: its responder hears nothing, its connection does. **/
	function refused(field:String, path:String) {
		var other = new NetConnection();
		function note(told:Dynamic) {
			Reflect.setField(report, field, told);
			next();
		}
		other.addEventListener(NetStatusEvent.NET_STATUS, function(event:NetStatusEvent) {
			note({code: event.info.code, level: event.info.level});
		});
		other.objectEncoding = connection.objectEncoding;
		other.connect(origin + path);
		other.call("echo.echo", new Responder(note, note), 1);
	}

	function one(field:String, method:String, arguments:Array<Dynamic>) {
		call(method, arguments, function(answer) {
			Reflect.setField(report, field, answer);
			next();
		});
	}

	/** Calls made in one frame travel in one packet. **/
	function together(field:String, calls:Array<Array<Dynamic>>) {
		var answers = new Array<Dynamic>();
		for (index in 0...calls.length) {
			call(calls[index][0], calls[index].slice(1), function(answer:Dynamic) {
				answer.index = index;
				answers.push(answer);
				if (answers.length == calls.length) {
					Reflect.setField(report, field, answers);
					next();
				}
			});
		}
	}

	/** Gives `{result: …}` or `{fault: …}` in the tagged form; `look` sees the value itself before. **/
	function call(method:String, arguments:Array<Dynamic>, then:Dynamic->Void, ?look:Dynamic->Void) {
		function result(value:Dynamic) {
			var answer:Dynamic = {result: Tagged.describe(value)};
			try {
				if (look != null)
					look(value);
			} catch (error:flash.errors.Error) {
				answer.error = error.message;
			}
			then(answer);
		}
		function status(fault:Dynamic) {
			then({fault: Tagged.describe(fault)});
		}
		Reflect.callMethod(connection, connection.call, ([method, new Responder(result, status)] : Array<Dynamic>).concat(arguments));
	}
}
