import flash.errors.Error;
import flash.utils.ByteArray;

/** What a client is told of a shared object. **/
enum RtmpSharedEvent {
	/** It may be used. **/
	Used;

	/** Somebody else gave the slot this value. **/
	Changed(slot:String, value:Dynamic);

	/** The server took what was set here. **/
	Succeeded(slot:String);

	/** Somebody, we too, called this handler of all. **/
	Sent(handler:String, arguments:Array<Dynamic>);

	/** The server refused something; what the slot is follows. **/
	Refused(code:String, level:String);

	/** All slots are gone. **/
	Cleared;

	Removed(slot:String);
}

/** A remote shared object for players that have none: the messages of which it is made. **/
class RtmpSharedObject {
	/** In the header of a message. **/
	static inline final PERSISTENT = 2;

	// Events.
	static inline final USE = 1;
	static inline final RELEASE = 2;
	static inline final REQUEST_CHANGE = 3;
	static inline final CHANGE = 4;
	static inline final SUCCESS = 5;
	static inline final SEND_MESSAGE = 6;
	static inline final STATUS = 7;
	static inline final CLEAR = 8;
	static inline final REMOVE = 9;
	static inline final REQUEST_REMOVE = 10;
	static inline final USE_SUCCESS = 11;

	public final name:String;

	/** The slots: what the server said last, and what was set here since. **/
	public final data = new Map<String, Dynamic>();

	/** As the server last told it. **/
	public var version(default, null) = 0;

	final connection:RtmpConnection;
	final persistent:Bool;
	final heard:Array<RtmpSharedEvent>->Void;

	/** `heard` is given the events of each message, when `data` has them already. **/
	public function new(connection:RtmpConnection, name:String, persistent:Bool, heard:Array<RtmpSharedEvent>->Void) {
		this.connection = connection;
		this.name = name;
		this.persistent = persistent;
		this.heard = heard;
	}

	/** Asks for the object, which comes with all its slots. **/
	public function use() {
		connection.objects[name] = this;
		ask(USE);
	}

	/** Nothing is heard of it any more. **/
	public function release() {
		ask(RELEASE);
		connection.objects.remove(name);
		data.clear();
	}

	/** Gives a slot a value, here at once; null removes it. **/
	public function setProperty(slot:String, value:Dynamic) {
		setProperties([slot => value]);
	}

	/** Gives several slots their values, in one message. **/
	public function setProperties(values:Map<String, Dynamic>) {
		var events = new ByteArray();
		for (slot => value in values) {
			if (value == null)
				data.remove(slot);
			else
				data[slot] = value;
			var body = new ByteArray();
			body.writeUTF(slot);
			body.writeBytes(connection.write([value]));
			writeEvent(events, REQUEST_CHANGE, body);
		}
		send(events);
	}

	/** Asks that the slot goes; it is here until the server says so. **/
	public function removeProperty(slot:String) {
		var body = new ByteArray();
		body.writeUTF(slot);
		ask(REQUEST_REMOVE, body);
	}

	/** Calls a handler of everybody who uses the object, of this client too. **/
	public function call(handler:String, arguments:Array<Dynamic>) {
		// The name is in AMF0 always.
		var body = RtmpValues.write([handler]);
		body.writeBytes(connection.write(arguments));
		ask(SEND_MESSAGE, body);
	}

	/** What follows the name in a message of the server. **/
	@:allow(RtmpConnection)
	function receive(message:ByteArray) {
		version = message.readUnsignedInt();
		if (message.readUnsignedInt() != (persistent ? PERSISTENT : 0))
			throw new Error(name + " is of the other persistence");
		if (message.readUnsignedInt() != 0)
			throw new Error("what should be 0 is not");
		var events = new Array<RtmpSharedEvent>();
		while (message.bytesAvailable > 0) {
			var event = message.readUnsignedByte();
			var length = message.readUnsignedInt();
			var end = message.position + length;
			read(event, message, end, events);
			if (message.position != end)
				throw new Error("event " + event + " ends at " + message.position + ", not at " + end);
		}
		for (event in events)
			apply(event);
		heard(events);
	}

	static function read(event:Int, message:ByteArray, end:UInt, into:Array<RtmpSharedEvent>) {
		switch (event) {
			case USE_SUCCESS:
				into.push(Used);
			case CHANGE:
				// One event may have several slots.
				while (message.position < end) {
					var slot = message.readUTF();
					into.push(Changed(slot, RtmpValues.readOne(message)));
				}
			case SUCCESS:
				into.push(Succeeded(message.readUTF()));
			case SEND_MESSAGE:
				var values = RtmpValues.read(message, end);
				into.push(Sent(values.shift(), values));
			case STATUS:
				var code = message.readUTF();
				into.push(Refused(code, message.readUTF()));
			case CLEAR:
				into.push(Cleared);
			case REMOVE:
				into.push(Removed(message.readUTF()));
			default:
				throw new Error("there is no event " + event);
		}
	}

	function apply(event:RtmpSharedEvent) {
		switch (event) {
			case Changed(slot, value):
				data[slot] = value;
			case Removed(slot):
				data.remove(slot);
			case Cleared:
				data.clear();
			case Used, Succeeded(_), Sent(_), Refused(_):
		}
	}

	/** Sends a message of one event. **/
	function ask(event:Int, ?body:ByteArray) {
		var events = new ByteArray();
		writeEvent(events, event, body == null ? new ByteArray() : body);
		send(events);
	}

	static function writeEvent(events:ByteArray, event:Int, body:ByteArray) {
		events.writeByte(event);
		events.writeUnsignedInt(body.length);
		events.writeBytes(body);
	}

	/** Before the events stand name, version, persistence and 0. **/
	function send(events:ByteArray) {
		var message = new ByteArray();
		message.writeUTF(name);
		message.writeUnsignedInt(version);
		message.writeUnsignedInt(persistent ? PERSISTENT : 0);
		message.writeUnsignedInt(0);
		message.writeBytes(events);
		connection.share(message);
	}
}
