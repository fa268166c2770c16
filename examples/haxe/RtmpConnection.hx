import flash.events.Event;
import flash.events.IOErrorEvent;
import flash.events.ProgressEvent;
import flash.events.SecurityErrorEvent;
import flash.net.Socket;
import flash.utils.ByteArray;

/** Method of the movie that the server calls. It calls `answer` or `fail` once if the server expects a reply. **/
typedef RtmpMethod = (arguments:Array<Dynamic>, answer:Dynamic->Void, fail:Dynamic->Void) -> Void;

/**
	RTMP over `flash.net.Socket`, for players such as Ruffle that have sockets but do not implement `rtmp://`.
	Supports the plain handshake, connect, and commands in both directions. `RtmpSharedObject` adds shared objects.
**/
class RtmpConnection {
	static inline final HANDSHAKE = 1536;

	/** Message types. **/
	static inline final SET_CHUNK_SIZE = 1;
	static inline final ACKNOWLEDGEMENT = 3;
	static inline final USER_CONTROL = 4;
	static inline final WINDOW = 5;
	static inline final BANDWIDTH = 6;
	static inline final SHARED_OBJECT_AMF3 = 16;
	static inline final COMMAND_AMF3 = 17;
	static inline final SHARED_OBJECT = 19;
	static inline final COMMAND = 20;

	/** User control events. **/
	static inline final PING = 6;
	static inline final PONG = 7;

	/** Number of received messages by type, and number of received replies. **/
	public final received:Dynamic = {};

	/** Shared objects in use, by name. **/
	@:allow(RtmpSharedObject)
	final objects = new Map<String, RtmpSharedObject>();

	/** Encoding that the movie announces in connect: a constant of `flash.net.ObjectEncoding`. **/
	final encoding:Int;

	final socket = new Socket();
	final input = new ByteArray();
	final chunks = new RtmpChunks();
	final methods = new Map<String, RtmpMethod>();
	final waiting = new Map<Int, {result:Dynamic->Void, fault:Dynamic->Void}>();
	final note:String->Void;

	var handshaken = false;
	var lastCall = 0;
	var window = 0;
	var bytes = 0.0;
	var acknowledged = 0.0;

	/** Connects. `connected` receives the server's reply to connect; `note` receives errors and unexpected messages. **/
	public function new(url:String, arguments:Array<Dynamic>, connected:Dynamic->Void, note:String->Void, encoding = 0) {
		this.note = note;
		this.encoding = encoding;
		var parts = ~/^rtmp:\/\/([^:\/]+):(\d+)\/(.+)$/;
		if (!parts.match(url))
			throw new flash.errors.Error("not an RTMP address: " + url);
		socket.addEventListener(Event.CONNECT, function(_) shakeHands());
		socket.addEventListener(Event.CLOSE, function(_) note("closed by the server"));
		socket.addEventListener(IOErrorEvent.IO_ERROR, function(event:IOErrorEvent) note(event.text));
		socket.addEventListener(SecurityErrorEvent.SECURITY_ERROR, function(event:SecurityErrorEvent) note(event.text));
		socket.addEventListener(ProgressEvent.SOCKET_DATA, function(_) receive());
		socket.connect(parts.matched(1), Std.parseInt(parts.matched(2)));
		whenHandshaken = function() {
			var about = {app: parts.matched(3), tcUrl: url, flashVer: "WIN 32,0,0,465", objectEncoding: encoding};
			command("connect", about, arguments, connected, function(fault) note("refused: " + fault.code));
		};
	}

	final whenHandshaken:() -> Void;

	/** Calls a method of the server. **/
	public function call(method:String, arguments:Array<Dynamic>, result:Dynamic->Void, fault:Dynamic->Void) {
		command(method, null, arguments, result, fault);
	}

	/** Registers a method that the server may call. **/
	public function on(name:String, method:RtmpMethod) {
		methods[name] = method;
	}

	/** Sets the size of the chunks that the movie writes from now on. **/
	public function setChunkSize(size:Int) {
		var body = new ByteArray();
		body.writeUnsignedInt(size);
		send(SET_CHUNK_SIZE, body);
		chunks.outgoingSize = size;
	}

	/** Returns true if the connection is established and open. **/
	public function isOpen() {
		return handshaken && socket.connected;
	}

	/** Closes the socket. **/
	public function close() {
		socket.close();
	}

	function command(method:String, about:Dynamic, arguments:Array<Dynamic>, result:Dynamic->Void, fault:Dynamic->Void) {
		lastCall++;
		waiting[lastCall] = {result: result, fault: fault};
		send(COMMAND, RtmpValues.write(([method, lastCall, about] : Array<Dynamic>).concat(arguments)));
	}

	/** Sends a message of a shared object. In AMF3, a zero byte precedes the message. **/
	@:allow(RtmpSharedObject)
	function share(message:ByteArray) {
		if (encoding == 0) {
			send(SHARED_OBJECT, message);
			return;
		}
		var body = new ByteArray();
		body.writeByte(0);
		body.writeBytes(message);
		send(SHARED_OBJECT_AMF3, body);
	}

	@:allow(RtmpSharedObject)
	function write(values:Array<Dynamic>):ByteArray {
		return encoding == 0 ? RtmpValues.write(values) : RtmpValues.writeAmf3(values);
	}

	function send(type:Int, body:ByteArray) {
		chunks.write(socket, type, body);
		socket.flush();
	}

	function shakeHands() {
		var hello = new ByteArray();
		hello.writeByte(3);
		hello.writeUnsignedInt(0);
		hello.writeUnsignedInt(0);
		while (hello.length < 1 + HANDSHAKE)
			hello.writeByte(Std.random(256));
		socket.writeBytes(hello);
		socket.flush();
	}

	function receive() {
		bytes += socket.bytesAvailable;
		socket.readBytes(input, input.length);
		if (!handshaken) {
			if (input.length < 1 + 2 * HANDSHAKE)
				return;
			handshaken = true;
			// C2 is an echo of S1.
			socket.writeBytes(input, 1, HANDSHAKE);
			input.position = 1 + 2 * HANDSHAKE;
			whenHandshaken();
		}
		var message;
		while ((message = chunks.read(input)) != null)
			handle(message.type, message.body);
		drop();
		if (window > 0 && bytes - acknowledged >= window) {
			acknowledged = bytes;
			var body = new ByteArray();
			body.writeUnsignedInt(Std.int(bytes));
			send(ACKNOWLEDGEMENT, body);
		}
	}

	/** Removes the bytes that have been read from the input buffer. **/
	function drop() {
		var rest = new ByteArray();
		if (input.bytesAvailable > 0)
			input.readBytes(rest);
		input.clear();
		input.writeBytes(rest);
		input.position = 0;
	}

	function handle(type:Int, body:ByteArray) {
		count("type " + type);
		switch (type) {
			case SET_CHUNK_SIZE:
				chunks.incomingSize = body.readUnsignedInt();
			case WINDOW:
				window = body.readUnsignedInt();
			case USER_CONTROL:
				if (body.readUnsignedShort() == PING) {
					var pong = new ByteArray();
					pong.writeShort(PONG);
					pong.writeUnsignedInt(body.readUnsignedInt());
					send(USER_CONTROL, pong);
				}
			case COMMAND:
				perform(RtmpValues.read(body, body.length));
			case COMMAND_AMF3:
				body.position = 1;
				perform(RtmpValues.read(body, body.length));
			case SHARED_OBJECT:
				shared(body);
			case SHARED_OBJECT_AMF3:
				body.position = 1;
				shared(body);
			case ACKNOWLEDGEMENT, BANDWIDTH:
			default:
				note("a message of type " + type);
		}
	}

	function shared(message:ByteArray) {
		var name = message.readUTF();
		var object = objects[name];
		if (object == null)
			note("a message of the shared object " + name);
		else
			object.receive(message);
	}

	/** Handles a command: its name, its transaction id, an object or null, and its arguments. **/
	function perform(values:Array<Dynamic>) {
		var name:String = values[0];
		var transaction:Int = values[1];
		if (name == "_result" || name == "_error") {
			count(name);
			var call = waiting[transaction];
			waiting.remove(transaction);
			if (call == null)
				note(name + " of no call: " + transaction);
			else if (name == "_result")
				call.result(values[3]);
			else
				call.fault(values[3]);
			return;
		}
		function reply(name:String) {
			return function(value:Dynamic) {
				if (transaction != 0)
					send(COMMAND, RtmpValues.write([name, transaction, null, value]));
			}
		}
		var method = methods[name];
		if (method != null) {
			method(values.slice(3), reply("_result"), reply("_error"));
		} else {
			if (transaction == 0)
				note("was told " + name);
			reply("_error")({level: "error", code: "NetConnection.Call.Failed", description: "the movie has no " + name});
		}
	}

	function count(what:String) {
		var before:Null<Int> = Reflect.field(received, what);
		Reflect.setField(received, what, before == null ? 1 : before + 1);
	}
}
