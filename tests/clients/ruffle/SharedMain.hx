import RtmpSharedObject.RtmpSharedEvent;
import flash.external.ExternalInterface;

/** One thing to do, and what to wait for after it. **/
typedef SharedStep = {
	/** Who does it: each has a connection. **/
	var by:Int;

	/** One of the names in `SharedVisit.perform`. **/
	var does:String;

	/** Which object. **/
	var ?object:String;
	var ?persistent:Bool;

	/** A slot, handler or method. **/
	var ?name:String;

	/** A value, or arguments, in the tagged form. **/
	var ?value:Dynamic;

	/** Of a connection: a constant of `flash.net.ObjectEncoding`. **/
	var ?encoding:Int;

	/** How many messages of shared objects each has heard then, in all. **/
	var heard:Array<Int>;
}

/**
	A movie whose people use shared objects over RTMP as they are told, and which reports to the page what each heard.

	It judges nothing: whoever runs it compares the report with what was to happen.
**/
class SharedMain {
	static function main() {
		var parameters:Dynamic = flash.Lib.current.loaderInfo.parameters;
		var sessions:Array<Array<SharedStep>> = haxe.format.JsonParser.parse(parameters.sessions);
		var reports = new Array<Dynamic>();
		function next() {
			var steps = sessions.shift();
			if (steps == null) {
				ExternalInterface.call("report", haxe.Json.stringify(reports));
				return;
			}
			new SharedVisit(parameters.rtmp, steps, function(report) {
				reports.push(report);
				next();
			});
		}
		next();
	}
}

/** A connection, its objects, and what was heard of them. **/
class SharedPerson {
	public final objects = new Map<String, RtmpSharedObject>();

	/** The events of each message: the object, its version, and each event as an array. **/
	public final heard = new Array<Dynamic>();

	/** What nobody asked for. **/
	public final notes = new Array<String>();

	public final connection:RtmpConnection;

	public function new(url:String, encoding:Int, connected:() -> Void, changed:() -> Void) {
		connection = new RtmpConnection(url, [], function(_) connected(), function(note) notes.push(note), encoding);
		this.changed = changed;
	}

	final changed:() -> Void;

	public function use(name:String, persistent:Bool) {
		var object:RtmpSharedObject = null;
		object = objects[name] = new RtmpSharedObject(connection, name, persistent, function(events) {
			heard.push({object: name, version: object.version, events: events.map(describe)});
			changed();
		});
		object.use();
	}

	public function copies():Dynamic {
		var copies:Dynamic = {};
		for (name => object in objects) {
			var slots:Dynamic = {};
			for (slot => value in object.data)
				Reflect.setField(slots, slot, Tagged.describe(value));
			Reflect.setField(copies, name, slots);
		}
		return copies;
	}

	static function describe(event:RtmpSharedEvent):Array<Dynamic> {
		return switch (event) {
			case Used: ["used"];
			case Changed(slot, value): ["changed", slot, Tagged.describe(value)];
			case Succeeded(slot): ["succeeded", slot];
			case Sent(handler, arguments): ["sent", handler, arguments.map(argument -> Tagged.describe(argument))];
			case Refused(code, level): ["refused", code, level];
			case Cleared: ["cleared"];
			case Removed(slot): ["removed", slot];
		}
	}
}

/** One session, step after step. **/
class SharedVisit {
	/** A step that takes longer, in milliseconds, is the last. **/
	static inline final LONG = 10000;

	final url:String;
	final steps:Array<SharedStep>;
	final done:Dynamic->Void;
	final people = new Array<SharedPerson>();

	var step:SharedStep;
	var answered = true;
	var slow:haxe.Timer;

	public function new(url:String, steps:Array<SharedStep>, done:Dynamic->Void) {
		this.url = url;
		this.steps = steps;
		this.done = done;
		next();
	}

	function next() {
		step = steps.shift();
		if (slow != null)
			slow.stop();
		if (step == null) {
			end(null);
			return;
		}
		slow = haxe.Timer.delay(function() end(step), LONG);
		answered = step.does != "connect" && step.does != "call";
		perform();
		look();
	}

	function perform() {
		if (step.does == "connect") {
			people[step.by] = new SharedPerson(url, step.encoding, answer, look);
			return;
		}
		var person = people[step.by];
		var object = person.objects[step.object];
		switch (step.does) {
			case "use":
				person.use(step.object, step.persistent);
			case "set":
				object.setProperty(step.name, Tagged.build(step.value));
			case "setAll":
				object.setProperties([for (slot in Reflect.fields(step.value)) slot => Tagged.build(Reflect.field(step.value, slot))]);
			case "remove":
				object.removeProperty(step.name);
			case "send":
				object.call(step.name, Tagged.build(step.value));
			case "release":
				object.release();
			case "call":
				person.connection.call(step.name, Tagged.build(step.value), function(_) answer(), function(fault) {
					person.notes.push(fault.code + " " + fault.description);
					answer();
				});
			case "close":
				person.connection.close();
		}
	}

	function answer() {
		answered = true;
		look();
	}

	/** Goes on when everybody heard enough. **/
	function look() {
		if (step == null || !answered)
			return;
		for (index => person in people)
			if (person.heard.length < step.heard[index])
				return;
		// Not at once: more might come that should not.
		answered = false;
		haxe.Timer.delay(next, 1);
	}

	function end(late:SharedStep) {
		step = null;
		for (person in people)
			person.connection.close();
		done({
			late: late,
			heard: people.map(person -> person.heard),
			copies: people.map(person -> person.copies()),
			notes: people.map(person -> person.notes),
			received: people.map(person -> person.connection.received),
		});
	}
}
