import flash.display.Sprite;
import flash.display.Stage;
import flash.events.Event;
import flash.events.MouseEvent;
import flash.text.TextField;
import flash.text.TextFieldAutoSize;
import flash.text.TextFormat;

typedef Stroke = {color:Int, points:Array<Float>};
typedef Cursor = {x:Float, y:Float, color:Int};

/**
	Client of the whiteboard that `examples/src/whiteboard.rs` serves. That file describes how to run it.

	Flash Player and AIR implement remote shared objects. Ruffle does not, but it has sockets: compiled with `-D ruffle`,
	the movie implements RTMP itself, and the page's `socketProxy` connects it to the server.
**/
class Whiteboard {
	/** Default address of the drawing. The page may set another one by the parameter `url`. **/
	static inline final URL = "rtmp://127.0.0.1:1935/whiteboard/kitchen";

	/** Maximum length of `points`: 512 points of two coordinates. **/
	static inline final LONG = 2 * 512;

	static final COLORS = [0xC0392B, 0xCA6F1E, 0xB7950B, 0x1E8449, 0x117A65, 0x2471A3, 0x7D3C98, 0x34495E];

	final stage:Stage = flash.Lib.current.stage;
	final strokes = new Sprite();
	final cursors = new Sprite();
	final words = label("connecting", 0x808080);
	final color = COLORS[Std.random(COLORS.length)];

	/** Prefix for names of strokes, unique to this session, because strokes outlive the session that drew them. **/
	final session = Std.string(Date.now().getTime()) + "-" + Std.random(1000000);

	final board:Board;

	/** Slot of this client's cursor; null until connected. **/
	var me:Null<String>;

	var drawing:Null<Stroke>;
	var drawn = 0;

	/** Cursor to send with the next frame, so that at most one change is sent per frame. **/
	var moved:Null<Cursor>;

	var longer = false;

	static function main() {
		new Whiteboard();
	}

	function new() {
		var wipe = label("wipe", color);
		wipe.x = stage.stageWidth - wipe.width - 8;
		words.x = 8;
		for (text in [words, wipe])
			text.y = stage.stageHeight - text.height - 6;
		for (child in [strokes, cursors, words, wipe])
			flash.Lib.current.addChild(child);
		var url:Null<String> = flash.Lib.current.loaderInfo.parameters.url;
		board = new Board(url == null ? URL : url, ready, function(trouble) words.text = trouble, drawStrokes, drawCursors);
		wipe.addEventListener(MouseEvent.MOUSE_DOWN, function(event:MouseEvent) {
			event.stopPropagation();
			if (isReady())
				board.wipe();
		});
		stage.addEventListener(MouseEvent.MOUSE_DOWN, begin);
		stage.addEventListener(MouseEvent.MOUSE_MOVE, move);
		stage.addEventListener(MouseEvent.MOUSE_UP, function(_) end());
		stage.addEventListener(Event.ENTER_FRAME, function(_) tell());
	}

	function ready(me:String) {
		this.me = me;
		words.text = "";
	}

	function isReady() {
		return me != null && board.isOpen();
	}

	function begin(event:MouseEvent) {
		if (!isReady())
			return;
		drawn++;
		drawing = {color: color, points: []};
		add(event);
	}

	function move(event:MouseEvent) {
		moved = {x: event.stageX, y: event.stageY, color: color};
		// The button may have been released outside of the stage.
		if (!event.buttonDown)
			end();
		if (drawing == null)
			return;
		if (drawing.points.length >= LONG) {
			end();
			begin(event);
		} else {
			add(event);
		}
	}

	function add(event:MouseEvent) {
		drawing.points.push(event.stageX);
		drawing.points.push(event.stageY);
		longer = true;
	}

	function end() {
		tellStroke();
		drawing = null;
	}

	function tell() {
		tellStroke();
		if (moved != null && isReady())
			board.set("cursors", me, moved);
		moved = null;
	}

	function tellStroke() {
		if (drawing == null || !longer || !isReady())
			return;
		longer = false;
		board.set("strokes", session + "-" + StringTools.lpad(Std.string(drawn), "0", 6), drawing);
		// The server sends the stroke to the other clients only.
		line(drawing);
	}

	function drawStrokes(slots:Map<String, Dynamic>) {
		strokes.graphics.clear();
		// Sorted roughly by age, so that all clients draw overlapping strokes in the same order.
		var names = [for (name in slots.keys()) name];
		names.sort(Reflect.compare);
		for (name in names)
			line(slots[name]);
	}

	function line(stroke:Stroke) {
		var points = stroke.points;
		strokes.graphics.lineStyle(3, stroke.color);
		strokes.graphics.moveTo(points[0], points[1]);
		for (index in 1...points.length >> 1)
			strokes.graphics.lineTo(points[2 * index], points[2 * index + 1]);
	}

	function drawCursors(slots:Map<String, Dynamic>) {
		cursors.graphics.clear();
		for (slot => cursor in slots) {
			// The client's own position is shown by the mouse pointer.
			if (slot == me)
				continue;
			cursors.graphics.beginFill(cursor.color);
			cursors.graphics.drawCircle(cursor.x, cursor.y, 4);
			cursors.graphics.endFill();
		}
	}

	static function label(text:String, color:Int) {
		var field = new TextField();
		field.defaultTextFormat = new TextFormat("_sans", 16, color);
		field.autoSize = TextFieldAutoSize.LEFT;
		field.selectable = false;
		field.text = text;
		return field;
	}
}
