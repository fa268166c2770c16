#if ruffle
/** The two shared objects of the whiteboard, on the movie's own implementation of RTMP. **/
class Board {
	final connection:RtmpConnection;
	final objects = new Map<String, RtmpSharedObject>();

	/**
		Connects. `ready` receives the slot of this client's cursor, `trouble` receives errors. `drawStrokes` and
		`drawCursors` receive all slots of their object whenever a slot has changed.
	**/
	public function new(url:String, ready:String->Void, trouble:String->Void, drawStrokes:Map<String, Dynamic>->Void,
			drawCursors:Map<String, Dynamic>->Void) {
		connection = new RtmpConnection(url, [], function(_) {
			connection.call("whiteboard.me", [], function(me) {
				ready(me);
				use("strokes", true, drawStrokes, trouble);
				use("cursors", false, drawCursors, trouble);
			}, function(fault) trouble(fault.description));
		}, trouble);
	}

	public function isOpen() {
		return connection.isOpen();
	}

	public function set(object:String, slot:String, value:Dynamic) {
		objects[object].setProperty(slot, value);
	}

	public function wipe() {
		connection.call("whiteboard.wipe", [], function(_) {}, function(_) {});
	}

	function use(name:String, persistent:Bool, draw:Map<String, Dynamic>->Void, trouble:String->Void) {
		var object:RtmpSharedObject = null;
		object = objects[name] = new RtmpSharedObject(connection, name, persistent, function(events) {
			for (event in events)
				switch (event) {
					case Refused(code, _):
						trouble(code);
					default:
				}
			draw(object.data);
		});
		object.use();
	}
}
#else
import flash.events.NetStatusEvent;
import flash.events.SyncEvent;
import flash.net.NetConnection;
import flash.net.Responder;
import flash.net.SharedObject;

/** The two shared objects of the whiteboard, on the player's class `SharedObject`. **/
class Board {
	final connection = new NetConnection();
	final objects = new Map<String, SharedObject>();

	/**
		Connects. `ready` receives the slot of this client's cursor, `trouble` receives errors. `drawStrokes` and
		`drawCursors` receive all slots of their object whenever a slot has changed.
	**/
	public function new(url:String, ready:String->Void, trouble:String->Void, drawStrokes:Map<String, Dynamic>->Void,
			drawCursors:Map<String, Dynamic>->Void) {
		connection.client = {};
		connection.addEventListener(NetStatusEvent.NET_STATUS, function(event:NetStatusEvent) {
			if (event.info.code != "NetConnection.Connect.Success") {
				trouble(event.info.code);
				return;
			}
			connection.call("whiteboard.me", new Responder(function(me) {
				ready(me);
				use("strokes", true, drawStrokes, trouble);
				use("cursors", false, drawCursors, trouble);
			}));
		});
		connection.connect(url);
	}

	public function isOpen() {
		return connection.connected;
	}

	public function set(object:String, slot:String, value:Dynamic) {
		objects[object].setProperty(slot, value);
	}

	public function wipe() {
		connection.call("whiteboard.wipe", new Responder(function(_) {}));
	}

	function use(name:String, persistent:Bool, draw:Map<String, Dynamic>->Void, trouble:String->Void) {
		var object = objects[name] = SharedObject.getRemote(name, connection.uri, persistent);
		object.addEventListener(NetStatusEvent.NET_STATUS, function(event:NetStatusEvent) trouble(event.info.code));
		object.addEventListener(SyncEvent.SYNC, function(_) {
			draw([for (slot in Reflect.fields(object.data)) slot => Reflect.field(object.data, slot)]);
		});
		object.connect(connection);
	}
}
#end
