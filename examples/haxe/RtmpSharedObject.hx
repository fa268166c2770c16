import flash.errors.Error;
import flash.utils.ByteArray;

/** Event of a shared object. **/
enum RtmpSharedEvent {
	/** The server confirmed the use of the object. **/
	Used;

	/** Another client or the server set the slot to this value. **/
	Changed(slot:String, value:Dynamic);

	/** The server accepted a change of this client. **/
	Succeeded(slot:String);

	/** A client, possibly this one, called this handler of all clients. **/
	Sent(handler:String, arguments:Array<Dynamic>);

	/** The server refused a request. After a refused change, the current value of the slot follows. **/
	Refused(code:String, level:String);

	/** All slots were removed. **/
	Cleared;

	Removed(slot:String);
}

/** Remote shared object for players that do not implement `SharedObject.getRemote`. **/
class RtmpSharedObject {
	/** Flag in the header of a message. **/
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

	/** Slots: the latest values from the server, overwritten by later changes of this client. **/
	public final data = new Map<String, Dynamic>();

	/** Version in the latest message of the server. **/
	public var version(default, null) = 0;

	final connection:RtmpConnection;
	final persistent:Bool;
	final heard:Array<RtmpSharedEvent>->Void;

	/** Creates the object. `heard` receives the events of each message after `data` has been updated. **/
	public function new(connection:RtmpConnection, name:String, persistent:Bool, heard:Array<RtmpSharedEvent>->Void) {
		this.connection = connection;
		this.name = name;
		this.persistent = persistent;
		this.heard = heard;
	}

	/** Requests the object. The server sends all its slots. **/
	public function use() {
		connection.objects[name] = this;
		ask(USE);
	}

	/** Releases the object. No further events are received. **/
	public function release() {
		ask(RELEASE);
		connection.objects.remove(name);
		data.clear();
	}

	/** Sets a slot, in `data` at once. Null removes the slot. **/
	public function setProperty(slot:String, value:Dynamic) {
		setProperties([slot => value]);
	}

	/** Sets several slots in one message. **/
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

	/** Requests the removal of a slot. The slot stays in `data` until the server confirms the removal. **/
	public function removeProperty(slot:String) {
		var body = new ByteArray();
		body.writeUTF(slot);
		ask(REQUEST_REMOVE, body);
	}

	/** Calls a handler of all clients that use the object, including this one. **/
	public function call(handler:String, arguments:Array<Dynamic>) {
		// The name is always encoded in AMF0.
		var body = RtmpValues.write([handler]);
		body.writeBytes(connection.write(arguments));
		ask(SEND_MESSAGE, body);
	}

	/** Handles a message of the server, whose name has already been read. **/
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
				// One event may contain several slots.
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

	/** Sends a message with one event. **/
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

	/** Sends a message: name, version, persistence, a reserved 0, and the events. **/
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
