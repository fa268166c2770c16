import Main.Guest;
import Main.Line;
import Main.Place;
import flash.external.ExternalInterface;

/** What a session is told by the page. **/
typedef RtmpSession = {
	/** The name of this session in the report. **/
	var label:String;

	/** The size of the chunks that the movie writes from the middle of the session on. **/
	var chunkSize:Int;

	/** What connect carries beside its object. **/
	var arguments:Array<Dynamic>;

	/** What the echo is asked for, in the tagged form of `Tagged`. **/
	var values:Array<Dynamic>;

	/** What the server asks the movie, and what the movie answers. **/
	var questions:Array<{method:String, value:Dynamic, answer:Dynamic}>;

	/** What the movie answers with `_error`. **/
	var refusal:{method:String, fault:Dynamic};

	/** The two who join, each over a connection of its own. **/
	var names:Array<String>;

	/** What each of them says. **/
	var texts:Array<String>;
}

/**
	A movie that visits the lobby over RTMP, by a client of its own (see `RtmpConnection`), and reports
	to the page what it got.

	It judges nothing: whoever runs it compares the report with what was asked for.
**/
class RtmpMain {
	static function main() {
		RtmpValues.register("lobby.Player", Guest);
		RtmpValues.register("lobby.Seat", Place);
		RtmpValues.register("lobby.Message", Line);
		var parameters:Dynamic = flash.Lib.current.loaderInfo.parameters;
		// Not by haxe.Json, which is the player's own here: Ruffle's cuts whole numbers to 32 bits.
		var sessions:Array<RtmpSession> = haxe.format.JsonParser.parse(parameters.sessions);
		var reports = new Array<Dynamic>();
		function next() {
			var session = sessions.shift();
			if (session == null) {
				ExternalInterface.call("report", haxe.Json.stringify(reports));
				return;
			}
			new RtmpVisit(parameters.rtmp, session, function(report) {
				reports.push(report);
				next();
			});
		}
		next();
	}
}

/** Somebody in the room: a connection, and what it brought. **/
class RtmpPerson {
	public final connection:RtmpConnection;
	public final told = new Array<Dynamic>();
	public final events = new Array<String>();

	public var seat:Place;

	public function new(url:String, arguments:Array<Dynamic>, connected:Dynamic->Void) {
		connection = new RtmpConnection(url, arguments, connected, function(event) {
			events.push(event);
			ExternalInterface.call("console.warn", event);
		});
		for (method in ["playerJoined", "said", "playerLeft"])
			connection.on(method, function(arguments, answer, fail) hear(method, arguments));
	}

	public function hear(method:String, arguments:Array<Dynamic>) {
		told.push(([method] : Array<Dynamic>).concat(arguments.map(argument -> Tagged.describe(argument))));
	}
}

/** One session, step after step. **/
class RtmpVisit {
	/** After so many milliseconds the page is told how far the session came. **/
	static inline final LONG = 20000;

	final url:String;
	final session:RtmpSession;
	final done:Dynamic->Void;
	final report:Dynamic = {};
	final steps = new Array<() -> Void>();
	final slow:haxe.Timer;

	var first:RtmpPerson;
	var second:RtmpPerson;

	public function new(url:String, session:RtmpSession, done:Dynamic->Void) {
		this.url = url;
		this.session = session;
		this.done = done;
		report.label = session.label;
		report.echoed = [];
		report.asked = [];
		slow = haxe.Timer.delay(function() {
			ExternalInterface.call("console.warn", "still at it: " + haxe.Json.stringify(report));
		}, LONG);
		steps.push(connectFirst);
		steps.push(function() one("connection", first, "ask.connection", []));
		var half = session.values.length >> 1;
		for (index in 0...session.values.length) {
			if (index == half)
				steps.push(setChunkSize);
			steps.push(function() call(first, "echo.echo", [Tagged.build(session.values[index])], function(answer) {
				report.echoed.push(answer);
				next();
			}));
		}
		for (question in session.questions)
			steps.push(function() ask(question));
		steps.push(refuse);
		steps.push(function() one("unknownToMovie", first, "ask.client", ["nothingLikeIt", 1]));
		steps.push(callWhileAsked);
		steps.push(function() one("fault", first, "echo.fail", []));
		steps.push(function() one("noMethod", first, "echo.nothing", []));
		steps.push(function() one("noService", first, "nothing.here", []));
		steps.push(function() join(0));
		steps.push(connectSecond);
		steps.push(function() join(1));
		steps.push(function() one("nameTaken", second, "lobby.join", [session.names[0]]));
		steps.push(function() one("players", second, "lobby.players", []));
		steps.push(function() one("said", first, "lobby.say", [first.seat.token, session.texts[0]]));
		steps.push(function() one("saidSecond", second, "lobby.say", [second.seat.token, session.texts[1]]));
		// The movie's own objects go back and forth under their alias.
		steps.push(function() one("seatAgain", first, "echo.echo", [first.seat]));
		steps.push(function() one("left", first, "lobby.leave", [first.seat.token]));
		steps.push(function() one("leftAgain", first, "lobby.leave", [first.seat.token]));
		steps.push(rejoin);
		steps.push(loseFirst);
		steps.push(function() one("playersAfter", second, "lobby.players", []));
		steps.push(function() one("leftSecond", second, "lobby.leave", [second.seat.token]));
		next();
	}

	function next() {
		var step = steps.shift();
		if (step != null) {
			step();
			return;
		}
		slow.stop();
		second.connection.close();
		report.told = [first.told, second.told];
		report.events = [first.events, second.events];
		report.received = first.connection.received;
		done(report);
	}

	function connectFirst() {
		first = new RtmpPerson(url, session.arguments.map(Tagged.build), function(information) {
			report.connected = Tagged.describe(information);
			next();
		});
	}

	function connectSecond() {
		second = new RtmpPerson(url, [], function(information) next());
	}

	function setChunkSize() {
		first.connection.setChunkSize(session.chunkSize);
		next();
	}

	/** Lets the server ask: what came, and what the server says it was answered. **/
	function ask(question:{method:String, value:Dynamic, answer:Dynamic}) {
		var came = new Array<Dynamic>();
		first.connection.on(question.method, function(arguments, answer, fail) {
			came.push(arguments.map(argument -> Tagged.describe(argument)));
			answer(Tagged.build(question.answer));
		});
		call(first, "ask.client", [question.method, Tagged.build(question.value)], function(answer) {
			report.asked.push({came: came, answered: answer});
			next();
		});
	}

	function refuse() {
		var refusal = session.refusal;
		first.connection.on(refusal.method, function(arguments, answer, fail) fail(Tagged.build(refusal.fault)));
		one("refused", first, "ask.client", [refusal.method, null]);
	}

	/** While the server waits for the answer, the movie calls it in turn, and answers with what it got. **/
	function callWhileAsked() {
		first.connection.on("askBack", function(arguments, answer, fail) {
			first.connection.call("echo.echo", [[arguments[0], "asked back"]], answer, fail);
		});
		one("askedBack", first, "ask.client", ["askBack", session.texts[0]]);
	}

	function join(index:Int) {
		var person = index == 0 ? first : second;
		call(person, "lobby.join", [session.names[index]], function(answer:Dynamic) {
			Reflect.setField(report, index == 0 ? "seat" : "seatSecond", answer);
			next();
		}, function(value:Dynamic) {
			// Typed access: it fails unless the reply became the registered classes.
			person.seat = cast(value, Place);
			var guest:Guest = person.seat.player;
			Reflect.setField(report, index == 0 ? "joinedAs" : "joinedAsSecond", {id: guest.id, name: guest.name, joinedAt: guest.joinedAt.getTime()});
		});
	}

	function rejoin() {
		one("rejoined", first, "lobby.join", [session.names[0]]);
	}

	/** The first goes without a word: the second shall be told. **/
	function loseFirst() {
		second.connection.on("playerLeft", function(arguments, answer, fail) {
			second.hear("playerLeft", arguments);
			next();
		});
		first.connection.close();
	}

	function one(field:String, person:RtmpPerson, method:String, arguments:Array<Dynamic>) {
		call(person, method, arguments, function(answer) {
			Reflect.setField(report, field, answer);
			next();
		});
	}

	/** Gives `{result: …}` or `{fault: …}` in the tagged form; `look` sees the value itself before. **/
	function call(person:RtmpPerson, method:String, arguments:Array<Dynamic>, then:Dynamic->Void, ?look:Dynamic->Void) {
		person.connection.call(method, arguments, function(value:Dynamic) {
			var answer:Dynamic = {result: Tagged.describe(value)};
			try {
				if (look != null)
					look(value);
			} catch (error:flash.errors.Error) {
				answer.error = error.message;
			}
			then(answer);
		}, function(fault:Dynamic) then({fault: Tagged.describe(fault)}));
	}
}
