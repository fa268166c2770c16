#if ruffle
import flash.utils.ByteArray;

/** Two shared objects by messages of their own: AMF0, message type 19. **/
class Board extends RtmpConnection {
	static inline final SHARED_OBJECT = 19;

	static inline final USE = 1;
	static inline final REQUEST_CHANGE = 3;
	static inline final CHANGE = 4;
	static inline final CLEAR = 8;
	static inline final REMOVE = 9;

	static inline final PERSISTENT = 2;

	final objects = new Map<String, {persistent:Bool, slots:Map<String, Dynamic>, draw:Map<String, Dynamic>->Void}>();

	public function new(url:String, ready:String->Void, drawStrokes:Map<String, Dynamic>->Void, drawCursors:Map<String, Dynamic>->Void) {
		super(url, [], function(_) {
			for (name in ["strokes", "cursors"])
				ask(name, USE, new ByteArray());
			call("whiteboard.me", [], ready, function(fault) trace(fault.description));
		}, function(note) trace(note));
		objects["strokes"] = {persistent: true, slots: new Map(), draw: drawStrokes};
		objects["cursors"] = {persistent: false, slots: new Map(), draw: drawCursors};
	}

	public function set(object:String, slot:String, value:Dynamic) {
		// The server tells the others; this is our own copy.
		objects[object].slots[slot] = value;
		objects[object].draw(objects[object].slots);
		var body = new ByteArray();
		body.writeUTF(slot);
		body.writeBytes(RtmpValues.write([value]));
		ask(object, REQUEST_CHANGE, body);
	}

	/** Name, version, persistence, zero, and one event. **/
	function ask(object:String, event:Int, body:ByteArray) {
		var message = new ByteArray();
		message.writeUTF(object);
		message.writeUnsignedInt(0);
		message.writeUnsignedInt(objects[object].persistent ? PERSISTENT : 0);
		message.writeUnsignedInt(0);
		message.writeByte(event);
		message.writeUnsignedInt(body.length);
		message.writeBytes(body);
		send(SHARED_OBJECT, message);
	}

	override function handle(type:Int, body:ByteArray) {
		if (type != SHARED_OBJECT)
			return super.handle(type, body);
		var object = objects[body.readUTF()];
		body.position += 12;
		while (body.bytesAvailable > 0) {
			var event = body.readUnsignedByte();
			var end = body.readUnsignedInt() + body.position;
			if (event == CLEAR)
				object.slots.clear();
			else if (event == REMOVE)
				object.slots.remove(body.readUTF());
			else if (event == CHANGE)
				while (body.position < end) {
					body.objectEncoding = flash.net.ObjectEncoding.AMF0;
					var slot = body.readUTF();
					object.slots[slot] = body.readObject();
				}
			body.position = end;
		}
		object.draw(object.slots);
	}
}
#else
import flash.events.NetStatusEvent;
import flash.events.SyncEvent;
import flash.net.NetConnection;
import flash.net.Responder;
import flash.net.SharedObject;

/** Two shared objects by the player's own class. **/
class Board {
	final connection = new NetConnection();
	final objects = new Map<String, SharedObject>();

	public function new(url:String, ready:String->Void, drawStrokes:Map<String, Dynamic>->Void, drawCursors:Map<String, Dynamic>->Void) {
		connection.client = {};
		connection.addEventListener(NetStatusEvent.NET_STATUS, function(event:NetStatusEvent) {
			if (event.info.code != "NetConnection.Connect.Success") {
				trace(event.info.code);
				return;
			}
			use("strokes", true, drawStrokes);
			use("cursors", false, drawCursors);
			connection.call("whiteboard.me", new Responder(ready));
		});
		connection.connect(url);
	}

	public function set(object:String, slot:String, value:Dynamic) {
		objects[object].setProperty(slot, value);
	}

	function use(name:String, persistent:Bool, draw:Map<String, Dynamic>->Void) {
		var object = objects[name] = SharedObject.getRemote(name, connection.uri, persistent);
		object.addEventListener(SyncEvent.SYNC, function(_) {
			draw([for (slot in Reflect.fields(object.data)) slot => Reflect.field(object.data, slot)]);
		});
		object.connect(connection);
	}
}
#end
